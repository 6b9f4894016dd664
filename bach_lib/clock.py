"""Clock interface, handed to every part, so that tests can turn time by hand."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from typing import Protocol, override

type Cancel = Callable[[], None]
"""Call it, and what was to happen later does not."""


class Clock(Protocol):
    """What BACH asks of time."""

    def now(self) -> float:
        """Seconds since 1970 (UTC). May jump; use it only for what people or the disk see."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, and go on while the machine sleeps: for measuring, and for what ends."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancel:
        """Call `callback` in the event loop after `seconds`; the result cancels that."""
        ...

    def call_at(self, time: float, callback: Callable[[], None]) -> Cancel:
        """Call `callback` in the event loop when `now` shows `time`, however the clock is set until then.

        It may be called early as well, so ask `now`; never late by more than a minute. The result cancels that.
        """
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds`."""
        ...


AWAKE_OR_NOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux's CLOCK_MONOTONIC stands still while the machine sleeps (clock_gettime(2)); elsewhere it does not."""


_ON_THE_WALL = getattr(time, "CLOCK_REALTIME", 0)
_LOOK = 60.0
"""Seconds; the longest that a clock which was set goes unnoticed where the system does not tell of it."""


def call_when(clock: int, seconds_left: float, time: float, callback: Callable[[], None]) -> Cancel:
    """Call back when a clock of the system shows a time, which by what it shows now is so many seconds away.

    Linux has a timer that goes by a clock and follows when that is set (timerfd_create(2)); it wakes nobody before.
    """
    loop = asyncio.get_running_loop()
    if seconds_left <= 0:
        return loop.call_soon(callback).cancel
    if sys.platform == "linux" and sys.version_info >= (3, 13):
        timer = os.timerfd_create(clock, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
        alarm = _Alarm(loop, timer, callback)
        try:
            os.timerfd_settime(timer, flags=os.TFD_TIMER_ABSTIME, initial=time)
        except BaseException:  # raised again: nobody else would close it
            alarm.cancel()
            raise
        return alarm.cancel
    else:  # noqa: RET505 - type checkers look at one of the two
        return loop.call_later(min(seconds_left, _LOOK), callback).cancel


class _Alarm:
    """A timer of the system, which is a file, until it rings or is cancelled."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timer: int, callback: Callable[[], None]) -> None:
        self._loop, self._timer, self._callback = loop, timer, callback
        self._is_open = True
        loop.add_reader(timer, self._ring)

    def cancel(self) -> None:
        if self._is_open:
            self._is_open = False
            self._loop.remove_reader(self._timer)
            os.close(self._timer)

    def _ring(self) -> None:
        self.cancel()
        self._callback()


class SystemClock(Clock):
    """The machine's own time."""

    @override
    def now(self) -> float:
        return time.time()

    @override
    def monotonic(self) -> float:
        return time.clock_gettime(AWAKE_OR_NOT)

    @override
    def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancel:
        return asyncio.get_running_loop().call_later(seconds, callback).cancel

    @override
    def call_at(self, time: float, callback: Callable[[], None]) -> Cancel:
        return call_when(_ON_THE_WALL, time - self.now(), time, callback)

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
