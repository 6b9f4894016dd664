"""What the receiver tells: health, the log, the names of its tasks; and how it waits, wakes and judges presses."""

import asyncio
import logging
from itertools import pairwise

import pytest

from bach_lib import ConnectionState, Fault, ReceivePolicy
from bach_lib.connectors import checked as border
from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.platform_time import UNKNOWN
from bach_lib.errors import StoreFailedError
from bach_lib.events import ConnectionChanged
from bach_lib.inbound.inbox import Accepted
from bach_lib.models import Direction
from bach_lib.models.incoming import Content, Kind
from bach_lib.redact import Redactor
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming
from tests.lib.inbound.receiving import DOWN, Bench, Platform, hang


def press(remote_id: str = "p1") -> Incoming:
    """Somebody presses a button; a press carries no date."""
    return incoming(remote_id=remote_id, kind=Kind.BUTTON, text="", content=Content(value="yes"))


def bring(platform: Platform, *messages: Incoming, told_at: float | None = None, is_complete: bool = True) -> None:
    """The next poll brings these."""
    platform.incoming.put_nowait(Batch(messages=messages, cursor="1", told_at=told_at, is_complete=is_complete))


# -- health ------------------------------------------------------------------------------------------------------------


async def test_how_it_stands_is_told_with_the_last_success(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """A screen could not say since when nothing comes, or would mix the two directions up."""
    events: list[ConnectionChanged] = []
    bench.bus.subscribe(ConnectionChanged, events.append)
    assert bench.receiver.health.state is ConnectionState.DISABLED
    await bench.start()
    bring(platform)
    await clock.settle()
    came = clock.now()
    await clock.advance(10)
    platform.incoming.put_nowait(DOWN)
    await clock.settle()
    assert bench.receiver.health.last_success == came
    await bench.receiver.stop()
    await bench.start()
    assert [(event.connection, event.direction) for event in events] == [("home", Direction.RECEIVING)] * 5
    assert [(event.health.state, event.health.last_success, event.health.fault) for event in events] == [
        (ConnectionState.STARTING, None, None),
        (ConnectionState.CONNECTED, came, None),
        (ConnectionState.DISCONNECTED, came, DOWN),
        (ConnectionState.DISABLED, came, None),
        (ConnectionState.STARTING, came, None),
    ]


async def test_the_log_has_a_line_when_it_breaks_and_one_when_it_is_back(
    bench: Bench, platform: Platform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody would find out later what happened in the night."""
    caplog.set_level(logging.INFO)
    await bench.start()
    platform.incoming.put_nowait(DOWN)
    await clock.settle()
    bring(platform)
    await clock.advance(1)
    assert [record.getMessage() for record in caplog.records] == [
        "Receiving through home does not work: No route to host",
        "Receiving through home works again",
    ]


async def test_a_poll_without_an_answer_is_told_in_words(bench: Bench, platform: Platform, clock: FakeClock) -> None:
    """A screen would show an empty reason."""

    async def late(cursor: str | None) -> Batch:
        raise TimeoutError

    platform.receive = late
    await bench.start()
    assert bench.receiver.health.fault == Fault(code="timeout", text="The platform did not answer in time.")


async def test_a_disk_that_fails_is_told_in_its_words(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk would be taken for a fault of the platform."""
    error = StoreFailedError(path="bach.db", reason="disk full")

    async def full_disk(*args: object, **options: object) -> None:
        raise error

    for broken in ("cursor", "accept"):
        with monkeypatch.context() as patched:
            patched.setattr(bench.inbox, broken, full_disk)
            await bench.start()
            bring(platform)
            await clock.settle()
            assert bench.receiver.health.fault == Fault(code="store_failed", text=str(error))
            await bench.receiver.stop()


async def test_what_room_costs_and_wrong_clocks_stand_in_the_log(
    bench: Bench, platform: Platform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Messages would be missing, or times be odd, and nothing would say why."""
    bench.make(ReceivePolicy(sender_rows=1))
    await bench.start()
    for begin, count in ((0, 3), (3, 100)):
        bring(platform, *(incoming(remote_id=str(begin + number)) for number in range(count)), told_at=clock.now() + 99)
        await clock.settle()
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "The clock of this machine is 99 s behind that of the platform of home, which counts for what comes in",
        "3 old messages of home made room in the inbox for new ones",
    ]


# -- waiting and waking ------------------------------------------------------------------------------------------------


async def test_waking_polls_at_once_but_not_against_the_platforms_wish(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """A message that gets through would not help receiving back; or help a bot to be banned."""
    bench.receiver.wake()
    await bench.start()
    bench.receiver.wake()
    platform.incoming.put_nowait(DOWN)
    await clock.settle()
    polls = len(platform.cursors)
    for _ in range(2):
        bench.receiver.wake()
    platform.incoming.put_nowait(Fault(code="rate_limited", text="Too many", retry_after=60))
    await clock.settle()
    assert len(platform.cursors) == polls + 1
    bench.receiver.wake()
    await clock.advance(59)
    assert len(platform.cursors) == polls + 1
    await clock.advance(1)
    assert len(platform.cursors) == polls + 2


@pytest.mark.parametrize(
    ("wish", "gaps"), [(None, [0.25, 0.5]), (0.0, [0.25, 0.5]), (0.375, [0.375, 0.5]), (3, [3, 3])]
)
async def test_the_longer_of_the_platforms_wish_and_our_own_pause_counts(
    bench: Bench, platform: Platform, clock: FakeClock, wish: float | None, gaps: list[float]
) -> None:
    """A wish of a moment would make many fast polls of a pause that had grown."""
    times: list[float] = []

    async def fail(cursor: str | None) -> Fault:
        times.append(clock.monotonic())
        return Fault(code="rate_limited", text="Too many", retry_after=wish)

    platform.receive = fail
    bench.make(ReceivePolicy(backoff=(0.25, 0.5), stall_seconds=120))
    await bench.start()
    await clock.advance(sum(gaps))
    assert [later - earlier for earlier, later in pairwise(times)] == gaps


async def test_a_good_poll_keeps_the_watchdog_off_for_its_whole_time(
    bench: Bench, platform: Platform, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A connection would be torn down although it was well a moment ago, or nobody would read why."""
    caplog.set_level(logging.INFO)
    await bench.start()
    await clock.advance(0.5)
    bring(platform)
    await clock.settle()
    platform.receive = hang
    await clock.advance(119.5)
    assert platform.resets == 0
    await clock.advance(0.5)
    assert platform.resets == 1
    assert "Receiving through home is being set up anew: nothing came for 120 s" in caplog.messages


async def test_a_reset_that_fails_is_told_without_secrets(
    bench: Bench,
    platform: Platform,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody could mend it; or the token would stand in the log."""

    async def broken(_: object) -> None:
        raise RuntimeError("https://example.org/hush-hush")

    monkeypatch.setattr(type(bench.connector), "reset", broken)
    platform.receive = hang
    await bench.start("hush-hush")
    await clock.advance(120)
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    raised = "reset raised RuntimeError: RuntimeError('https://example.org/***')"
    assert told == [f'The connector "fake" of home made a mistake: {raised}']


async def test_a_press_that_is_not_acknowledged_is_told(
    bench: Bench,
    platform: Platform,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A button that turns for ever would be a riddle; or the log would hold a token."""

    async def broken(message: Incoming) -> None:
        raise RuntimeError("query hush-hush is too old")

    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(bench.connector, "acknowledge", broken)
    await bench.start("hush-hush")
    bring(platform, press())
    await clock.settle()
    raised = "acknowledge raised RuntimeError: RuntimeError('query *** is too old')"
    assert f'The connector "fake" of home made a mistake: {raised}' in caplog.messages


# -- tasks -------------------------------------------------------------------------------------------------------------


async def test_every_task_says_what_it_does(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When something hangs in somebody's house, a list of tasks without names is all there would be."""
    go_on, others = asyncio.Event(), asyncio.all_tasks()

    async def stuck(*args: object, **options: object) -> Accepted:
        await go_on.wait()
        raise StoreFailedError(path="bach.db", reason="disk full")

    for place, method in ((bench.inbox, "accept"), (bench.connector, "reset"), (bench.connector, "acknowledge")):
        monkeypatch.setattr(place, method, stuck)
    await bench.start()
    bring(platform, press())
    await clock.settle()
    assert names(others) == {"bach-receive-home", "bach-inbox-home", "bach-acknowledge", "acknowledge of home"}
    taking = asyncio.create_task(bench.receiver.take(incoming(), redact=Redactor()), name="mine")
    setting_aside = asyncio.create_task(
        bench.receiver.set_aside(Unreadable(raw="?", reason="no text"), Redactor()), name="mine"
    )
    monkeypatch.setattr(bench.inbox, "unrouted", stuck)
    bench.receiver.open(Redactor())
    await clock.advance(120)
    assert names(others) >= {"bach-rebuild-home", "bach-left-over-home", "bach-take", "bach-set-aside"}
    go_on.set()
    await asyncio.gather(taking, setting_aside, return_exceptions=True)


async def test_an_acknowledgement_that_hangs_is_given_up(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each press would leave something behind that holds a connection open, for as long as the house runs."""
    others = asyncio.all_tasks()
    monkeypatch.setitem(border._SECONDS, "acknowledge", 0.01)
    monkeypatch.setattr(bench.connector, "acknowledge", hang)
    await bench.start()
    bring(platform, press())
    await clock.settle()
    async with asyncio.timeout(60):
        while names(others) != {"bach-receive-home", "receive of home"}:  # noqa: ASYNC110 - real time passes, inside of asyncio.timeout
            await asyncio.sleep(0)


def names(others: set[asyncio.Task[object]]) -> set[str]:
    """Of the tasks that are new."""
    return {task.get_name() for task in asyncio.all_tasks() - others}


# -- presses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "expected"), [(200, Kind.BUTTON), (400, Kind.EXPIRED)])
async def test_a_press_during_a_restart_is_as_old_as_the_restart_was_long(
    bench: Bench, platform: Platform, clock: FakeClock, seconds: float, expected: Kind
) -> None:
    """Whoever answers while Home Assistant restarts would answer twice, or the press of last night open the door."""
    await bench.start()
    bring(platform)
    await clock.settle()
    await bench.receiver.stop()
    bench.make()
    await clock.advance(seconds)
    await bench.start()
    bring(platform, press())
    await clock.settle()
    assert [message.kind for message in bench.received] == [expected]


async def test_presses_are_judged_by_the_clock_of_the_platform(
    bench: Bench, platform: Platform, clock: FakeClock
) -> None:
    """A machine that starts with the wrong time would open the door for a press of last night."""
    await bench.start()
    bring(platform, told_at=5000.0)
    await clock.settle()
    clock.jump(-9000)
    bring(platform, press("p1"), told_at=5400.0)
    await clock.settle()
    bring(platform, press("p2"), told_at=5410.0)
    await clock.settle()
    bring(platform, press("p3"), told_at=UNKNOWN)
    await clock.settle()
    assert [message.kind for message in bench.received] == [Kind.EXPIRED, Kind.BUTTON, Kind.BUTTON]
    await bench.receiver.stop()
    assert await bench.inbox.caught_up_at("home") == 5410.0


async def test_a_disk_that_fails_at_the_end_does_not_stop_the_end(
    bench: Bench, platform: Platform, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk would keep Home Assistant from shutting down in order."""
    await bench.start()
    bring(platform)
    await clock.settle()
    error = StoreFailedError(path="bach.db", reason="disk full")
    go_on = asyncio.Event()

    async def full_disk(*args: object, **options: object) -> Accepted:
        await go_on.wait()
        raise error

    for method in ("accept", "save_caught_up_at"):
        monkeypatch.setattr(bench.inbox, method, full_disk)
    bring(platform, incoming())
    await clock.settle()
    stopping = asyncio.create_task(bench.receiver.stop())
    await clock.settle()
    go_on.set()
    await stopping
    assert bench.states[-1] is ConnectionState.DISABLED
