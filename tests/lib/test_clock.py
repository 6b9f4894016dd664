"""What every clock promises, run on every clock there is; and what the one for tests promises beyond that."""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from bach_lib import Clock, SystemClock
from bach_lib.storage import CommonClock, MemoryDatabase
from bach_lib.testing import FakeClock
from bach_lib.testing import clock as clock_module


class Turn(Protocol):
    """Lets time pass on a clock until something is true."""

    async def __call__(self, clock: Clock, until: Callable[[], bool]) -> None:
        """Return when it is true."""
        ...


async def let_it_run(clock: Clock, until: Callable[[], bool]) -> None:
    """Real time passes by itself."""
    async with asyncio.timeout(60):
        while not until():  # noqa: ASYNC110 - only the clock under test tells when
            await asyncio.sleep(0)


async def turn_by_hand(clock: Clock, until: Callable[[], bool]) -> None:
    """The time of tests is turned."""
    assert isinstance(clock, FakeClock)
    for _ in range(1000):
        if until():
            return
        await clock.advance(0.001)
    pytest.fail("that time never comes")


@pytest.mark.skipif(
    not hasattr(time, "CLOCK_BOOTTIME"), reason="elsewhere no clock stands still while the machine sleeps"
)
def test_time_goes_on_while_the_machine_sleeps() -> None:
    """After a night's sleep, what was meant for the evening would go out."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= SystemClock().monotonic() <= time.clock_gettime(time.CLOCK_BOOTTIME)


IMPLEMENTATIONS: dict[type[Clock], tuple[Callable[[], Clock], Turn]] = {
    SystemClock: (SystemClock, let_it_run),
    CommonClock: (lambda: CommonClock(MemoryDatabase()), let_it_run),
    FakeClock: (FakeClock, turn_by_hand),
}


def subclasses(of: type[Clock]) -> Iterator[type[Clock]]:
    """Every clock in the library."""
    for subclass in of.__subclasses__():
        if subclass.__module__.startswith("bach_lib."):
            yield subclass
        yield from subclasses(subclass)


def test_no_clock_is_forgotten() -> None:
    """A test double that behaves differently would let mistakes through."""
    assert set(subclasses(Clock)) == set(IMPLEMENTATIONS)  # type: ignore[type-abstract] # its subclasses are not


class Bench:
    """A clock, the way to let its time pass, and what happened when."""

    def __init__(self, clock: Clock, turn: Turn) -> None:
        self.clock = clock
        self.turn = turn
        self.happened: list[str] = []

    def note(self, what: str) -> Callable[[], None]:
        """Something that can happen."""
        return lambda: self.happened.append(what)

    async def wait_for(self, number: int) -> None:
        """Until so much has happened."""
        await self.turn(self.clock, lambda: len(self.happened) >= number)

    async def wait(self, seconds: float) -> None:
        """Until this time is over."""
        end = self.clock.monotonic() + seconds
        await self.turn(self.clock, lambda: self.clock.monotonic() >= end)

    async def finish(self, work: Coroutine[object, object, None]) -> None:
        """Until this is done."""
        task = asyncio.ensure_future(work)
        await self.turn(self.clock, task.done)
        await task


@pytest.fixture(params=IMPLEMENTATIONS.items(), ids=lambda item: item[0].__name__)
def bench(request: pytest.FixtureRequest) -> Bench:
    """Each clock in turn."""
    _, (make, turn) = request.param
    return Bench(make(), turn)


# -- every clock -----------------------------------------------------------------------------------------------------


def test_now_is_a_date_of_our_time(bench: Bench) -> None:
    """Messages would be dated 1970, and purged at once."""
    assert bench.clock.now() > 1_700_000_000


async def test_monotonic_time_never_goes_back(bench: Bench) -> None:
    """A pause would end before it began."""
    times = [bench.clock.monotonic() for _ in range(100)]
    await bench.wait(0.002)
    times.append(bench.clock.monotonic())
    assert times == sorted(times)
    assert times[-1] > times[0]


async def test_timers_fire_in_their_order(bench: Bench) -> None:
    """What was due first would come last."""
    bench.clock.call_later(0.02, bench.note("late"))
    bench.clock.call_later(0.005, bench.note("early"))
    await bench.wait_for(2)
    assert bench.happened == ["early", "late"]


async def test_a_timer_never_fires_from_within_the_call(bench: Bench) -> None:
    """A part would be called back before it has finished setting the timer."""
    bench.clock.call_later(0, bench.note("now"))
    assert bench.happened == []
    await bench.wait_for(1)


@pytest.mark.parametrize("seconds", [0, -1])
async def test_a_timer_for_now_needs_no_time(bench: Bench, seconds: float) -> None:
    """In tests nothing would happen that happens at once in a house."""
    bench.clock.call_later(seconds, bench.note("now"))
    for _ in range(3):
        await asyncio.sleep(0)
    assert bench.happened == ["now"]


async def test_a_cancelled_timer_does_not_fire(bench: Bench) -> None:
    """A stopped connection would be checked once more."""
    cancel = bench.clock.call_later(0.002, bench.note("cancelled"))
    cancel_now = bench.clock.call_later(0, bench.note("cancelled"))
    bench.clock.call_later(0.004, bench.note("kept"))
    cancel()
    cancel_now()
    cancel()
    await bench.wait_for(1)
    assert bench.happened == ["kept"]


async def test_cancelling_a_timer_that_has_fired_harms_nobody(bench: Bench) -> None:
    """The next timer would be cancelled in its place."""
    cancel = bench.clock.call_later(0.002, bench.note("first"))
    await bench.wait_for(1)
    bench.clock.call_later(0.002, bench.note("second"))
    cancel()
    await bench.wait_for(2)
    assert bench.happened == ["first", "second"]


async def test_a_timer_may_set_the_next(bench: Bench) -> None:
    """Checks that repeat would run once."""

    def again() -> None:
        bench.happened.append("again")
        if len(bench.happened) < 3:
            bench.clock.call_later(0.002, again)

    bench.clock.call_later(0.002, again)
    await bench.wait_for(3)


async def test_an_alarm_does_not_ring_before_its_time(bench: Bench) -> None:
    """What is wanted at seven would be sent while everybody sleeps."""
    at = bench.clock.now() + 0.01
    bench.clock.call_at(at, bench.note("it is time"))
    await bench.wait_for(1)
    assert bench.clock.now() >= at


async def test_an_alarm_of_the_past_rings_at_once(bench: Bench) -> None:
    """What was due while the machine was off would wait for ever."""
    bench.clock.call_at(bench.clock.now() - 1, bench.note("now"))
    assert bench.happened == []
    for _ in range(3):
        await asyncio.sleep(0)
    assert bench.happened == ["now"]


async def test_a_cancelled_alarm_does_not_ring(bench: Bench) -> None:
    """A stopped connection would go on, and each time that was set anew would leave an open file."""
    cancel = bench.clock.call_at(bench.clock.now() + 0.002, bench.note("cancelled"))
    bench.clock.call_at(bench.clock.now() + 0.004, bench.note("kept"))
    cancel()
    cancel()
    await bench.wait_for(1)
    assert bench.happened == ["kept"]


@pytest.mark.skipif(sys.platform != "linux" or sys.version_info < (3, 13), reason="no timer of the system's there")
async def test_an_alarm_holds_a_file_only_as_long_as_it_waits() -> None:
    """After some thousand scheduled messages nothing could be opened any more."""
    folder, clock = Path("/proc/self/fd"), SystemClock()
    before, rang = len(list(folder.iterdir())), asyncio.Event()
    cancels = [clock.call_at(clock.now() + 900, rang.set) for _ in range(3)]
    clock.call_at(clock.now() + 0.002, rang.set)
    for cancel in cancels:
        cancel()
    await rang.wait()
    assert len(list(folder.iterdir())) == before


async def test_an_alarm_follows_a_clock_that_is_set() -> None:
    """After a power cut the clock is hours behind, and what is due would wait as long again."""
    clock, happened = FakeClock(), list[str]()
    clock.call_at(clock.now() + 3600, lambda: happened.append("at eight"))
    clock.jump(-600)
    await clock.advance(3700)
    assert not happened
    clock.jump(1000)
    await clock.settle()
    assert happened == ["at eight"]


async def test_sleep_lasts_as_long_as_asked(bench: Bench) -> None:
    """A pause would be too short, and the platform would answer 429."""
    before = bench.clock.monotonic()
    await bench.finish(bench.clock.sleep(0.01))
    assert bench.clock.monotonic() - before >= 0.0099


@pytest.mark.parametrize("seconds", [0, -1])
async def test_no_time_to_sleep_is_no_sleep(bench: Bench, seconds: float) -> None:
    """A loop would stand still in tests and run in a house."""
    async with asyncio.timeout(60):
        await bench.clock.sleep(seconds)


async def test_sleep_can_be_cancelled(bench: Bench) -> None:
    """A shutdown would wait for every pause."""
    task = asyncio.create_task(bench.clock.sleep(1e9))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_very_long_time_is_possible(bench: Bench) -> None:
    """A message that lives for a thousand years would stop the loop."""
    cancels = [bench.clock.call_later(seconds, bench.note("never")) for seconds in (3e10, 1e308)]
    await bench.wait(0.002)
    assert bench.happened == []
    for cancel in cancels:
        cancel()


# -- the machine's ---------------------------------------------------------------------------------------------------


def test_the_machines_clock_is_the_machines() -> None:
    """Dates would differ from those of every other program."""
    assert time.time() - 60 < SystemClock().now() < time.time() + 60
    assert time.monotonic() - 60 < SystemClock().monotonic() < time.monotonic() + 60


# -- that of tests ---------------------------------------------------------------------------------------------------


async def test_it_stands_still_by_itself(clock: FakeClock) -> None:
    """A test would depend on how fast the machine is."""
    before = (clock.now(), clock.monotonic())
    await clock.settle()
    assert (clock.now(), clock.monotonic()) == before


async def test_advancing_fires_every_timer_at_its_time(clock: FakeClock) -> None:
    """A test of a day of outage would see only its end."""
    times: list[float] = []
    start = clock.monotonic()
    for seconds in (5, 1, 3, 1):
        clock.call_later(seconds, lambda: times.append(clock.monotonic() - start))
    await clock.advance(4)
    assert times == [1, 1, 3]
    assert (clock.monotonic() - start, clock.now()) == (4, FakeClock().now() + 4)


async def test_tasks_run_between_two_timers(clock: FakeClock) -> None:
    """What the first timer started would be at work only when all have fired."""
    seen: list[float] = []

    async def sleeper() -> None:
        for _ in range(3):
            await clock.sleep(10)
            seen.append(clock.monotonic())

    start = clock.monotonic()
    task = asyncio.create_task(sleeper())
    await clock.advance(30)
    assert seen == [start + 10, start + 20, start + 30]
    await task


async def test_a_jump_moves_the_date_only(clock: FakeClock) -> None:
    """What happens when a time server corrects the clock could not be tested."""
    fired: list[str] = []
    clock.call_later(10, lambda: fired.append("timer"))
    before = (clock.now(), clock.monotonic())
    clock.jump(1e6)
    await clock.settle()
    assert (clock.now() - before[0], clock.monotonic() - before[1], fired) == (1e6, 0, [])


async def test_many_cancelled_timers_are_forgotten(clock: FakeClock) -> None:
    """A long test would need more and more memory."""
    for _ in range(1000):
        clock.call_later(1, lambda: None)()
        await clock.sleep(0)
    await clock.advance(2)
    assert len(clock._timers) == len(clock._callbacks) == 0


async def test_a_program_that_turns_in_circles_is_found(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test would hang and not say why; the program would use a whole processor."""
    monkeypatch.setattr(clock_module, "_MAX_AT_ONCE", 50)

    def again() -> None:
        clock.call_later(1e-20, again)  # so little that adding it changes nothing

    clock.call_later(1, again)
    with pytest.raises(RuntimeError, match="no time passes"):
        await clock.advance(2)
