"""What stands below the messages of an alarm that is over."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bach_lib import Connection, Format, Operation, Place, Route, RouteRun, RouteStatus, RouteWords, Said, Step
from bach_lib.routes.withdrawal import last_line
from bach_lib.testing import World, world

ADA = Place(connection="home", recipient="ada")
STEP = Step(places=(ADA,), wait=60.0)
ENDED = RouteRun(
    id=1,
    route="water",
    said=Said(text="Water!"),
    steps=(STEP,),
    words=RouteWords(acknowledged="{name} {time} {other} {name}", over="Over"),
    started_at=0.0,
    ended_at=1_800_000_000.0,
    by="{time}",
)


@pytest.fixture
async def house() -> AsyncIterator[World]:
    """One connection, and the route "water"."""
    async with world(connections=[Connection(name="home", type="fake", allowed=frozenset({"ada"}))]) as made:
        await made.bach.routes.set(Route(name="water", steps=(STEP,)))
        yield made


def test_the_last_line_says_who_has_it_and_since_when(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wakes would not know whether somebody has it, or since when by the clock on their wall."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    assert last_line(ENDED) == "{time} 09:00 {other} {time}"
    assert last_line(replace(ENDED, by=None)) == "Over"
    assert last_line(replace(ENDED, ended_at=None)) == "Over"
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("formats", "format_", "line"),
    [
        ({Format.PLAIN, Format.HTML}, Format.HTML, "&lt;Ada&gt; has it, "),
        ({Format.PLAIN}, Format.PLAIN, "<Ada> has it, "),
    ],
)
async def test_a_change_is_as_the_message_was(
    house: World, monkeypatch: pytest.MonkeyPatch, formats: set[Format], format_: Format, line: str
) -> None:
    """The change would lose the title, the name or half of the text, or ring; or be made once more with each start."""
    bach, platform, clock = house
    connector = await bach._base.connectors.load("fake")
    monkeypatch.setattr(connector, "capabilities", replace(connector.capabilities, formats=frozenset(formats)))
    run = await bach.start_route("water", "5 &lt; 7", title="Cellar", format="html", silent=True, priority=4)
    await clock.settle()
    await bach.acknowledge(run.id, "<Ada>")
    await clock.settle()
    told, changed = platform.sent
    for one in (told, changed):
        assert (one.title, one.silent, one.priority, one.format) == ("Cellar", True, 4, format_)
    assert changed.operation is Operation.EDIT
    assert changed.text.startswith(f"{told.text}\n\n{line}")
    runner = bach._routing.runner
    assert await runner._withdrawal.is_done(await bach.route_run(run.id), await bach.get(1))
    await clock.settle()
    assert len(platform.sent) == 2


async def test_where_the_line_finds_no_room_it_stands_alone(house: World) -> None:
    """After a long text nobody could read who has it."""
    bach, platform, clock = house
    connector = await bach._base.connectors.load("fake")
    most = connector.capabilities.max_text
    run = await bach.start_route("water", "x" * most)
    await clock.settle()
    await bach.cancel_route(run.id)
    await clock.settle()
    assert [one.text for one in platform.sent if one.operation is Operation.EDIT] == ["This is over"]
    assert platform.sent[-1].target == "1"


async def test_where_nothing_can_be_changed_it_stays(
    house: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is woken once more to hear that somebody has it; and it is over all the same."""
    bach, platform, clock = house
    caplog.set_level("DEBUG", "bach_lib.routes.withdrawal")
    connector = await bach._base.connectors.load("fake")
    sends = frozenset({Operation.SEND})
    monkeypatch.setattr(connector, "capabilities", replace(connector.capabilities, operations=sends))
    run = await bach.start_route("water", "Water!")
    await clock.settle()
    assert (await bach.acknowledge(run.id, "Ada")).status is RouteStatus.ACKNOWLEDGED
    await clock.settle()
    assert [one.operation for one in platform.sent] == [Operation.SEND]
    assert await bach._routing.book.open_runs() == []
    [record] = [one for one in caplog.records if one.name == "bach_lib.routes.withdrawal"]
    assert record.getMessage() == "Message 1 stays as it is: fake cannot edit messages."
    assert record.__dict__["message_id"] == 1
