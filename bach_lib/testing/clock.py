"""Time turned by hand.

`await clock.advance(30)` fires every timer on the way, in order, and lets the event loop settle.
"""

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import override

from bach_lib.clock import Cancel, Clock

_START = 1_800_000_000.0
_SETTLE_ROUNDS = 30
"""Turns of the event loop; more than the longest chain of callbacks between two timers."""


class FakeClock(Clock):
    """Stands still until `advance` or `jump`."""

    def __init__(self, now: float = _START) -> None:
        self._wall = now
        self._monotonic = 1000.0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._cancelled: set[int] = set()
        self._numbers = count()

    @override
    def now(self) -> float:
        return self._wall

    @override
    def monotonic(self) -> float:
        return self._monotonic

    @override
    def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancel:
        number = next(self._numbers)
        heappush(self._timers, (self._monotonic + max(seconds, 0.0), number, callback))
        return lambda: self._cancelled.add(number)

    @override
    async def sleep(self, seconds: float) -> None:
        done = asyncio.get_running_loop().create_future()
        cancel = self.call_later(seconds, lambda: None if done.done() else done.set_result(None))
        try:
            await done
        finally:
            cancel()

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        end = self._monotonic + seconds
        await self.settle()
        while self._timers and self._timers[0][0] <= end:
            due, number, callback = heappop(self._timers)
            if number in self._cancelled:
                self._cancelled.discard(number)
                continue
            self._move(max(due, self._monotonic))
            callback()
            await self.settle()
        self._move(end)
        await self.settle()

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back, as a time server does; timers do not notice."""
        self._wall += seconds

    async def settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(_SETTLE_ROUNDS):
            await asyncio.sleep(0)

    def _move(self, monotonic: float) -> None:
        self._wall += monotonic - self._monotonic
        self._monotonic = monotonic
