"""What is to be sent later: each at its time, however many there are and whatever was taken back."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import SimpleNamespace
from typing import cast

import pytest

from bach_lib.models import Message
from bach_lib.outbound import schedule as schedule_module
from bach_lib.outbound.going_together import Together
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.schedule import Schedule
from bach_lib.outbound.services import DispatchServices
from bach_lib.testing import FakeClock


class Bench:
    """A schedule, what has fallen due, and in which portions the disk was told."""

    def __init__(self, clock: FakeClock) -> None:
        self.due: list[int] = []
        self.portions: list[tuple[str, list[int], float]] = []
        self.looks = 0
        services = cast(DispatchServices, SimpleNamespace(clock=clock, queue=self, settings={}))
        self.schedule = Schedule("home", services, cast(Ledger, self), self.spawn, self.falls_due)
        self.tasks: list[asyncio.Task[None]] = []

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        """As a dispatcher."""
        self.tasks.append(asyncio.create_task(work))

    def falls_due(self, message: Message) -> None:
        """As a dispatcher."""
        self.due.append(cast(int, message))

    def look_at_the_wall(self) -> None:
        """As a ledger."""
        self.looks += 1

    async def until_stored[T](self, work: Callable[[], Awaitable[T]]) -> T:
        """As a ledger."""
        return await work()

    async def fall_due(self, name: str, ids: list[int], now: float, _: object) -> tuple[list[int], Together]:
        """As a queue."""
        self.portions.append((name, ids, now))
        return ids, Together()


@pytest.fixture
def bench(clock: FakeClock) -> Bench:
    """One with nothing to do."""
    return Bench(clock)


async def test_many_at_one_moment_are_written_in_portions(
    bench: Bench, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has scheduled a thousand for New Year would hold up everybody; or only the first would go."""
    monkeypatch.setattr(schedule_module, "_PORTION", 2)
    time = clock.now() + 10
    for number in (3, 1, 2, 5, 4):
        bench.schedule.add(number, time)
    bench.schedule.add(6, time + 1)
    await clock.advance(9)
    assert bench.due == []
    await clock.advance(1)
    assert bench.portions == [("home", [1, 2], time), ("home", [3, 4], time), ("home", [5], time)]
    assert (bench.due, 6 in bench.schedule, 5 in bench.schedule) == ([1, 2, 3, 4, 5], True, False)
    await clock.advance(1)
    assert (bench.due[5:], bench.looks) == ([6], 2)


async def test_what_is_taken_back_or_moved_goes_not_at_its_old_time(bench: Bench, clock: FakeClock) -> None:
    """What a person has cancelled would be sent; or at both of its times."""
    now = clock.now()
    for number in range(1, 4):
        bench.schedule.add(number, now + number)
    bench.schedule.discard(1)
    bench.schedule.discard(1)
    bench.schedule.add(2, now + 9)
    assert [number in bench.schedule for number in (1, 2, 3)] == [False, True, True]
    await clock.advance(8)
    assert bench.due == [3]
    await clock.advance(1)
    assert bench.due == [3, 2]
    bench.schedule.add(4, now + 20)
    bench.schedule.clear()
    await clock.advance(20)
    assert (bench.due, 4 in bench.schedule) == ([3, 2], False)


async def test_what_is_moved_again_and_again_takes_no_memory(bench: Bench, clock: FakeClock) -> None:
    """A reminder that an automation puts off each minute would fill the memory, or lose its place."""
    now = clock.now()
    for number in range(300):
        bench.schedule.add(number % 3, now + 1000 - number)
    assert len(bench.schedule._next) < 150
    await clock.advance(700)
    assert bench.due == []
    await clock.advance(3)
    assert bench.due == [2, 1, 0]
