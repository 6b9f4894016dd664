"""Quiet for a while: nobody is told until then, and then those who were told last, over a crash as well."""

from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Content, Fault, IncomingMessage, Kind, Route, RouteSnoozed, RouteStatus, Step
from bach_lib.errors import InvalidValueError, StoreFailedError
from bach_lib.outcomes import Scope, Wait
from bach_lib.testing import FakeClock, FakePlatform, fake_connector, world
from tests.lib.routes.test_runner import BOB, EVE, WATER, came_in, edits, heard, press

HOME = [Connection(name=name, type="fake", allowed=frozenset({"42"})) for name in ("home", "zoo")]


def not_now(bach: Bach, message_id: int, recipient: str) -> None:
    """Somebody presses the second button of a message."""
    came_in(bach, recipient, kind=Kind.BUTTON, message_id=message_id, content=Content(value="1"))


def stored_press(at: float) -> IncomingMessage:
    """The second button below message 1, as the inbox has it."""
    return IncomingMessage(
        id=1,
        connection="home",
        remote_id="1",
        recipient="ada",
        sender_id="ada",
        sender_name="Ada",
        kind=Kind.BUTTON,
        text="",
        sent_at=None,
        received_at=at,
        message_id=1,
        content=Content(value="1"),
        routed_at=at,
    )


async def test_who_wants_quiet_has_it_and_is_told_again() -> None:
    """Whoever is under way would turn the sound off, and hear no more of a leak; or be woken every minute."""
    async with world(connections=HOME) as (bach, platform, clock):
        told = list[RouteSnoozed]()
        bach.subscribe(RouteSnoozed, told.append)
        run = await bach.start_route(WATER, "Water!", snooze=3600)
        await clock.advance(60)  # Ada, then Bob and Eve
        assert [one.text for row in platform.sent[0].buttons for one in row] == ["I have it", "Not now"]
        not_now(bach, 2, "bob")
        await clock.settle()
        run = await bach.route_run(run.id)
        assert (run.status, run.snoozed_by, run.due_at) == (RouteStatus.UNDER_WAY, "Bob", clock.now() + 3600)
        assert set(edits(platform)) == {"ada", "bob", "eve"}
        assert all(text.startswith("Water!\n\nBob: quiet until ") for text in edits(platform).values())
        await clock.advance(3599)
        assert len(heard(platform)) == 3
        await clock.advance(1)
        assert [who for who, _ in heard(platform)] == ["ada", "bob", "eve", "bob", "eve"]
        assert (await bach.route_run(run.id)).snoozed_by is None
        press(bach, (await bach.route_run(run.id)).message_ids[-2], "bob")
        await clock.settle()
        assert (await bach.route_run(run.id)).by == "Bob"
        assert all("Bob has it" in text for text in edits(platform).values())
        assert [one.run.snoozed_by for one in told] == ["Bob"]


async def test_quiet_can_be_asked_for_after_all_were_told_in_vain() -> None:
    """Who wakes in the morning and is on their way could not put it off, or nobody would hear of it again."""
    async with world(connections=HOME) as (bach, platform, clock):
        run = await bach.start_route(WATER, "Water!")
        await clock.advance(60)
        await clock.advance(120)
        assert (await bach.route_run(run.id)).status is RouteStatus.EXHAUSTED
        assert [one.text for row in platform.sent[0].buttons for one in row] == ["I have it"]
        await bach.snooze_route(run.id, 600, "Ada")
        await clock.advance(600)
        assert [who for who, _ in heard(platform)] == ["ada", "bob", "eve", "ada"]
        await bach.snooze_route(run.id, 600, "Ada")
        assert (await bach.acknowledge(run.id, "Ada")).status is RouteStatus.ACKNOWLEDGED
        assert (await bach.snooze_route(run.id, 600, "Ada")).status is RouteStatus.ACKNOWLEDGED
        for wrong in (0, -1.0, 604_801, True, "soon"):
            with pytest.raises(InvalidValueError, match="seconds"):
                await bach.snooze_route(run.id, wrong, "Ada")  # type: ignore[arg-type] # mistakes of theirs
        with pytest.raises(InvalidValueError, match="snooze"):
            await bach.start_route(WATER, "Water!", snooze=0)


async def test_who_has_not_heard_before_the_quiet_is_told_after_it() -> None:
    """Ada's phone was away or she slept: somebody else's quiet would keep her from ever hearing of the leak."""
    async with world(connections=HOME) as (bach, platform, clock):
        route = Route(name="water", steps=(Step(places=(EVE,), wait=60.0), Step(places=(BOB,), wait=60.0)))
        busy = Fault(code="busy", text="Come back later.")
        platform.outcomes.append(Wait(seconds=300, fault=busy, scope=Scope.CONNECTION))
        run = await bach.start_route(route, "Water!")
        await clock.advance(60)
        assert heard(platform) == [("bob", "Water!")]
        await bach.snooze_route(run.id, 600, "Bob")
        assert (await bach.route_run(run.id)).left == (1, 0)
        await clock.advance(600)
        await clock.advance(60)
        assert heard(platform)[1:] == [("bob", "Water!"), ("eve", "Water!")]


