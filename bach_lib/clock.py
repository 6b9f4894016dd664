"""Clock interface, handed to every part, so that tests can turn time by hand."""

import asyncio
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

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds`."""
        ...


_AWAKE_OR_NOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux's CLOCK_MONOTONIC stands still while the machine sleeps (clock_gettime(2)); elsewhere it does not."""


class SystemClock(Clock):
    """The machine's own time."""

    @override
    def now(self) -> float:
        return time.time()

    @override
    def monotonic(self) -> float:
        return time.clock_gettime(_AWAKE_OR_NOT)

    @override
    def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancel:
        return asyncio.get_running_loop().call_later(seconds, callback).cancel

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
