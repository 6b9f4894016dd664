"""Time turned by hand.

`await clock.advance(30)` fires every timer on the way, in order, and lets the event loop settle: what threads do for it
(a database's, for one) is waited for, so the next look finds all of it done. What comes over a network is not.
"""

import asyncio
from collections.abc import Callable, Sized
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import override

from bach_lib.clock import Cancel, Clock
from bach_lib.threads import WorkCounter, counter_of

_START = 1_800_000_000.0
_MOST_ROUNDS = 10_000
"""Turns of the event loop, after which something turns in circles."""
_BLIND_ROUNDS = 300
"""The same for a loop that does not tell who else has a turn; more than most chains of callbacks between two timers."""
_QUIET_ROUNDS = 3
"""Turns that nobody else wants, after which nothing more happens by itself."""
_MAX_AT_ONCE = 10_000
_PATIENCE = 5.0
"""Seconds of real time without anything done, after which a thread hangs, and probably on purpose."""


class FakeClock(Clock):
    """Stands still until `advance` or `jump`."""

    def __init__(self, now: float = _START) -> None:
        self._wall = now
        self._monotonic = 1000.0
        self._timers: list[tuple[float, int]] = []  # (due, number)
        self._alarms: list[tuple[float, int]] = []  # (when the wall shows it, number)
        self._callbacks: dict[int, Callable[[], None]] = {}  # by number; a cancelled one is missing
        self._numbers = count()
        self._hanging: int | None = None

    @override
    def now(self) -> float:
        return self._wall

    @override
    def monotonic(self) -> float:
        return self._monotonic

    @override
    def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancel:
        if seconds <= 0:  # what needs no time happens without any passing
            return asyncio.get_running_loop().call_soon(callback).cancel
        number = next(self._numbers)
        self._callbacks[number] = callback
        heappush(self._timers, (self._monotonic + seconds, number))

        def cancel() -> None:
            self._callbacks.pop(number, None)

        return cancel

    @override
    def call_at(self, time: float, callback: Callable[[], None]) -> Cancel:
        if time <= self._wall:
            return asyncio.get_running_loop().call_soon(callback).cancel
        number = next(self._numbers)
        self._callbacks[number] = callback
        heappush(self._alarms, (time, number))

        def cancel() -> None:
            self._callbacks.pop(number, None)

        return cancel

    @override
    async def sleep(self, seconds: float) -> None:
        done = asyncio.get_running_loop().create_future()
        cancel = self.call_later(seconds, lambda: None if done.done() else done.set_result(None))
        try:
            await done
        finally:
            cancel()

    async def advance(self, seconds: float) -> None:
        """Let time pass. Raises `RuntimeError` for a program that turns in circles without letting it."""
        end = self._monotonic + seconds
        at_once = 0
        await self.settle()
        while (found := self._next_until(end)) is not None:
            due, number = found
            if (callback := self._callbacks.pop(number, None)) is None:
                continue
            at_once = 0 if due > self._monotonic else at_once + 1
            if at_once > _MAX_AT_ONCE:
                raise RuntimeError(f"{_MAX_AT_ONCE} timers fired at the same instant: no time passes any more")
            self._move(max(due, self._monotonic))
            callback()
            await self.settle()
        self._move(end)
        await self.settle()

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back, as a time server does; only what goes by it notices (`call_at`)."""
        self._wall += seconds
        while self._alarms and self._alarms[0][0] <= self._wall:
            _, number = heappop(self._alarms)
            if (callback := self._callbacks.pop(number, None)) is not None:
                asyncio.get_running_loop().call_soon(callback)

    async def settle(self) -> None:
        """Let everything happen that needs no time of this clock, what threads do for the event loop as well."""
        loop = asyncio.get_running_loop()
        counter = counter_of(loop)
        others: Sized | None = getattr(loop, "_ready", None)  # asyncio's own: who has a turn beside us
        most = _MOST_ROUNDS if others is not None else _BLIND_ROUNDS
        rounds, quiet = most, 0
        while rounds and quiet < _QUIET_ROUNDS:
            await asyncio.sleep(0)
            if counter.is_at_work and await self._done(counter):
                rounds, quiet = most, 0
            else:
                rounds, quiet = rounds - 1, 0 if others is None or len(others) else quiet + 1

    async def _done(self, counter: WorkCounter) -> bool:
        """Wait for the threads; False if they hang, of which one wait is enough."""
        while counter.is_at_work:
            done = counter.done
            if done == self._hanging or not await counter.until_one_ends(_PATIENCE):
                self._hanging = done
                return False
        self._hanging = None
        return True

    def _next_until(self, end: float) -> tuple[float, int] | None:
        """The next timer until then, and when it is due by the clock that never jumps."""
        alarm = self._monotonic + self._alarms[0][0] - self._wall if self._alarms else inf
        if alarm <= end and (not self._timers or alarm <= self._timers[0][0]):
            self._move(max(alarm, self._monotonic))
            time, number = heappop(self._alarms)
            self._wall = max(self._wall, time)  # sums are not exact
            return self._monotonic, number
        return heappop(self._timers) if self._timers and self._timers[0][0] <= end else None

    def _move(self, monotonic: float) -> None:
        self._wall += monotonic - self._monotonic
        self._monotonic = monotonic
