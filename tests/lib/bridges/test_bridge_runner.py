"""What is carried over a bridge, whole ways through an open BACH."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bach_lib import Bach, Kind, Media, Operation, Question, Route, RouteStatus, Snooze, Status, Step
from bach_lib.bridges import judging
from bach_lib.models import Fault
from bach_lib.models.bridge import LeftOut
from bach_lib.models.incoming import Content, Location
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.bridges.conftest import BRIDGE, HERE, ROWS, THERE, Shore, Shores

BOTH = replace(BRIDGE, both_ways=True)


async def test_what_comes_in_goes_out_there_with_the_name_of_who_wrote_it(shores: Shores) -> None:
    """Nobody there would read it, or know who said it."""
    await shores.bach.bridges.set(BRIDGE)
    await shores.here.comes("Dinner at six")
    [sent] = shores.there.platform.sent
    assert (sent.recipient, sent.text, sent.format) == ("club", "<b>Ada:</b> Dinner at six", "html")
    assert shores.here.sent == [], "what goes one way comes back"
    [side] = await shores.bach.bridges.sides("both")
    assert (side.connection, side.carried, side.left_out) == ("here", 1, 0)


async def test_both_ways_it_is_one_conversation_and_nothing_goes_round(shores: Shores) -> None:
    """An answer would not come back; or each message came back for ever."""
    await shores.bach.bridges.set(BOTH)
    await shores.here.comes("Dinner at six")
    await shores.there.comes("Coming", sender_id="bob", sender_name="Bob")
    assert [one.text for one in shores.there.sent] == ["Ada: Dinner at six"]
    assert [one.text for one in shores.here.sent] == ["Bob: Coming"]


async def test_nothing_is_carried_that_was_there_before(shores: Shores) -> None:
    """Who makes a bridge would publish a year of the family's talk."""
    await shores.here.comes("A secret")
    await shores.bach.bridges.set(BRIDGE)
    await shores.here.comes("An old one that comes late", sent_at=shores.clock.now() - 60)
    await shores.here.comes("Dinner")
    assert [one.text for one in shores.there.sent] == ["Ada: Dinner"]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": Kind.COMMAND, "content": Content(command="open")},
        {"kind": Kind.BUTTON, "content": Content(value="0")},
        {"kind": Kind.REACTION, "content": Content(reactions=("👍",))},
        {"kind": Kind.MEMBERSHIP},
        {"recipient": "club"},
        {"recipient": "stranger", "sender_id": "eve"},
        {"metadata": {"bot": True}},
    ],
)
async def test_what_is_no_talk_in_that_place_stays_there(shores: Shores, fields: dict[str, object]) -> None:
    """Commands to the home, presses, other chats and strangers would be read by everybody over there."""
    await shores.bach.bridges.set(BRIDGE)
    await shores.here.comes("Hello", **fields)
    assert shores.there.sent == []


async def test_an_answer_to_a_question_is_not_carried(shores: Shores) -> None:
    """What somebody answers the home would be told to the club."""
    await shores.bach.bridges.set(BRIDGE)
    question = Question(text="Leave the light on?", places=[HERE], timeout=60.0, takes_text=True)
    asking = asyncio.create_task(shores.bach.ask(question))
    await shores.clock.settle()
    asked = shores.here.sent[-1]
    await shores.here.comes("yes", reply_to=asked.remote_id or "1")
    assert (await asking).value == "yes"
    assert shores.there.sent == []


async def test_an_answer_is_known_after_a_crash(shores: Shores) -> None:
    """It was answered as the light went out, and told to the club when that was back."""
    await shores.bach.bridges.set(BRIDGE)
    runner = shores.bach._open_lasting.bridging.runner
    await runner.close()
    question = Question(text="Leave the light on?", places=[HERE], timeout=60.0, takes_text=True)
    asking = asyncio.create_task(shores.bach.ask(question))
    await shores.clock.settle()
    await shores.here.comes("yes", reply_to=shores.here.sent[-1].remote_id or "1")
    await shores.here.comes("good night")
    assert (await asking).value == "yes"
    shores.bach._open_parts.asking.questions._taken.clear()
    await runner.open()
    await shores.clock.settle()
    assert [one.text for one in shores.there.sent] == ["Ada: good night"]


