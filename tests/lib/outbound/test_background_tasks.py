"""What is under way of a connection ends with it: in its own time, or at once when that is over."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bach_lib.outbound.background_tasks import BackgroundTasks, Write
from bach_lib.testing import FakeClock


class Bench:
    """Tasks that hang until `may_end`, and writes that a test ends."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.tasks = clock, BackgroundTasks("bach-send-home", clock)
        self.may_end = asyncio.Event()
        self.ended: list[str] = []
        self.writes: list[Write] = []

    async def hang(self) -> None:
        """Something that takes its time."""
        try:
            await self.may_end.wait()
            self.ended.append("done")
        except asyncio.CancelledError:
            self.ended.append("cut off")
            raise

    async def end(self, grace: float) -> asyncio.Task[bool]:
        """Begin to end them."""

        async def work() -> bool:
            await self.tasks.end(grace, lambda: [one for one in self.writes if not one.done()])
            return True

        ending = asyncio.create_task(work())
        await self.clock.settle()
        return ending


@pytest.fixture
async def bench(clock: FakeClock) -> AsyncIterator[Bench]:
    """Nothing is under way."""
    bench = Bench(clock)
    yield bench
    bench.may_end.set()
    await bench.clock.settle()


async def test_what_has_ended_is_forgotten_and_what_has_not_can_be_told_by_its_name(bench: Bench) -> None:
    """Each message would leave a task in memory; and who looks at a hanging program not see which connection it is."""
    bench.tasks.spawn(bench.hang())
    [task] = bench.tasks.tasks
    assert task.get_name() == "bach-send-home"
    bench.may_end.set()
    await bench.clock.settle()
    assert (bench.tasks.tasks, bench.ended) == (set(), ["done"])


async def test_what_ends_in_its_time_is_not_cut_off_and_its_end_is_waited_for(bench: Bench) -> None:
    """A reload would call a message uncertain that arrives a second later."""
    bench.tasks.spawn(bench.hang())
    ending = await bench.end(5)
    await bench.clock.advance(4.9)
    assert (ending.done(), bench.ended) == (False, [])
    bench.may_end.set()
    await bench.clock.settle()
    assert (ending.result(), bench.ended) == (True, ["done"])
    assert bench.clock._callbacks == {}, "nothing wakes any more"


@pytest.mark.parametrize("grace", [0, 5, 0.5])
async def test_what_takes_longer_is_cut_off_to_the_second(bench: Bench, grace: float) -> None:
    """A platform that hangs would keep the home from shutting down."""
    for _ in range(2):
        bench.tasks.spawn(bench.hang())
    await bench.clock.settle()
    ending = await bench.end(grace)
    if grace:
        await bench.clock.advance(grace - 0.1)
        assert bench.ended == []
        await bench.clock.advance(0.1)
    assert (ending.result(), bench.ended) == (True, ["cut off"] * 2)


async def test_a_write_is_waited_for_whatever_the_time_is(bench: Bench) -> None:
    """What the disk has would be told after the connection was called closed, or to nobody."""
    bench.writes.append(asyncio.get_running_loop().create_future())
    ending = await bench.end(0)
    await bench.clock.advance(60)
    assert not ending.done()
    bench.writes[0].cancel()
    await bench.clock.settle()
    assert ending.result()


async def test_who_has_no_more_time_cuts_off_nothing_that_is_written(bench: Bench) -> None:
    """A shutdown in a hurry would take back what the disk has been told, and leave a timer behind."""
    bench.writes.append(asyncio.get_running_loop().create_future())
    ending = await bench.end(5)
    ending.cancel()
    await asyncio.wait([ending])
    await bench.clock.settle()
    assert (ending.cancelled(), bench.writes[0].done()) == (True, False)
    assert bench.clock._callbacks == {}
