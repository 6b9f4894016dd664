"""Messages of low priority that go as one: with times and counts, none lost, none twice, whatever comes between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bach_lib import (
    Bach,
    Button,
    Connection,
    Message,
    NotAmendableError,
    Place,
    Question,
    Route,
    Snooze,
    Status,
    Step,
    UnansweredError,
)
from bach_lib.outbound import going_together, room
from bach_lib.testing import FakeClock, FakePlatform, World, fake_connector
from bach_lib.web.viewer import Visit
from bach_lib.web.views import Views
from tests.lib.web.viewers import Everybody

NOON = datetime(2026, 12, 2, 12, tzinfo=UTC).timestamp()
DIGEST = {"at": "12:30", "zone": "UTC", "recipient": "ada", "after": 4}
LIMIT = {"per_hour": 2, "zone": "UTC"}
SAME = {"same_minutes": 10, "zone": "UTC"}


@pytest.fixture
async def house() -> AsyncIterator[World]:
    """It is noon, and nothing is gathered yet."""
    platform, clock = FakePlatform(), FakeClock(NOON)
    home = Connection(name="home", type="fake", allowed=frozenset({"42"}))
    kinds = {"fake": fake_connector(platform, receives=True)}
    async with Bach(":memory:", clock=clock, connectors=kinds, connections=[home], grace=0) as bach:
        await clock.settle()
        yield World(bach, platform, clock)


async def gather(house: World, *entries: object) -> None:
    """Set what is gathered."""
    await house.bach.registry.update("home", settings={"gathering": list(entries)})


async def say(house: World, *texts: str, to: str = "ada", minutes: float = 1) -> list[int]:
    """Send these, with so long after each; their ids."""
    ids = list[int]()
    for text in texts:
        ids.append((await house.bach.send("home", to, text)).id)
        await house.clock.advance(minutes * 60)
    return ids


async def ends(bach: Bach, ids: list[int]) -> set[tuple[Status, str]]:
    """How these have ended, and why."""
    found = [await bach.get(one) for one in ids]
    return {(one.status, one.error.text if one.error else "") for one in found}


async def test_what_is_gathered_goes_as_one_list_at_its_time(house: World) -> None:
    """The phone rings for each washing machine; or what was gathered is nowhere, and nobody knows where it went."""
    bach, platform, clock = house
    await gather(house, DIGEST)
    ids = await say(house, "The washing is done", "The dryer is done", "The washing is done")
    waiting = await bach.get(ids[0])
    assert waiting.scheduled_for == NOON + 1800
    assert waiting.error is not None
    assert waiting.error.text == "Gathered until 12:30."
    await say(house, "Bob is not gathered", to="bob")
    await bach.send("home", "ada", "Water!", priority=5)
    await clock.settle()
    assert platform.texts == ["Bob is not gathered", "Water!"]
    await clock.advance(1800)
    assert platform.texts[2:] == ["• 12:00–12:02 The washing is done (2×)\n• 12:01 The dryer is done"]
    carrier = platform.sent[-1]
    assert await ends(bach, ids) == {(Status.CANCELLED, f"Message {carrier.id} says it.")}
    status = (await bach.queue_status())["home"]
    assert (status.scheduled, status.waiting) == (0, 0)


async def test_what_is_alone_goes_as_it_is_and_enough_do_not_wait(house: World) -> None:
    """A list of one would be shown; or the twentieth message wait as long as the first."""
    _, platform, clock = house
    await gather(house, DIGEST)
    await say(house, "one", "two", "three", "four")
    assert platform.texts == ["• 12:00 one\n• 12:01 two\n• 12:02 three\n• 12:03 four"]
    await say(house, "alone")
    await clock.advance(1800)
    assert platform.texts[1:] == ["alone"]


async def test_so_many_an_hour_go_at_once_and_the_rest_as_one(house: World) -> None:
    """A sensor that has gone mad would ring a hundred times an hour, or nobody hear of the last ninety."""
    bach, platform, clock = house
    await gather(house, LIMIT)
    ids = await say(house, *(f"door {number}" for number in range(6)), minutes=5)
    assert platform.texts == ["door 0", "door 1"]
    waiting = await bach.get(ids[2])
    assert waiting.error is not None
    assert waiting.error.text == "Gathered until 13:00: at most 2 an hour."
    await clock.advance(31 * 60)
    assert platform.texts[2:] == ["• 12:10 door 2\n• 12:15 door 3\n• 12:20 door 4\n• 12:25 door 5"]
    await say(house, "too soon")
    assert len(platform.sent) == 3, "the list counts as well"
    await clock.advance(3600)
    await say(house, "later")
    assert platform.texts[3:] == ["too soon", "later"]


async def test_the_same_text_is_told_once_more_with_a_count(house: World) -> None:
    """A door that moves in the wind would ring each minute; or the twelfth time be told as if it were the first."""
    bach, platform, clock = house
    await gather(house, SAME)
    ids = await say(house, "Door open", "Door open", "Milk", "Door open", "Door open")
    assert platform.texts == ["Door open", "Milk"]
    waiting = await bach.get(ids[1])
    assert waiting.error is not None
    assert waiting.error.text == "The same was sent a moment ago; gathered until 12:10."
    await clock.advance(600)
    assert platform.texts[2:] == ["12:01–12:04 Door open (3×)"]
    await clock.advance(600)
    await say(house, "Door open")
    assert platform.texts[3:] == ["Door open"]


async def test_what_must_be_a_message_of_its_own_is_one(house: World) -> None:
    """A button would be gone, an answer come in the evening, an alarm wait, or what lives an hour end unread."""
    bach, platform, clock = house
    await gather(house, {**DIGEST, "below": 5, "recipient": "42"})
    sent = [
        await bach.send("home", "42", "button", buttons=((Button(text="Yes", value="y"),),)),
        await bach.send("home", "42", "answer", reply_to="1"),
        await bach.send("home", "42", "tagged", tag="door"),
        await bach.send("home", "42", "short", time_to_live=1800),
        await bach.send("home", "42", "urgent", priority=5),
        await bach.send("home", "42", "once", delivery="at_most_once"),
        await bach.send("home", "42", "wished", not_before=datetime.fromtimestamp(NOON + 60, UTC)),
    ]
    await bach.routes.set(Route(name="door", steps=(Step(places=(Place(connection="home", recipient="42"),)),)))
    await bach.start_route("door", "alarm")
    await clock.settle()
    assert "alarm" in platform.texts
    with pytest.raises(UnansweredError):
        await ask(house)
    assert {"button", "answer", "tagged", "short", "urgent", "once", "wished", "alarm", "sure?"} <= {
        text.splitlines()[0] for text in platform.texts
    }
    assert (await bach.queue_status())["home"].scheduled == 0
    assert {(await bach.get(one.id)).status for one in sent} == {Status.SENT}
    await clock.settle()


async def ask(house: World) -> None:
    """A question that nobody answers."""
    place = Place(connection="home", recipient="42")
    asked = asyncio.create_task(house.bach.ask(Question(text="sure?", places=(place,), takes_text=True, timeout=3600)))
    await house.clock.settle()
    assert house.platform.texts[-1].startswith("sure?")
    await house.clock.advance(3601)
    await asked


async def test_a_wish_for_a_time_in_quiet_hours_is_in_no_list(house: World) -> None:
    """What somebody wanted at one o'clock would come with the list of the evening, and not when the rest is over."""
    bach, platform, clock = house
    rest = {"recipient": "ada", "from": "12:00", "until": "14:00", "zone": "UTC"}
    await bach.registry.update("home", settings={"gathering": [{"at": "18:00", "zone": "UTC"}], "quiet_hours": [rest]})
    for text in ("wished", "too"):
        await bach.send("home", "ada", text, not_before=datetime.fromtimestamp(NOON + 3600, UTC))
    await clock.advance(7200)
    assert platform.texts == ["wished", "too"]


