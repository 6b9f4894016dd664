"""Clock interface, handed to every part, so that tests can turn time by hand."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import time as time_of_day
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


def next_shown(wanted: time_of_day, now: datetime, zone: tzinfo | None = None) -> datetime:
    """The next moment after `now` at which the clock on the wall shows a time. `zone`: where that is; None: here.

    On the night when it is set forward, a time that it leaves out is as late as it would have been; on the night when
    it is set back, a time that comes twice is the first of the two that is still to come.
    """
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=ahead) for ahead in (0, 1)]
    shown = [datetime.combine(day, wanted).replace(fold=fold) for day in days for fold in (0, 1)]
    found = [_at(one, zone) for one in shown if not one.fold or _comes_twice(one, zone)]
    return next(one for one in found if one > now)


def _at(shown: datetime, zone: tzinfo | None) -> datetime:
    return (shown.astimezone() if zone is None else shown.replace(tzinfo=zone)).astimezone(UTC)


def _comes_twice(shown: datetime, zone: tzinfo | None) -> bool:
    """Whether the clock shows it twice that day, and not never. `shown`: the second time."""
    at, first = _at(shown, zone), shown.replace(fold=0)
    return at != _at(first, zone) and at.astimezone(zone).replace(tzinfo=None, fold=0) == first
