"""Routes at work: told in order, ended by whoever has it, and gone on with after a crash."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock, patch

import pytest

from bach_lib import (
    Bach,
    Button,
    Connection,
    Content,
    Fault,
    IncomingMessage,
    InputError,
    Kind,
    Operation,
    Place,
    Question,
    Reached,
    Route,
    RouteAcknowledged,
    RouteEvent,
    RouteExhausted,
    RouteRun,
    RouteStatus,
    RouteStepped,
    Status,
    Step,
    StoreFailedError,
    UnknownRouteError,
    UnknownRunError,
)
from bach_lib.errors import InvalidValueError, TooManyRunsError
from bach_lib.events import MessageReceived
from bach_lib.outcomes import Dead
from bach_lib.routes import runner
from bach_lib.routes.deciding import Acknowledged
from bach_lib.routes.route_rows import save_run
from bach_lib.testing import FakeClock, FakePlatform, World, fake_connector, world

ADA = Place(connection="home", recipient="ada")
BOB = Place(connection="home", recipient="bob")
EVE = Place(connection="zoo", recipient="eve")
WATER = Route(name="water", steps=(Step(places=(ADA,), wait=60.0), Step(places=(BOB, EVE), wait=120.0)))


@pytest.fixture
async def house() -> AsyncIterator[World]:
    """Two connections, and the route "water"."""
    rows = [Connection(name=name, type="fake", allowed=frozenset({"42"})) for name in ("home", "zoo")]
    async with world(connections=rows) as made:
        await made.bach.routes.set(WATER)
        yield made


def heard(platform: FakePlatform) -> list[tuple[str, str]]:
    """Who got what, but for changes."""
    return [(sent.recipient, sent.text) for sent in platform.sent if sent.operation is Operation.SEND]


def edits(platform: FakePlatform) -> dict[str, str]:
    """What messages were changed to, by recipient."""
    return {sent.recipient: sent.text for sent in platform.sent if sent.operation is Operation.EDIT}


def came_in(bach: Bach, recipient: str, **fields: object) -> None:
    """A message has been accepted and routed."""
    message = IncomingMessage(
        id=1,
        connection="home",
        remote_id="1",
        recipient=recipient,
        sender_id=recipient,
        sender_name=recipient.title(),
        kind=Kind.TEXT,
        text="",
        sent_at=None,
        received_at=2_000_000_000.0,
    )
    bach._base.bus.publish(MessageReceived(connection="home", message=replace(message, **fields)))  # type: ignore[arg-type] # of several types


def press(bach: Bach, message_id: int, recipient: str) -> None:
    """Somebody presses the button of a message."""
    came_in(bach, recipient, kind=Kind.BUTTON, message_id=message_id, content=Content(value="0"))


async def test_each_is_told_in_turn_until_somebody_has_it(house: World) -> None:
    """Ada sleeps, and nobody else would hear of the water; or Bob has it, and all are woken."""
    bach, platform, clock = house
    told = list[RouteEvent]()
    bach.subscribe(RouteEvent, told.append)
    run = await bach.start_route("water", "Water in the cellar")
    await clock.settle()
    assert heard(platform) == [("ada", "Water in the cellar")]
    assert [button.text for button in platform.sent[0].buttons[0]] == ["I have it"]
    await clock.advance(59)
    assert len(heard(platform)) == 1
    await clock.advance(1)
    assert [who for who, _ in heard(platform)] == ["ada", "bob", "eve"]
    press(bach, 2, "bob")
    await clock.settle()
    run = await bach.route_run(run.id)
    assert (run.status, run.by, run.reached) == (RouteStatus.ACKNOWLEDGED, "Bob", Reached.ACKNOWLEDGED)
    assert set(edits(platform)) == {"ada", "bob", "eve"}
    assert all(text.startswith("Water in the cellar\n\nBob has it, ") for text in edits(platform).values())
    await clock.advance(1000)
    assert len(heard(platform)) == 3
    assert [type(one) for one in told] == [RouteStepped, RouteStepped, RouteAcknowledged]


async def test_a_route_that_is_kept_elsewhere_is_started_as_it_is(house: World) -> None:
    """Home Assistant keeps its routes itself: two truths about whom to tell would contradict each other one night."""
    bach, platform, clock = house
    own = Route(name="fire", steps=(Step(places=(Place(connection="home", recipient="eve"),)),))
    run = await bach.start_route(own, "Fire!")
    await clock.settle()
    assert (run.route, heard(platform)) == ("fire", [("eve", "Fire!")])
    assert [route.name for route in bach.routes.list()] == ["water"]
    with pytest.raises(InvalidValueError, match="steps"):
        await bach.start_route(replace(own, steps=()), "Fire!")


async def test_what_began_while_nothing_goes_on_by_itself_is_gone_on_with_when_told(tmp_path: Path) -> None:
    """Home Assistant starts connections one by one: an alarm of the first seconds would stay with its first step."""
    platform, clock, ends = FakePlatform(), FakeClock(), list[RouteEvent]()
    rows = [Connection(name=name, type="fake", allowed=frozenset({"42"})) for name in ("home", "zoo")]
    connectors = {"fake": fake_connector(platform)}
    async with Bach(
        tmp_path / "bach.db", clock=clock, connectors=connectors, connections=rows, autostart=False, grace=0
    ) as bach:
        bach.subscribe(RouteExhausted, ends.append)
        await bach.start("home")
        await bach.start_route(WATER, "Water in the cellar")
        await clock.advance(600)
        assert [who for who, _ in heard(platform)] == ["ada"]
        await bach.start("zoo")
        book = bach._routing.book
        with patch.object(book, "open_runs", AsyncMock(wraps=book.open_runs)) as read:
            await asyncio.gather(*(bach.begin_routes() for _ in range(2)))  # whoever says it again changes nothing
            await bach.begin_routes()
        assert read.await_count == 1, "all would be heard twice"
        await clock.advance(60)
        assert [who for who, _ in heard(platform)] == ["ada", "bob", "eve"]
        await clock.advance(120)
        assert len(ends) == 1


async def test_whoever_comes_home_meanwhile_is_told_there(tmp_path: Path) -> None:
    """Where somebody was when the alarm began is not where they are an hour later, and is not kept."""
    platform, clock, where = FakePlatform(), FakeClock(), ["ada"]
    row = Connection(name="home", type="fake", allowed=frozenset({"42"}))
    connectors, person = {"fake": fake_connector(platform)}, Place(connection="home", recipient="person")
    route = Route(name="water", steps=(Step(places=(person,), repeats=1), Step(places=(person,))))
    async with Bach(
        tmp_path / "bach.db", clock=clock, connectors=connectors, connections=[row], autostart=False, grace=0
    ) as bach:
        await bach.start("home")
        bach.let_places_mean(lambda *_: [Place(connection="home", recipient=one) for one in where])
        await bach.start_route(route, "Water in the cellar")  # while connections are still started
        await bach.begin_routes()
        await clock.advance(1)
        where[:] = ["bob", "eve"]
        await clock.advance(60)
        where[:] = []
        await clock.advance(300)
        assert [who for who, _ in heard(platform)] == ["ada", "bob", "eve"]
        [run] = await bach.route_runs()
        assert (run.status, {one.place.recipient for one in run.tried}) == (
            RouteStatus.EXHAUSTED,
            {"ada", "bob", "eve"},
        )


async def test_a_runaway_automation_starts_no_end_of_alarms(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody would be told again and again, a thousand times over."""
    monkeypatch.setattr(runner, "MOST_RUNS", 1)
    starting = [house.bach.start_route("water", "Water in the cellar") for _ in range(2)]  # at the same moment
    run, refused = await asyncio.gather(*starting, return_exceptions=True)
    assert isinstance(run, RouteRun)
    assert isinstance(refused, TooManyRunsError)
    await house.bach.cancel_route(run.id)
    await house.bach.start_route("water", "Water in the cellar")


