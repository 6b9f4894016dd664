"""What the web app shows of routes that were started, and that somebody has it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from bach_lib import Connection, File, Place, Route, RouteStatus, Step
from bach_lib.errors import UnknownRunError
from bach_lib.rest.answers import Json
from bach_lib.testing import FakePlatform, fake_connector, world
from bach_lib.web.app_commands import perform
from bach_lib.web.viewer import ForbiddenError, Known, Visit
from tests.lib.web.viewers import Everybody, OnlyAda

ADA = Route(name="ada", steps=(Step(places=(Place(connection="home", recipient="ada"),), wait=60),))
WATER = Route(name="water", steps=ADA.steps)


@pytest.fixture
async def visit() -> AsyncIterator[Visit]:
    """Ada at a connection, and a connection whose recipients are routes."""
    rows = [Connection(name="home", type="fake", allowed=frozenset({"ada"})), Connection(name="alarms", type="routes")]
    home = Known(id="home", title="Home", recipients=[Known(id="ada", title="Ada")])
    named = [Known(id="ada", title="Ada's"), Known(id="water", title="Water")]
    routes = Known(id="alarms", title="Routes", recipients=named)
    async with world(connections=rows, connectors={"routes": fake_connector(FakePlatform())}) as (bach, _, _):
        yield Visit(bach, Everybody([home, routes]))


async def ask(visit: Visit, command: str, **arguments: Json) -> dict[str, Any]:
    """The answer to a command."""
    answer = await perform(visit, f"bach/panel/{command}", arguments)
    assert isinstance(answer, dict)
    return answer


async def test_an_alarm_says_what_it_is_and_who_was_told(visit: Visit) -> None:
    """Whoever looks at three in the morning would see numbers of recipients, or nothing at all."""
    files = [File(name="a.jpg", content=b"a"), File(name="b.jpg")]
    run = await visit.bach.start_route(WATER, "Water in the cellar", title="Alarm", files=files)
    [shown] = (await ask(visit, "alarms"))["rows"]
    assert (shown["route"], shown["title"], shown["text"]) == ("Water", "Alarm", "Water in the cellar")
    assert (shown["files"], shown["lost"][0]["text"]) == (1, "b.jpg: it is empty.")
    assert (shown["status"], shown["due_at"], shown["told_in_all"]) == ("under_way", run.due_at, 1)
    assert [(one["name"], one["message"]) for one in shown["told"]] == [("Ada", 1)]
    assert shown["next"] is None, "all have been told"
    same = replace(WATER, steps=(replace(WATER.steps[0], repeats=1), WATER.steps[0]))
    bob = Step(places=(Place(connection="home", recipient="bob"),))
    ways = ((same.steps[:1], "reminder"), (same.steps[1:] * 2, "reminder"), ((WATER.steps[0], bob), "step"))
    for steps, follows in ways:
        other = await visit.bach.start_route(replace(WATER, steps=steps), "Water in the cellar")
        assert (await ask(visit, "alarms"))["rows"][0]["next"] == follows, "it would say that somebody else is told"
        await visit.bach.cancel_route(other.id)
    assert (await ask(visit, "counts"))["counts"]["alarms"] == 1


async def test_whoever_has_it_is_named_and_it_needs_nobody_any_more(visit: Visit) -> None:
    """The next step would follow although somebody is in the cellar already."""
    run = await visit.bach.start_route(WATER, "Water in the cellar")
    shown = await ask(visit, "acknowledge", run_id=run.id)
    assert (shown["status"], shown["by"]) == ("acknowledged", "Ada")
    assert await ask(visit, "alarms") == {"rows": [], "older": None, "any": True}
    assert [one["id"] for one in (await ask(visit, "alarms", whole=True))["rows"]] == [run.id]
    assert (await ask(visit, "counts"))["counts"]["alarms"] == 0
    other = await visit.bach.start_route(WATER, "Water again", snooze=600)
    quiet = await ask(visit, "snooze", run_id=other.id)
    assert (quiet["status"], quiet["snoozed_by"]) == ("under_way", "Ada")
    assert (await visit.bach.route_run(other.id)).snoozed_for == 600
    assert (await ask(visit, "call_off", run_id=other.id))["status"] == "cancelled"
    page = await ask(visit, "alarms", whole=True, limit=1)
    assert ([one["id"] for one in page["rows"]], page["older"]) == ([other.id], other.id)
    assert [one["id"] for one in (await ask(visit, "alarms", whole=True, before=other.id))["rows"]] == [run.id]


async def test_nobody_sees_or_ends_the_alarms_of_others(visit: Visit) -> None:
    """A guest with a tablet would read what the house is told, and silence it."""
    bach, child = visit.bach, Visit(visit.bach, OnlyAda(visit.viewer.places()))
    mine, water = await bach.start_route(ADA, "For Ada"), await bach.start_route(WATER, "For all")
    assert [one["id"] for one in (await ask(child, "alarms"))["rows"]] == [mine.id]
    assert [one["id"] for one in (await ask(child, "alarms", whole=True))["rows"]] == [mine.id]
    assert (await ask(child, "acknowledge", run_id=mine.id))["status"] == "acknowledged"
    for command in ("acknowledge", "call_off", "snooze"):
        with pytest.raises(ForbiddenError):
            await ask(child, command, run_id=water.id)
    assert (await bach.route_run(water.id)).status is RouteStatus.UNDER_WAY
    assert (await ask(child, "counts"))["counts"] is None


async def test_a_run_that_is_none_is_said(visit: Visit) -> None:
    """The page would stay as it was, and somebody believe that the others are told no more."""
    with pytest.raises(UnknownRunError):
        await ask(visit, "acknowledge", run_id=99)
    with pytest.raises(ForbiddenError):
        await ask(Visit(visit.bach, OnlyAda()), "acknowledge", run_id=99)