async def test_quiet_begins_once_however_long_the_disk_takes_nothing_behind_it() -> None:
    """A disk that is full for an hour, just after somebody wanted quiet: they would hear of the leak an hour later."""
    async with world(connections=HOME) as (bach, platform, clock):
        runner, told, tries = bach._routing.runner, list[RouteSnoozed](), list[int]()

        async def prove(message_id: int, _: IncomingMessage) -> None:
            tries.append(message_id)
            if len(tries) == 1:
                raise StoreFailedError(path="bach.db", reason="disk full")

        runner._services = replace(runner._services, prove=prove)
        bach.subscribe(RouteSnoozed, told.append)
        await bach.start_route(WATER, "Water!", snooze=3600)
        await clock.settle()
        not_now(bach, 1, "ada")
        await clock.advance(10)
        assert (len(told), tries) == (1, [1, 1])
        await clock.advance(3590)
        assert [who for who, _ in heard(platform)] == ["ada", "ada"]


async def test_quiet_outlives_a_restart_and_a_press_counts_once(tmp_path: Path) -> None:
    """After a power cut everybody would be woken although somebody had asked for quiet; or it would never end."""
    platform, clock = FakePlatform(), FakeClock()
    own = {"connectors": {"fake": fake_connector(platform)}, "connections": HOME, "clock": clock, "grace": 0}
    route = Route(name="water", steps=(replace(WATER.steps[0], repeats=1),))
    async with Bach(tmp_path / "bach.db", **own) as bach:  # type: ignore[arg-type] # a dict has one type for all its values
        run = await bach.start_route(route, "Water!", snooze=3600)
        await clock.settle()
        not_now(bach, 1, "ada")
        await clock.settle()
    async with Bach(tmp_path / "bach.db", **own) as bach:  # type: ignore[arg-type] # a dict has one type for all its values
        await clock.advance(1800)
        press_of_before = stored_press(run.started_at)
        found = await bach.route_run(run.id)
        assert (found.snoozed_by, len(heard(platform)), len(edits(platform))) == ("Ada", 1, 1)
        services = bach._routing.runner._services

        async def came(*_: str) -> list[IncomingMessage]:
            return [press_of_before]

        services_with_it = replace(services, incoming_at=came)
        bach._routing.runner._services = services_with_it
        await bach._routing.runner._hear_what_came(found)
        await clock.settle()
        assert (await bach.route_run(run.id)).due_at == found.due_at
        await clock.advance(1800)
        assert len(heard(platform)) == 2
        await clock.advance(60)
        assert len(heard(platform)) == 3, "and it goes on as the step says"


async def test_who_has_it_is_heard_after_a_crash_although_somebody_wanted_quiet_at_that_moment() -> None:
    """Both presses came in together, and the power went: nobody would know that somebody is on their way."""
    async with world(connections=HOME) as (bach, _, clock):
        run = await bach.start_route(WATER, "Water!", snooze=3600)
        await clock.settle()
        not_now(bach, 1, "ada")
        await clock.settle()
        runner, have = bach._routing.runner, replace(stored_press(clock.now()), id=2, content=Content(value="0"))

        async def came(*_: str) -> list[IncomingMessage]:
            return [have, stored_press(clock.now())]

        runner._services = replace(runner._services, incoming_at=came)
        await runner._hear_what_came(await bach.route_run(run.id))
        await clock.settle()
        assert (await bach.route_run(run.id)).by == "Ada"


async def test_a_press_counts_once_where_another_alarm_looks_for_presses(tmp_path: Path) -> None:
    """Of two alarms in one chat, the first would be quiet once more after a power cut, when nobody wants that."""
    platform, clock = FakePlatform(), FakeClock()
    own = {"connectors": {"fake": fake_connector(platform)}, "connections": HOME, "clock": clock, "grace": 0}
    route = Route(name="water", steps=(replace(WATER.steps[0], repeats=1),))
    async with Bach(tmp_path / "bach.db", **own) as bach:  # type: ignore[arg-type] # a dict has one type for all its values
        run = await bach.start_route(route, "Water!", snooze=60)
        await bach.start_route(route, "Smoke!")
        await clock.settle()
        not_now(bach, 1, "ada")
        await clock.settle()
        press_of_before = stored_press(clock.now())
        await clock.advance(60)
        assert len(heard(platform)) == 4, "both again"
    async with Bach(tmp_path / "bach.db", **own) as bach:  # type: ignore[arg-type] # a dict has one type for all its values
        await clock.settle()
        runner = bach._routing.runner

        async def came(*_: str) -> list[IncomingMessage]:
            return [press_of_before]

        runner._services = replace(runner._services, incoming_at=came)
        for known in await bach.route_runs():
            await runner._hear_what_came(known)
        await clock.settle()
        assert (await bach.route_run(run.id)).snoozed_for is None
