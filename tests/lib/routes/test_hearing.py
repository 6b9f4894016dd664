"""What a run hears: of its messages, of people, and of other processes; and how long it listens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest

from bach_lib import (
    Bach,
    Connection,
    Fault,
    Message,
    Operation,
    Place,
    ProofKind,
    Proven,
    Reached,
    RouteEvent,
    RouteRun,
    RouteStatus,
    RouteStepped,
    Status,
    StoreFailedError,
    Tried,
)
from bach_lib.connectors.base import Batch, Proof
from bach_lib.outcomes import Dead
from bach_lib.questions.open_questions import Questions
from bach_lib.routes.book import RunBook, Writing
from bach_lib.routes.deciding import Decision, Known, Lost
from bach_lib.routes.diligence import Diligence
from bach_lib.routes.limits import overtaken
from bach_lib.routes.listening import Listener
from bach_lib.routes.runner import RouteRunner
from bach_lib.routes.starting import new_run
from bach_lib.testing import FakeClock, FakePlatform, World, world
from tests.lib.routes.test_runner import ADA, BOB, EVE, WATER, press


@pytest.fixture
async def house() -> AsyncIterator[World]:
    """Two connections, and the route "water"."""
    rows = [Connection(name=name, type="fake", allowed=frozenset({"ada", "bob"})) for name in ("home", "zoo")]
    async with world(connections=rows) as made:
        made.platform.tells_proofs = True
        await made.bach.routes.set(WATER)
        yield made


async def goes(bach: Bach, reached: Reached) -> RouteRun:
    """Start an alarm for whose first step so much is enough."""
    first = replace(WATER.steps[0], reached=reached)
    return await bach.start_route(replace(WATER, steps=(first, *WATER.steps[1:])), "Water!")


def heard(platform: FakePlatform) -> list[str]:
    """Who was told, in order."""
    return [sent.recipient for sent in platform.sent if sent.operation is Operation.SEND]


def edits(platform: FakePlatform) -> dict[str, str]:
    """What messages were changed to, by recipient."""
    return {sent.recipient: sent.text for sent in platform.sent if sent.operation is Operation.EDIT}


def runner_of(bach: Bach) -> RouteRunner:
    """What goes on with its runs."""
    return bach._routing.runner


async def elsewhere(bach: Bach, run: RouteRun, *tell: Place, ids: tuple[int, ...] = ()) -> RouteRun:
    """Another process writes what a run has come to."""
    writing = Writing(Decision(run, tell), bach._base.clock.now())
    await bach._base.store.submit(lambda tx: writing(tx, ids))
    return writing.run


async def test_what_arrives_late_ends_it_when_it_arrives(house: World) -> None:
    """The line is back, all is well, and the next is woken all the same when the minute is over."""
    bach, platform, clock = house
    platform.holds()
    run = await goes(bach, Reached.SENT)
    await clock.advance(5)
    platform.works()
    await clock.settle()
    run = await bach.route_run(run.id)
    assert (run.status, run.ended_at, run.reached) == (RouteStatus.ACKNOWLEDGED, clock.now(), Reached.SENT)
    assert run.by is None
    await clock.settle()
    assert edits(platform) == {"ada": "Water!\n\nThis is over"}


async def test_what_is_refused_late_is_not_waited_for(house: World) -> None:
    """The platform is back and knows no Ada; the rest of the minute would pass before Bob hears."""
    bach, platform, clock = house
    platform.outcomes.append(Dead(fault=Fault(code="unknown_recipient", text="No such chat.")))
    platform.holds()
    await bach.start_route("water", "Water!")
    await clock.advance(5)
    platform.works()
    await clock.settle()
    assert sorted(heard(platform)) == ["bob", "eve"]


async def test_who_has_seen_it_is_named(house: World) -> None:
    """It would be over, and nobody could read who knows of it."""
    bach, platform, clock = house
    await bach.stop("zoo")  # else it may be told
    run = await goes(bach, Reached.SEEN)
    await clock.settle()
    for kind, status in ((ProofKind.DELIVERED, RouteStatus.UNDER_WAY), (ProofKind.SEEN, RouteStatus.ACKNOWLEDGED)):
        proof = Proof(kind=kind, remote_ids=("1",), sender_id="ada", sender_name="Ada L.", places=("ada",))
        platform.incoming.put_nowait(Batch(messages=(), cursor=kind, proofs=(proof,)))
        await clock.settle()
        run = await bach.route_run(run.id)
        assert run.status is status
    assert (run.by, run.reached) == ("Ada L.", Reached.SEEN)
    assert list(edits(platform)) == ["ada"]
    assert edits(platform)["ada"].startswith("Water!\n\nAda L. has it, ")


async def test_who_presses_has_answered_the_message(house: World) -> None:
    """The message that woke her would say that nobody has answered it."""
    bach, _, clock = house
    await bach.start_route("water", "Water!")
    await clock.settle()
    press(bach, 1, "ada")
    await clock.settle()
    assert [one.kind for one in (await bach.get(1)).proven if one.person == "ada"][-1:] == [ProofKind.ANSWERED]


async def test_each_step_tells_who_was_told(house: World) -> None:
    """An automation that shows who has been woken would show nobody."""
    bach, _, clock = house
    told = list[RouteEvent]()
    bach.subscribe(RouteEvent, told.append)
    run = await bach.start_route("water", "Water!")
    await clock.advance(60)
    assert [(type(one), [tried.place for tried in one.run.tried]) for one in told] == [
        (RouteStepped, [ADA]),
        (RouteStepped, [ADA, BOB, EVE]),
    ]
    assert {one.run.id for one in told} == {run.id}
    assert [one.at for one in told[-1].run.tried] == [clock.now() - 60, clock.now(), clock.now()]


async def test_whoever_cannot_be_told_is_named_in_the_log(house: World, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody would know why Eve was not woken."""
    bach, _, clock = house
    await bach.start_route("water", "Water!")
    await bach.registry.remove("zoo")
    caplog.clear()
    await clock.advance(60)
    [record] = [one for one in caplog.records if one.name == "bach_lib.routes.telling"]
    assert record.getMessage() == (
        'The route water could not tell eve through zoo: There is no connection named "zoo". Known connections: home.'
    )
    assert record.__dict__["connection"] == "zoo"


