"""An event with a time-out on the injected clock: how an idle poll is held and still ends in time."""

import asyncio
from collections.abc import Callable

from bach_lib.clock import Clock


class Wakeup:
    """Wake-up of one task by others."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Let who waits look again."""
        self._event.set()

    async def once(self, seconds: float) -> None:
        """Wait until somebody wakes us from now on, or for so long."""
        self._event.clear()
        cancel = self._clock.call_later(seconds, self.wake)
        try:
            await self._event.wait()
        finally:
            cancel()

    async def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until the condition holds, which is looked at whenever somebody wakes us, or for so long."""
        deadline = self._clock.monotonic() + seconds
        cancel = self._clock.call_later(seconds, self.wake)
        try:
            while not condition() and self._clock.monotonic() < deadline:
                self._event.clear()
                await self._event.wait()
        finally:
            cancel()
