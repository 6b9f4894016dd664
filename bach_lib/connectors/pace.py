"""How fast a connector may be polled that waits for nobody: it would ask its platform, and our disk, as it can."""

from typing import Final

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch

_AT_ONCE: Final = 0.05
"""Seconds in which no platform was waited for."""
_PAUSE: Final = 1.0
_MOST_IDLE: Final = 10
"""Polls that may bring nothing at once before there is a pause between them."""


class Pace:
    """Slows down after polls that brought nothing, or the same again, without having waited."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._idle = 0
        self._last: Batch | None = None

    async def after(self, answer: Batch, took: float) -> None:
        """Wait, if what came of a poll was nothing and took no time."""
        nothing, last = not answer.messages and not answer.unreadable, self._last
        self._last = answer
        if took > _AT_ONCE or not (nothing or answer == last):
            self._idle = 0
            return
        self._idle += 1
        if self._idle >= _MOST_IDLE:
            await self._clock.sleep(_PAUSE)