async def test_what_is_on_its_way_when_somebody_has_it_says_so_when_it_arrives(house: World) -> None:
    """Ada's telephone would ring of water that is long mended, with a button that asks her to act."""
    bach, platform, clock = house
    platform.holds()
    run = await bach.start_route("water", "Water!")
    await clock.settle()
    await bach.acknowledge(run.id, "Bob")
    await clock.settle()
    assert (await bach.get(1)).status is Status.SENDING
    platform.works()
    await clock.settle()
    assert list(edits(platform)) == ["ada"]
    assert await bach._routing.book.open_runs() == []


async def test_what_others_began_and_ended_is_followed(house: World) -> None:
    """The process that began an alarm dies, and no other goes on with it; or one tells of what is long over."""
    bach, platform, clock = house
    runner, other = runner_of(bach), RunBook(bach._base.store)
    begun = new_run(WATER, "Water!", {}, clock.now())
    receipt = await bach.send("home", "ada", "Water!")
    run = replace(begun, left=(1,), stage=0, told=1, due_at=clock.now() + 60.0)
    run = await elsewhere(bach, run, ADA, ids=(receipt.id,))
    await runner.look_again()
    assert [one.run for one in runner._listener] == [run]
    later = await elsewhere(bach, replace(run, due_at=clock.now() + 90.0))
    await runner.look_again()
    assert [one.run for one in runner._listener] == [later]
    known = runner._listener.get(run.id)
    await runner.look_again()
    assert runner._listener.get(run.id) is known
    await other.close(later)
    await runner.look_again()
    assert list(runner._listener) == []
    assert runner._listener._run_of == {}  # or the memory would fill, alarm by alarm
    await clock.advance(1000)
    assert heard(platform) == ["ada"]


