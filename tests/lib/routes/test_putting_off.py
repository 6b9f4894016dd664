"""Messages that people put off: they come again later, once, over a crash as well, whoever pressed and wherever."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from unittest.mock import Mock

import pytest

from bach_lib import Bach, Button, Connection, Content, File, InvalidValueError, Kind, Operation, Snooze, Status
from bach_lib.models.incoming import ANSWER
from bach_lib.testing import FakeClock, FakePlatform, fake_connector, world
from tests.lib.routes.test_runner import came_in, edits, heard

HOUR = Snooze(seconds=3600, button="In 1 h")


def presses(bach: Bach, message_id: int, number: int = 1, **fields: object) -> None:
    """Somebody presses "In 1 h" below a message."""
    press = {"id": number, "kind": Kind.BUTTON, "message_id": message_id, "content": Content(value="bach:later:3600")}
    came_in(bach, "ada", **press, received_at=bach._base.clock.now(), **fields)


async def test_who_puts_it_off_gets_it_again() -> None:
    """Who is in the bath at that moment would forget the laundry, or be told by a message without its picture."""
    async with world() as (bach, platform, clock):
        open_ = ((Button(text="Done", value="done"),),)
        picture = File(name="door.jpg", content=b"\xff\xd8")
        await bach.send("home", "ada", "Laundry!", buttons=open_, files=[picture], snooze=HOUR)
        await clock.settle()
        assert [one.text for row in platform.sent[0].buttons for one in row] == ["Done", "In 1 h"]
        presses(bach, 1)
        await clock.settle()
        [waiting] = await bach.messages(status=[Status.PENDING])
        assert (waiting.scheduled_for, str(waiting.error and waiting.error.text)) == (
            clock.now() + 3600,
            "Ada put it off.",
        )
        assert re.fullmatch(r"Laundry!\n\n⏰ .*\d\d:\d\d, Ada", edits(platform)["ada"])
        await clock.advance(3599)
        assert len(heard(platform)) == 1
        await clock.advance(1)
        await clock.settle()
        assert heard(platform)[1:] == [("ada", "Laundry!")]
        again = next(one for one in platform.sent if one.id == waiting.id)
        assert [one.content for one in again.files] == [b"\xff\xd8"]
        assert again.tag == platform.sent[0].tag
        presses(bach, waiting.id, 2)  # and once more
        await clock.settle()
        assert [one.scheduled_for for one in await bach.messages(status=[Status.PENDING])] == [clock.now() + 3600]


async def test_two_who_put_it_off_get_it_once() -> None:
    """Two people press in the same second, and both phones would ring twice an hour later."""
    async with world() as (bach, platform, clock):
        await bach.send("home", "ada", "Laundry!", snooze=HOUR)
        await clock.settle()
        presses(bach, 1)
        presses(bach, 1, 2)
        presses(bach, 1, 2)  # the platform says it twice
        await clock.advance(3600)
        await clock.settle()
        assert len(heard(platform)) == 2


async def test_what_is_no_longer_true_does_not_come_again() -> None:
    """The laundry is out, and an hour later somebody goes to the cellar for it."""
    async with world() as (bach, platform, clock):
        await bach.send("home", "ada", "Laundry!", tag="laundry", snooze=HOUR)
        await clock.settle()
        presses(bach, 1)
        await clock.settle()
        await bach.send("home", "ada", "Bob has taken it out.", tag="laundry")
        await clock.settle()
        presses(bach, 1, 2)  # below a message that is about to go
        await clock.advance(7200)
        assert [text for _, text in heard(platform)] == ["Laundry!", "Bob has taken it out."]


async def test_who_may_not_puts_nothing_off() -> None:
    """A guest who may only read would silence the reminder of the house."""
    async with world() as (bach, platform, clock):
        bach.begin_snoozes(lambda _: None)
        await bach.send("home", "ada", "Laundry!", snooze=HOUR)
        await bach.send("home", "ada", "No button of this kind.")
        await clock.settle()
        presses(bach, 1)
        presses(bach, 2, 2)
        await clock.settle()
        assert await bach.messages(status=[Status.PENDING]) == []
        assert edits(platform) == {}


async def test_words_put_it_off_where_there_are_no_buttons() -> None:
    """On Signal nobody could put anything off, or any word of anybody would, as what answered a question before."""
    platform, clock = FakePlatform(), FakeClock()
    type_ = fake_connector(platform, receives=True)
    able = replace(type_.capabilities, max_buttons=0, button_value=0)
    plain = type("Plain", (type_,), {"capabilities": able})
    async with Bach(":memory:", clock=clock, connectors={"fake": plain}, connections=[HOME], grace=0) as bach:
        receipt = await bach.send("home", "42", "Laundry!", buttons=((Button(text="Done", value="d"),),), snooze=HOUR)
        await clock.settle()
        assert heard(platform) == [("42", "Laundry!\n\n1. Done\n2. In 1 h")]
        assert 'Whoever writes "In 1 h" or 2 gets it again after 3600 seconds.' in [
            str(one.reason) for one in receipt.lost
        ]
        came_in(bach, "42", id=9, text="2", received_at=clock.now(), sent_at=clock.now() + 1, metadata={ANSWER: True})
        for number, words in enumerate(("hello", "1", "in 1 h"), 1):
            written(bach, words, number, clock)
            await clock.settle()
            waiting = await bach.messages(status=[Status.PENDING])
            assert len(waiting) == (words == "in 1 h")
        await clock.advance(3600)
        written(bach, "2", 4, clock)
        await clock.settle()
        assert heard(platform)[1:] == [("42", "Laundry!\n\n1. Done\n2. In 1 h")]
        assert len(await bach.messages(status=[Status.PENDING])) == 1


async def test_what_came_again_is_put_off_by_a_reply_as_well() -> None:
    """On Signal, whoever wants it later for the second time, and quotes it, would never hear of it again."""
    platform, clock = FakePlatform(), FakeClock()
    type_ = fake_connector(platform, receives=True)
    able = replace(type_.capabilities, max_buttons=0, button_value=0)
    plain = type("Plain", (type_,), {"capabilities": able})
    async with Bach(":memory:", clock=clock, connectors={"fake": plain}, connections=[HOME], grace=0) as bach:
        await bach.send("home", "42", "Laundry!", snooze=HOUR)
        await clock.settle()
        written(bach, "1", 1, clock)
        await clock.advance(3600)
        again = await bach.messages(status=[Status.SENT], limit=20)
        there = next(one.remote_id for one in again if one.operation is Operation.SEND)
        came_in(bach, "42", id=2, text="1", received_at=clock.now(), sent_at=clock.now(), reply_to=there)
        await clock.settle()
        assert len(await bach.messages(status=[Status.PENDING])) == 1


async def test_where_nobody_answers_nothing_is_offered() -> None:
    """People would press, or write, what nobody hears of."""
    async with world(receives=False) as (bach, platform, clock):
        receipt = await bach.send("home", "ada", "Laundry!", snooze=HOUR)
        await clock.settle()
        assert (platform.sent[0].text, platform.sent[0].buttons, receipt.degraded) == ("Laundry!", (), True)
        confidential = await bach.send("home", "ada", "Code: 1234", confidential=True, snooze=HOUR)
        assert [one.what for one in confidential.lost] == ["snooze"]
        assert [str(one.reason) for one in receipt.lost] == ["fake brings no answer back, so nobody can put it off."]


async def test_a_button_too_many_leaves_the_others() -> None:
    """All choices would become words, and whoever wrote "In 1 h", as they say, would be heard by nobody."""
    async with world() as (bach, platform, clock):
        some = [[Button(text=str(number), value=str(number)) for number in range(25)]]
        receipt = await bach.send("home", "ada", "Laundry!", buttons=some, snooze=HOUR)
        wordy = await bach.send("home", "ada", "Laundry!", snooze=Snooze(seconds=60, button="w" * 65))
        await clock.settle()
        assert [sum(map(len, one.buttons)) for one in platform.sent] == [25, 0]
        assert [(one.what, str(one.reason)) for one in (*receipt.lost, *wordy.lost)] == [
            ("snooze", "There are 26, and fake shows 25."),
            ("snooze", f'"{"w" * 20}…" has more than 64 characters.'),
        ]


async def test_who_rests_then_reads_when_it_comes() -> None:
    """The message would say 23:30, and come in the morning."""
    night = {"recipient": "ada", "from": "00:00", "until": "23:59", "zone": "UTC"}
    async with world() as (bach, platform, clock):
        await bach.send("home", "ada", "Laundry!", snooze=HOUR)
        await clock.settle()
        await bach.registry.update("home", settings={"quiet_hours": [night]})
        presses(bach, 1)
        await clock.settle()
        [waiting] = await bach.messages(status=[Status.PENDING])
        due = datetime.fromtimestamp(waiting.scheduled_for or 0, UTC).astimezone()
        assert due.timestamp() != clock.now() + 3600
        assert edits(platform)["ada"].endswith(f"{due:%H:%M}, Ada")


async def test_a_press_before_a_crash_counts(tmp_path: Path) -> None:
    """It was pressed, the light went out, and the laundry lies there until Sunday."""
    file = tmp_path / "bach.sqlite3"
    async with world(path=file) as (bach, platform, clock):
        await bach.send("home", "42", "Laundry!", snooze=HOUR)
        await clock.settle()
        bach._routing.snoozing._heard = Mock()  # type: ignore[method-assign] # it dies at this moment
        platform.presses(platform.sent[0], "In 1 h")
        await clock.settle()
        assert await bach.messages(status=[Status.PENDING]) == []
    for _ in range(2):
        async with world(path=file) as (bach, _platform, clock):
            await clock.settle()
            assert len(await bach.messages(status=[Status.PENDING])) == 1


@pytest.mark.parametrize(
    "snooze",
    [3600, Snooze(seconds=0), Snooze(seconds=8 * 86_400), Snooze(seconds=True), Snooze(seconds=60, button=" ")],
)
async def test_what_is_no_time_is_refused(snooze: Snooze) -> None:
    """A button would stand below it that nobody can press with any effect."""
    async with world() as (bach, _platform, _clock):
        with pytest.raises(InvalidValueError):
            await bach.send("home", "ada", "Laundry!", snooze=snooze)


async def test_no_time_is_no_wish_to_have_it_at_once() -> None:
    """It would come again in the same second, and whoever asked be told of an error of the program."""
    async with world() as (bach, platform, clock):
        message = await bach.send("home", "ada", "Laundry!", snooze=HOUR)
        await clock.settle()
        for wrong in (None, 3600):
            with pytest.raises(InvalidValueError, match="until"):
                await bach.put_off(message.id, cast("str", wrong), "Ada")
        assert len(await bach.messages()) == len(platform.sent) == 1


async def test_the_longest_key_costs_no_note() -> None:
    """Nobody would read below the message that it comes again, and when."""
    async with world() as (bach, platform, clock):
        message = await bach.send("home", "ada", "Laundry!", snooze=HOUR)
        await clock.settle()
        until = datetime.fromtimestamp(clock.now() + 3600, UTC)
        for _ in range(2):
            await bach.put_off(message.id, until, "Ada", idempotency_key="k" * 255)
            await clock.settle()
        assert edits(platform)["ada"].endswith(", Ada")
        assert len(await bach.messages(status=[Status.PENDING])) == 1


HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))


def written(bach: Bach, text: str, number: int, clock: FakeClock) -> None:
    """Somebody writes in a private chat."""
    came_in(bach, "42", id=number, text=text, received_at=clock.now(), sent_at=clock.now() + 1)