async def test_words_for_the_home_are_not_carried_also_after_a_crash(clock: FakeClock, tmp_path: Path) -> None:
    """The club would read "I have it" and "In 1 h", which was said to the home where there are no buttons."""
    here, there = Shore(FakePlatform(), HERE, clock), Shore(FakePlatform(), THERE, clock)
    usual = fake_connector(here.platform, receives=True)
    able = replace(usual.capabilities, max_buttons=0, button_value=0)
    plain = type("Plain", (usual,), {"capabilities": able})
    kinds = {"fake": plain, "other": fake_connector(there.platform, receives=True)}
    opened = partial(Bach, tmp_path / "bach.db", clock=clock, connectors=kinds, grace=0)
    alone = {"sender_id": HERE.recipient}
    async with opened(connections=ROWS) as bach:
        await bach.bridges.set(BRIDGE)
        laundry = await bach.send(
            HERE.connection, HERE.recipient, "Laundry!", snooze=Snooze(seconds=3600, button="In 1 h")
        )
        await clock.settle()
        await here.comes("in 1 h", **alone)
        assert [one.tag for one in await bach.messages(status=[Status.PENDING])] != []
        assert there.sent == []
        run = await bach.start_route(Route(name="water", steps=(Step(places=(HERE,)),)), "Water!")
        await clock.settle()
        lasting = bach._open_lasting
        await lasting.close()  # from here on it is announced, and nobody takes it down
        await here.comes("I have it", **alone)
        await here.comes("In 1 h", reply_to=await remote_id(bach, laundry.id))
        await here.comes("Who has it?")
        assert there.sent == []
        await clock.advance(5)
    async with opened(autostart=False) as bach:
        for name in ("here", "there"):
            await bach.start(name)
        await bach.begin_bridges()
        await clock.settle()
        await bach.begin_routes()
        await clock.settle()
        assert (await bach.route_run(run.id)).status is RouteStatus.ACKNOWLEDGED
        assert [one.text for one in there.sent] == ["Ada: Who has it?"]


async def remote_id(bach: Bach, message_id: int) -> str | None:
    """What the platform calls a message of ours."""
    return (await bach.get(message_id)).remote_id


async def test_a_change_that_waits_holds_up_its_own_message_only(shores: Shores) -> None:
    """Somebody corrects a word while the line is slow, and for ten minutes nobody is heard, either way."""
    await shores.bach.bridges.set(replace(BRIDGE, both_ways=True))
    shores.there.platform.holds()
    first = await shores.here.comes("At six")
    await shores.here.comes("At seven", kind=Kind.EDITED, reply_to=first, remote_id=f"{first}#1")
    await shores.there.comes("We are here")
    assert [one.text for one in shores.here.sent] == ["Ada: We are here"]
    await shores.here.comes("Bring bread")
    await shores.here.comes("At eight", kind=Kind.EDITED, reply_to=first, remote_id=f"{first}#2")
    waiting = await shores.bach.messages(recipient="club")
    assert ["bread" in one.text for one in waiting] == [True, False], (
        "it waits in its lane, and no longer in the bridge"
    )
    [side] = [one for one in await shores.bach.bridges.sides("both") if one.connection == "here"]
    assert side.carried == 2
    runner = shores.bach._open_lasting.bridging.runner
    await runner.close()
    await runner.open()  # as after a restart: that they wait is on disk
    await shores.clock.settle()
    shores.there.platform.works()
    await shores.clock.advance(10)
    assert [one.text for one in shores.there.sent] == [
        *("Ada: At six", "Ada: Bring bread"),
        *("Ada (edited): At seven", "Ada (edited): At eight"),
    ]
    await shores.here.comes("", kind=Kind.DELETED, reply_to=first, remote_id=f"{first}#3")
    assert [one.operation for one in shores.there.sent[4:]] == [Operation.DELETE]
    [side] = [one for one in await shores.bach.bridges.sides("both") if one.connection == "here"]
    assert side.carried == 5