def test_what_was_told_is_newer_than_what_was_read() -> None:
    """A message that has arrived would look as if it still waited, and nobody would get the repetition."""
    tried = Tried(place=ADA, stage=0, at=1.0, message_id=7)
    run = replace(new_run(WATER, "Water!", {}, 1.0), id=1, tried=(tried,))
    listener = Listener(Questions(), lambda _, recipient: recipient, lambda *_: None)
    watched = listener.watch(run, ())
    waiting = Message(id=7, nonce="0-7", connection="home", recipient="ada", text="Water!", status=Status.PENDING)
    seen = Proven(kind=ProofKind.SEEN, people=1, at=2.0, latest_at=2.0, person="ada", name="")
    listener.happened(watched, replace(waiting, status=Status.SENT, proven=(seen,)))
    listener.learn(watched, [waiting])
    assert list(watched.heard()) == [Known(7, Reached.SENT), Known(7, Reached.SEEN, "ada"), Lost(frozenset())]
    watched.told_of.clear()
    listener.learn(watched, [waiting])
    assert watched.waiting == {7}
    assert list(watched.heard()) == [Lost(frozenset())]
    listener.learn(watched, [])
    assert list(watched.heard()) == [Lost(frozenset({7}))]


async def test_a_runner_that_is_closed_hears_nothing(house: World) -> None:
    """It would go on with alarms of a database that is closed, or that another process has."""
    bach, platform, clock = house
    run = await bach.start_route("water", "Water!")
    await clock.settle()
    runner = runner_of(bach)
    await runner.close()
    assert list(runner._listener) == []
    await runner.look_again()
    assert list(runner._listener) == []
    await clock.advance(1000)
    assert heard(platform) == ["ada"]
    assert (await bach.route_run(run.id)).status is RouteStatus.UNDER_WAY


async def test_work_goes_on_until_it_is_done(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """A fault that nobody thought of would end an alarm; or what is done would be done again."""
    diligence, tries = Diligence(clock), list[float]()
    failures: list[Exception] = [ValueError("odd"), StoreFailedError(path="x", reason="full")]

    async def work() -> None:
        tries.append(clock.monotonic())
        if failures:
            raise failures.pop()

    diligence.begin(work)
    await clock.settle()
    assert tries == []  # it was not opened
    diligence.open()
    diligence.begin(work)
    began = clock.monotonic()
    await clock.advance(4)
    await clock.advance(100)
    assert [one - began for one in tries] == [0, 5, 10]
    assert caplog.messages == [
        f"A route could not go on, and is tried again: {StoreFailedError(path='x', reason='full')}",
        "A route could not go on, and is tried again",
    ]
    assert not diligence._cancels
    await diligence.close()


async def test_what_is_closed_begins_nothing_again(clock: FakeClock) -> None:
    """An alarm would be told by a program that has ended."""
    diligence, tries, endless = Diligence(clock), list[int](), asyncio.Event()

    async def work() -> None:
        tries.append(len(tries))
        with suppress(asyncio.CancelledError):
            await endless.wait()
        tries.append(-1)

    diligence.open()
    diligence.begin(work)
    await clock.settle()
    await diligence.close()
    assert tries == [0, -1]
    diligence.begin(work)
    await clock.settle()
    assert tries == [0, -1]


def test_which_alarms_are_overtaken_says_no_order_they_are_found_in() -> None:
    """The newer of two alarms would be ended for the older one, where another process has begun that."""
    old, new, other = (
        replace(new_run(WATER, "!", {"tag": tag}, 1.0), id=n) for n, tag in ((3, "a"), (4, "a"), (5, "b"))
    )
    for runs in ([old, new, other], [other, new, old]):
        assert list(overtaken(runs)) == [(old, 4)]
    ended = replace(old, status=RouteStatus.ACKNOWLEDGED)
    assert list(overtaken([new, ended, replace(other, tag=None)])) == []