async def test_that_nobody_knows_is_told_and_whoever_wakes_ends_it_after_all(house: World) -> None:
    """An alarm would end in silence; or in the morning a press would do nothing."""
    bach, platform, clock = house
    told = list[RouteExhausted]()
    bach.subscribe(RouteExhausted, told.append)
    run = await bach.start_route("water", "Water!")
    await clock.advance(60)
    await clock.advance(120)
    assert [one.run.status for one in told] == [RouteStatus.EXHAUSTED]
    assert edits(platform) == {}
    await clock.advance(3600)
    press(bach, 1, "ada")
    await clock.settle()
    assert (await bach.route_run(run.id)).by == "Ada"
    assert set(edits(platform)) == {"ada", "bob", "eve"}


async def test_words_acknowledge_where_there_are_no_buttons(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is on a platform without buttons could not stop it; or any chatter would."""
    bach, platform, clock = house
    connector = await bach._base.connectors.load("fake")
    monkeypatch.setattr(connector, "capabilities", replace(connector.capabilities, max_buttons=0, button_value=0))
    await bach.start_route("water", "Water!")
    await clock.settle()
    assert heard(platform) == [("ada", "Water!\n\n1. I have it")]
    for words, status in (("what?", RouteStatus.UNDER_WAY), ("i HAVE it", RouteStatus.ACKNOWLEDGED)):
        came_in(bach, "ada", text=words, reply_to="1")
        await clock.settle()
        assert (await bach.route_runs())[0].status is status


async def test_words_that_could_answer_a_question_end_no_alarm(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada says 1 to what the kitchen asks, and the water runs on."""
    bach, _, clock = house
    connector = await bach._base.connectors.load("fake")
    monkeypatch.setattr(connector, "capabilities", replace(connector.capabilities, max_buttons=0, button_value=0))
    await bach.start_route("water", "Water!")
    answers = ((Button(text="Yes", value="yes"),),)
    asking = asyncio.create_task(bach.ask(Question(text="Tea?", places=(ADA,), answers=answers, timeout=600)))
    await clock.settle()
    came_in(bach, "ada", text="1")
    await clock.settle()
    assert ((await bach.route_runs())[0].status, asking.done()) == (RouteStatus.UNDER_WAY, False)
    came_in(bach, "ada", text="1", reply_to="1")
    await clock.settle()
    assert ((await bach.route_runs())[0].status, asking.done()) == (RouteStatus.ACKNOWLEDGED, False)
    asking.cancel()


async def test_what_waits_is_cancelled_when_somebody_has_it(house: World) -> None:
    """Hours later, when the platform is back, Eve would be woken for what is long mended."""
    bach, platform, clock = house
    await bach.stop("zoo")
    run = await bach.start_route("water", "Water!")
    await clock.advance(60)
    assert [who for who, _ in heard(platform)] == ["ada", "bob"]
    assert (await bach.acknowledge(run.id, "Ada")).status is RouteStatus.ACKNOWLEDGED
    await clock.settle()
    assert [(await bach.get(number)).status for number in (1, 2, 3)] == [Status.SENT, Status.SENT, Status.CANCELLED]


async def test_who_cannot_be_reached_costs_no_time(house: World) -> None:
    """The water runs while one waits for somebody whose connection is switched off."""
    bach, platform, clock = house
    await bach.registry.update("home", is_active=False)
    await bach.routes.set(replace(WATER, steps=(Step(places=(ADA,)), Step(places=(EVE,), wait=60.0))))
    run = await bach.start_route("water", "Water!")
    await clock.settle()
    assert heard(platform) == [("eve", "Water!")]
    await clock.advance(60)
    waiting = [one.place for one in (await bach.route_run(run.id)).tried]
    assert waiting == [EVE, ADA]  # passed over, not forgotten
    await bach.registry.update("home", is_active=True)
    await clock.settle()
    assert heard(platform) == [("eve", "Water!"), ("ada", "Water!")]


async def test_where_all_is_down_it_waits_and_does_not_end(house: World) -> None:
    """In an outage an alarm would be over in a second, without anybody told."""
    bach, platform, clock = house
    for name in ("home", "zoo"):
        await bach.registry.update(name, is_active=False)
    run = await bach.start_route("water", "Water!")
    await clock.settle()
    assert (run.status, [one.place for one in run.tried]) == (RouteStatus.UNDER_WAY, [ADA])
    await bach.registry.update("home", is_active=True)
    await clock.settle()
    assert heard(platform) == [("ada", "Water!")]


async def test_a_refusal_is_not_waited_for(house: World) -> None:
    """The platform knows no Ada; a minute would pass before Bob hears."""
    bach, platform, clock = house
    platform.outcomes.append(Dead(fault=Fault(code="unknown_recipient", text="No such chat.")))
    await bach.start_route("water", "Water!")
    await clock.settle()
    assert [who for who, _ in heard(platform)] == ["bob", "eve"]


async def test_one_that_cannot_be_told_costs_no_other(house: World) -> None:
    """Eve's connection is removed, and Bob beside her would hear nothing."""
    bach, platform, clock = house
    run = await bach.start_route("water", "Water!")
    await bach.registry.remove("zoo")
    await clock.advance(60)
    assert [who for who, _ in heard(platform)] == ["ada", "bob"]
    assert [one.place for one in (await bach.route_run(run.id)).tried] == [ADA, BOB]


async def test_nobody_gets_the_repetition_of_what_still_waits(house: World) -> None:
    """After an outage all repetitions would come at once."""
    bach, platform, clock = house
    again = Step(places=(ADA, EVE), repeats=2, repeat_every=30.0, wait=60.0)
    await bach.routes.set(replace(WATER, steps=(again,)))
    await bach.stop("zoo")
    await bach.start_route("water", "Water!")
    await clock.advance(30)
    await clock.advance(30)
    await bach.start("zoo")
    await clock.settle()
    assert sorted(who for who, _ in heard(platform)) == ["ada", "ada", "ada", "eve"]
    await clock.advance(60)
    assert (await bach.route_runs())[0].status is RouteStatus.EXHAUSTED


async def test_what_is_called_off_says_so_and_goes_no_further(house: World) -> None:
    """The cellar is dry, and all are still woken."""
    bach, platform, clock = house
    run = await bach.start_route("water", "Water!")
    await clock.settle()
    assert (await bach.cancel_route(run.id)).status is RouteStatus.CANCELLED
    await clock.advance(1000)
    assert (len(heard(platform)), edits(platform)) == (1, {"ada": "Water!\n\nThis is over"})
    assert (await bach.acknowledge(run.id, "Ada")).status is RouteStatus.CANCELLED


async def test_a_press_that_came_while_the_process_died_counts(tmp_path: Path) -> None:
    """Ada has pressed, it is in the inbox, and the next start wakes the whole house."""
    platform, clock = FakePlatform(), FakeClock()
    kinds = {"fake": fake_connector(platform, receives=True)}
    rows = [Connection(name=name, type="fake", allowed=frozenset({"ada"})) for name in ("home", "zoo")]
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=kinds, connections=rows, grace=0) as bach:
        await bach.routes.set(WATER)
        run = await bach.start_route("water", "Water!")
        await clock.settle()
        await bach._routing.runner.close()  # it dies before it hears of what was announced
        press_of_ada = platform.presses(platform.sent[0], "I have it", sender="ada")
        await bach.take("home", replace(press_of_ada, recipient="ada"))
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=kinds, grace=0) as bach:
        await clock.settle()
        assert (await bach.route_run(run.id)).status is RouteStatus.ACKNOWLEDGED