async def test_a_picture_goes_along(shores: Shores) -> None:
    """The words arrive, and what they are about does not."""
    await shores.bach.bridges.set(BRIDGE)
    shores.here.platform.files["pic"] = b"\x89PNG" + b"0" * 100
    media = Media(type="photo", reference="pic", size=104, mime_type="image/png")
    await shores.here.comes("The garden", kind=Kind.MEDIA, content=Content(media=media))
    [sent] = shores.there.sent
    assert sent.text == "Ada: The garden"
    assert [(file.name, len(file.content)) for file in sent.files] == [("photo.png", 104)]


async def test_a_picture_that_cannot_be_had_is_said_in_words(shores: Shores) -> None:
    """It would be dropped silently, and Bob answer something that he has not seen."""
    await shores.bach.bridges.set(BRIDGE)
    large = Media(type="video", reference="film", size=10**9, mime_type="video/mp4", name="film.mp4")
    await shores.here.comes("Look", kind=Kind.MEDIA, content=Content(media=large))
    assert shores.there.sent[-1].text == "Ada: Look\n(too large to go along: film.mp4, 1000 MB)"
    gone = Media(type="photo", reference="gone", size=10, mime_type="image/png")
    await shores.here.comes("And this", kind=Kind.MEDIA, content=Content(media=gone))
    assert len(shores.there.sent) == 1, "it may be had in a moment"
    for _ in range(4):
        await shores.clock.advance(5)
    assert shores.there.sent[-1].text == "Ada: And this\n(could not be fetched: photo.png)"
    once = Media(type="photo", reference="pic", size=10, mime_type="image/png")
    await shores.here.comes(kind=Kind.MEDIA, content=Content(media=once), metadata={"view_once": True})
    assert shores.there.sent[-1].text == "Ada: (something that cannot be shown here)"


async def test_a_place_and_a_poll_are_said_in_words(shores: Shores) -> None:
    """What has no text would be dropped silently."""
    await shores.bach.bridges.set(BRIDGE)
    where = Content(location=Location(latitude=48.1371, longitude=11.5754))
    await shores.here.comes(kind=Kind.LOCATION, content=where)
    await shores.here.comes(kind=Kind.OTHER)
    assert [one.text for one in shores.there.sent] == [
        "Ada: 📍 48.137100, 11.575400",
        "Ada: (something that cannot be shown here)",
    ]


async def test_who_corrects_a_message_corrects_what_was_made_of_it(shores: Shores) -> None:
    """Six was wrong, and over there they come at six."""
    await shores.bach.bridges.set(BRIDGE)
    first = await shores.here.comes("At six")
    await shores.here.comes("At seven", kind=Kind.EDITED, reply_to=first, remote_id=f"{first}#1")
    await shores.here.comes("At eight", kind=Kind.EDITED, reply_to=first, remote_id=f"{first}#2")
    copy, *edits = shores.there.sent
    assert [(one.operation, one.target, one.text) for one in edits] == [
        (Operation.EDIT, copy.remote_id or "1", "Ada (edited): At seven"),
        (Operation.EDIT, copy.remote_id or "1", "Ada (edited): At eight"),
    ]


async def test_what_still_waits_is_corrected_before_it_goes(shores: Shores) -> None:
    """The wrong time would arrive after the right one."""
    await shores.bach.bridges.set(BRIDGE)
    shores.there.platform.fault = Fault(code="unreachable", text="No route to host")
    first = await shores.here.comes("At six")
    second = await shores.here.comes("Never mind")
    await shores.here.comes("At seven", kind=Kind.EDITED, reply_to=first, remote_id=f"{first}#1")
    await shores.here.comes(kind=Kind.DELETED, reply_to=second, remote_id=f"{second}#gone")
    shores.there.platform.fault = None
    await shores.clock.advance(600)
    assert [(one.operation, one.text) for one in shores.there.sent] == [(Operation.SEND, "Ada (edited): At seven")]


async def test_who_takes_a_message_back_takes_it_away_there(shores: Shores) -> None:
    """What somebody regrets stays to be read by people who were never meant."""
    await shores.bach.bridges.set(BRIDGE)
    first = await shores.here.comes("The code of the door is 1234")
    await shores.here.comes(kind=Kind.DELETED, reply_to=first, remote_id=f"{first}#gone", sender_id="", sender_name="")
    assert [(one.operation, one.target) for one in shores.there.sent[1:]] == [(Operation.DELETE, "1")]