async def test_choices_in_words_are_in_no_list() -> None:
    """Where a platform has no buttons, a list would say "1. Later", and whoever answers 1 is not understood."""
    platform, clock = FakePlatform(), FakeClock(NOON)
    kind = fake_connector(platform, receives=True)
    kind.capabilities = replace(kind.capabilities, max_buttons=0, button_value=0)
    home = Connection(name="home", type="fake", allowed=frozenset({"ada"}), settings={"gathering": [DIGEST]})
    async with Bach(":memory:", clock=clock, connectors={"fake": kind}, connections=[home], grace=0) as bach:
        for text in ("Door open", "Washing done"):
            await bach.send("home", "ada", text, snooze=Snooze(seconds=600, button="Later"))
        await clock.settle()
        assert platform.texts == ["Door open\n\n1. Later", "Washing done\n\n1. Later"]


async def test_send_now_is_for_one_and_what_is_cancelled_is_not_said(house: World) -> None:
    """Whoever wants to read one now would get all of them; or read what was taken back."""
    bach, platform, clock = house
    await gather(house, DIGEST)
    ids = await say(house, "now", "no", "yes")
    await bach.send_now(ids[0])
    await bach.cancel(ids[1])
    await clock.settle()
    assert platform.texts == ["now"]
    await clock.advance(1800)
    assert platform.texts[1:] == ["yes"]


