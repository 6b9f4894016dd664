"""Clock of a platform, measured by its own answers: ages of incoming messages are judged by it.

Ours may be hours behind (a machine without a battery, after a power cut) or ahead. The difference costs nothing: every
answer of an HTTP server has a `Date` (RFC 9110, 6.6.1). Between two answers time is counted, not read from a clock that
may be set meanwhile.
"""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import inf

from bach_lib.clock import Clock

UNKNOWN = inf
"""What a platform's clock says that nobody knows: everything is too old by it."""

_DAY = 86_400.0
"""Seconds by which clocks may differ."""


class PlatformTime:
    """One platform's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead: float | None = None
        """Seconds that the platform's time is ahead of our count, which begins anywhere."""

    def now(self) -> float:
        """Seconds since 1970 by the platform's clock; `UNKNOWN` before it told."""
        return UNKNOWN if self._ahead is None else self._clock.monotonic() + self._ahead

    def learn(self, headers: Mapping[str, str]) -> None:
        """An answer has just come, with these headers."""
        told = moment(headers.get("Date", ""))
        if told is not None:
            self._ahead = told - self._clock.monotonic()

    def could_be(self, dated: float) -> bool:
        """Whether it may have been dated so already: a made-up id must not pass for the newest of all."""
        return dated < max(self._clock.now(), 0.0 if self._ahead is None else self.now()) + _DAY

    def saw(self, dated: float) -> None:
        """The platform has just dated something: it cannot be earlier there. Our count stands still while we sleep."""
        if self._ahead is not None and self.could_be(dated):
            self._ahead = max(self._ahead, dated - self._clock.monotonic())


def moment(date: str) -> float | None:
    """A date of HTTP in seconds since 1970; None for what is none."""
    try:
        found = parsedate_to_datetime(date)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