async def test_edits_and_deletions_can_be_left_out(shores: Shores) -> None:
    """What somebody has switched off happens all the same."""
    await shores.bach.bridges.set(replace(BRIDGE, edits=False, deletions=False, with_name=False, files=False))
    first = await shores.here.comes("At six")
    await shores.here.comes("At seven", kind=Kind.EDITED, reply_to=first, remote_id=f"{first}#1")
    await shores.here.comes(kind=Kind.DELETED, reply_to=first, remote_id=f"{first}#gone")
    picture = Media(type="photo", reference="pic", size=104, mime_type="image/png")
    await shores.here.comes(kind=Kind.MEDIA, content=Content(media=picture))
    assert [one.text for one in shores.there.sent] == ["At six"]


async def test_answers_stay_answers(shores: Shores) -> None:
    """A mere "me" would stand there without what it answers."""
    await shores.bach.bridges.set(BOTH)
    first = await shores.here.comes("Who comes?")
    copy = shores.there.sent[-1]
    await shores.there.comes("Me", reply_to="1", sender_name="Bob")
    assert (shores.here.sent[-1].text, shores.here.sent[-1].reply_to) == ("Bob: Me", first)
    await shores.here.comes("And me", reply_to=first)
    assert (shores.there.sent[-1].text, shores.there.sent[-1].reply_to) == ("Ada: And me", "1")
    assert copy.reply_to is None


async def test_one_place_that_takes_nothing_costs_no_other(shores: Shores) -> None:
    """Whoever left the family's chat would silence it for all."""
    gone = replace(THERE, recipient="gone")
    await shores.bach.bridges.set(replace(BRIDGE, targets=(THERE, replace(HERE, recipient="hobby"), gone)))
    await shores.bach.registry.remove("there")
    await shores.here.comes("Hello")
    assert [one.recipient for one in shores.here.sent] == ["hobby"]
    [side] = await shores.bach.bridges.sides("both")
    assert (side.carried, side.left_out, side.reason) == (1, 1, LeftOut.REFUSED)


async def test_late_messages_say_when_they_were_written(shores: Shores, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a night without network "I am outside" would be read as now."""
    monkeypatch.setattr(judging, "OLDEST", 500.0)
    await shores.bach.bridges.set(BRIDGE)
    at = shores.clock.now()
    await shores.clock.advance(400)
    await shores.here.comes("I am outside", sent_at=at)
    assert shores.there.sent[-1].text.startswith("Ada (")
    await shores.clock.advance(200)
    await shores.here.comes("Still outside", sent_at=at)
    assert len(shores.there.sent) == 1
    await shores.here.comes("Hello")
    assert shores.there.sent[-1].text == "Ada: Hello\n(not carried over before this: 1)"


async def test_a_bridge_that_rests_begins_anew(shores: Shores) -> None:
    """What was written while it was switched off would all come at once."""
    await shores.bach.bridges.set(BRIDGE)
    await shores.bach.bridges.set(replace(BRIDGE, is_active=False))
    await shores.here.comes("Not this")
    await shores.clock.advance(60)
    await shores.bach.bridges.set(BRIDGE)
    await shores.here.comes("This")
    await shores.bach.bridges.remove("both")
    await shores.here.comes("Nor this")
    assert [one.text for one in shores.there.sent] == ["Ada: This"]
    assert [one.status for one in await shores.bach.messages()] == [Status.SENT]


async def test_setting_one_bridge_interrupts_no_other(shores: Shores) -> None:
    """What another was just carrying would be begun anew; where processes share the database, again and again."""

    def at_work() -> set[asyncio.Task[object]]:
        return {task for task in asyncio.all_tasks() if task.get_name() == "bach-bridge"}

    await shores.bach.bridges.set(BRIDGE)
    await shores.here.comes("One")
    before = at_work()
    await shores.bach.bridges.set(replace(BRIDGE, name="other", source=THERE, targets=(HERE,)))
    assert len(before) == 1
    assert before < at_work()
    await shores.bach.bridges.remove("both")
    assert not before & at_work()
    await shores.here.comes("Two")
    assert [one.text for one in shores.there.sent] == ["Ada: One"]
