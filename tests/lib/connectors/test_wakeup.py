"""Waiting for an event: it ends when something happens, and in time."""

import asyncio

from bach_lib.connectors.wakeup import Wakeup
from bach_lib.testing import FakeClock


async def test_it_ends_in_time_though_nothing_happens() -> None:
    """A poll would be held for ever."""
    clock = FakeClock()
    for waiting in (Wakeup(clock).once(25), Wakeup(clock).until(lambda: False, 25)):
        task = asyncio.create_task(waiting)
        await clock.advance(24)
        assert not task.done()
        await clock.advance(1)
        assert task.done()


async def test_who_is_woken_for_nothing_goes_on_waiting() -> None:
    """Polls would come back empty, one after the other."""
    clock, news = FakeClock(), list[str]()
    wakeup = Wakeup(clock)
    task = asyncio.create_task(wakeup.until(lambda: bool(news), 25))
    await clock.advance(1)
    wakeup.wake()
    await clock.advance(1)
    assert not task.done()
    news.append("ring")
    wakeup.wake()
    await clock.advance(0)
    assert task.done()


async def test_what_happened_before_wakes_nobody() -> None:
    """A loop that waits for the next thing would turn without a pause."""
    clock = FakeClock()
    wakeup = Wakeup(clock)
    wakeup.wake()
    task = asyncio.create_task(wakeup.once(25))
    await clock.advance(1)
    assert not task.done()
    wakeup.wake()
    await clock.advance(0)
    assert task.done()