async def test_a_disk_that_takes_nothing_stops_no_alarm(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full for a minute, and the next step never comes."""
    bach, platform, clock = house
    await bach.start_route("water", "Water!")
    await clock.settle()
    runner = bach._routing.runner
    send, full = runner._services.sender.letters.put, StoreFailedError(path="x", reason="full")
    monkeypatch.setattr(runner._services.sender.letters, "put", AsyncMock(side_effect=full))
    await clock.advance(60)
    assert len(heard(platform)) == 1
    monkeypatch.setattr(runner._services.sender.letters, "put", send)
    await clock.advance(5)
    assert len(heard(platform)) == 3


async def test_of_two_that_go_on_at_the_same_moment_one_does(house: World) -> None:
    """Two processes share the database, and everybody would be told twice."""
    bach, _, clock = house
    run = await bach.start_route("water", "Water!")
    await clock.settle()
    runner = bach._routing.runner
    runner._listener.get(run.id).run = run  # type: ignore[union-attr] # as one that has not heard
    await bach._base.store.submit(lambda tx: save_run(tx, replace(run, version=2, by="Bob"), is_open=True))
    run = await runner.handle(run, Acknowledged("Ada"))
    assert (run.version, run.by) == (3, "Ada")  # it has read what the other wrote, and goes on from there


async def test_a_route_that_could_not_be_gone_is_refused(house: World) -> None:
    """It would be found out when the water runs."""
    nowhere = Step(places=(Place(connection="moon", recipient="ada"),))
    with pytest.raises(InputError):
        await house.bach.routes.set(replace(WATER, steps=(nowhere,)))
    assert house.bach.routes.list() == [WATER]


@pytest.mark.parametrize("wrong", [{"text": " "}, {"text": "x" * 20_000}, {"priority": 11}, {"silent": 1}])
async def test_what_cannot_be_told_is_refused(house: World, wrong: dict[str, object]) -> None:
    """Everybody would be told nothing, one after the other."""
    said = {"text": "Water!", **wrong}
    with pytest.raises(InputError):
        await house.bach.start_route("water", **said)  # type: ignore[arg-type] # of several types
    with pytest.raises(UnknownRouteError):
        await house.bach.start_route("fire", "Fire!")
    with pytest.raises(UnknownRunError):
        await house.bach.acknowledge(7, "Ada")
    assert await house.bach.route_runs() == []


async def test_routes_and_runs_are_removed(house: World) -> None:
    """What was begun under a route would end with it; or what is over would fill the disk."""
    bach, platform, clock = house
    run = await bach.start_route("water", "Water!")
    await bach.routes.remove("water")
    await clock.advance(60)
    assert len(heard(platform)) == 3
    await bach.acknowledge(run.id, "Ada")
    await clock.settle()
    assert await bach._routing.book.purge(clock.now() + 1, clock.now()) == 1
    assert await bach.route_runs() == []


@pytest.mark.parametrize("reached", [Reached.SENT, Reached.ACKNOWLEDGED])
async def test_what_is_enough_is_what_the_step_says(house: World, reached: Reached) -> None:
    """A route for which arriving is enough would wake everybody; or one that asks for a person would be content."""
    bach, platform, clock = house
    first = Step(places=(ADA,), wait=60.0, reached=reached)
    await bach.routes.set(replace(WATER, steps=(first, Step(places=(BOB,)))))
    run = await bach.start_route("water", "Water!")
    await clock.advance(60)
    assert (await bach.route_run(run.id)).reached is (reached if reached is Reached.SENT else None)
    assert ("bob", "Water!") not in heard(platform) or reached is Reached.ACKNOWLEDGED


async def test_a_killed_process_goes_on_where_it_was(tmp_path: Path) -> None:
    """The machine starts anew at three in the morning, and the alarm is forgotten, or begins from its beginning."""
    platform, clock = FakePlatform(), FakeClock()
    kinds = {"fake": fake_connector(platform, receives=True)}
    rows = [Connection(name=name, type="fake") for name in ("home", "zoo")]
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=kinds, connections=rows, grace=0) as bach:
        await bach.routes.set(WATER)
        run = await bach.start_route("water", "Water!")
        await clock.settle()
    await clock.advance(45)
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=kinds, grace=0) as bach:
        await clock.settle()
        assert [who for who, _ in heard(platform)] == ["ada"]
        await clock.advance(15)
        assert [who for who, _ in heard(platform)] == ["ada", "bob", "eve"]
        await bach.acknowledge(run.id, "Ada")
    async with Bach(tmp_path / "bach.db", clock=clock, connectors=kinds, grace=0) as bach:
        await clock.settle()
        assert len(edits(platform)) == 3
        assert len([one for one in platform.sent if one.operation is Operation.EDIT]) == 3
        await clock.advance(1000)
    assert len(heard(platform)) == 3


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "change", ["state = '{}'", "state = replace(state, '\"stage\": 0', '\"stage\": 9')", "status = 'odd'"]
)
async def test_a_damaged_run_costs_no_other(tmp_path: Path, change: str) -> None:
    """A disk flips a bit, and after the next start no alarm goes on."""
    path, platform, clock = tmp_path / "bach.db", FakePlatform(), FakeClock()
    kinds = {"fake": fake_connector(platform, receives=True)}
    rows = [Connection(name=name, type="fake") for name in ("home", "zoo")]
    async with Bach(path, clock=clock, connectors=kinds, connections=rows, grace=0) as bach:
        await bach.routes.set(WATER)
        await bach.routes.set(replace(WATER, name="fire"))
        runs = [await bach.start_route("water", f"Water {number}") for number in range(2)]
        await clock.settle()
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute(f"UPDATE route_runs SET {change} WHERE id = {runs[0].id}")
        file.execute("UPDATE routes SET steps = 'x' WHERE name = 'fire'")
    async with Bach(path, clock=clock, connectors=kinds, grace=0) as bach:
        assert [route.name for route in bach.routes.list()] == ["water"]
        with pytest.raises(UnknownRunError):
            await bach.route_run(runs[0].id)
        await clock.advance(60)
        assert sorted(text for _, text in heard(platform)) == ["Water 0", *["Water 1"] * 3]


async def test_an_alarm_that_no_platform_takes_ends(house: World) -> None:
    """One that is too long for all would be tried without end, as whoever caused it is left, and wear out the disk."""
    bach, platform, clock = house
    route = Route(name="long", steps=(Step(places=(ADA, BOB), but_cause=True),))
    run = await bach.start_route(route, "x" * 5000, caused_by=[ADA])
    await clock.settle()
    run = await bach.route_run(run.id)
    assert (run.status, run.version, heard(platform)) == (RouteStatus.EXHAUSTED, 3, [])
