"""Tells what people wrote before receiving began, for connections of which a person wants to hear none of that."""

from collections.abc import Iterable

from bach_lib.clock import Clock
from bach_lib.models.incoming import IncomingMessage

_AT_ONCE = 5.0
"""Seconds within which a platform hands over what lay there; what has no date and comes later is new."""


class QuietStart:
    """The start of one connection's receiving, which begins now, and is over once all that lay there has been read."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began: float | None = clock.monotonic()

    def end(self) -> None:
        """All that lay there is read."""
        self._began = None

    def lay_there(self, messages: Iterable[IncomingMessage]) -> list[IncomingMessage]:
        """Those that were written before the beginning."""
        if self._began is None:
            return []
        seconds = self._clock.monotonic() - self._began
        return [one for one in messages if (seconds < _AT_ONCE if one.age is None else one.age > seconds)]