async def test_what_a_list_has_said_becomes_no_other_message(house: World) -> None:
    """Whoever gave it another time at the moment at which the list went would be told of it twice."""
    bach, platform, clock = house
    await gather(house, DIGEST)
    first, _ = await say(house, "The washing is done", "The dryer is done")
    await clock.advance(1800)
    later = datetime.fromtimestamp(clock.now() + 3600, UTC)
    with pytest.raises(NotAmendableError, match="is sent"):
        await bach.amend(first, not_before=later)
    shown = Views(Visit(bach, Everybody([]))).row(await bach.get(first))
    assert shown["can"] == ["retry"], "nobody is offered what is refused"
    await clock.advance(3600)
    assert len(platform.sent) == 1


async def test_many_are_told_in_several_and_a_full_schedule_refuses_none(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a long list would be cut off by the platform; or the message that is one too many be refused."""
    _, platform, clock = house
    monkeypatch.setattr(going_together, "_MOST_IN_ONE", 2)
    monkeypatch.setattr(room, "MOST_SCHEDULED", 5)
    await gather(house, {**DIGEST, "after": 100})
    await say(house, *(f"text {number}" for number in range(5)), "at once", minutes=0)
    assert platform.texts == ["at once"]
    await clock.advance(1800)
    assert platform.texts[1:] == ["• 12:00 text 0\n• 12:00 text 1", "• 12:00 text 2\n• 12:00 text 3", "12:00 text 4"]


async def test_it_waits_through_a_restart_and_rests_at_night(tmp_path: Path) -> None:
    """After a power cut nothing of the day would be told; or the list wake somebody who sleeps when it is due."""
    path, platform = tmp_path / "bach.db", FakePlatform()
    kinds = {"fake": fake_connector(platform)}
    night = {"from": "17:00", "until": "20:00", "zone": "UTC"}
    settings = {"gathering": [{**DIGEST, "at": "18:00"}], "quiet_hours": [night]}
    async with Bach(path, connectors=kinds, clock=FakeClock(NOON)) as bach:
        await bach.registry.add(Connection(name="home", type="fake", settings=settings))
        for text in ("one", "two"):
            await bach.send("home", "ada", text)
    clock = FakeClock(NOON + 5 * 3600)
    async with Bach(path, connectors=kinds, clock=clock) as bach:
        await clock.settle()
        await clock.advance(3600 + 1)
        assert platform.texts == []
        [carrier] = await bach.messages(status=[Status.PENDING])
        assert carrier.error is not None
        assert carrier.error.text == "Quiet until 20:00."
        await clock.advance(2 * 3600)
        assert platform.texts == ["• 12:00 one\n• 12:00 two"]


@pytest.mark.parametrize(
    ("day", "hours"), [("2027-03-27", 17), ("2026-10-24", 18)], ids=["an hour is left out", "an hour comes twice"]
)
async def test_on_the_days_when_clocks_are_set_it_is_the_hour_that_the_clock_shows(day: str, hours: int) -> None:
    """The list of the evening would come an hour before or after all others."""
    platform, began = FakePlatform(), datetime.fromisoformat(f"{day}T23:00+00:00")
    clock = FakeClock(began.timestamp())
    entry = {"at": "18:00", "zone": "Europe/Berlin"}
    home = Connection(name="home", type="fake", settings={"gathering": [entry]})
    async with Bach(
        ":memory:", clock=clock, connectors={"fake": fake_connector(platform)}, connections=[home], grace=0
    ) as bach:
        message: Message = await bach.get((await bach.send("home", "ada", "Milk")).id)
        assert message.scheduled_for == (began + timedelta(hours=hours)).timestamp()
