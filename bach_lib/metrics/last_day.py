"""What was sent within the last day, hour by hour, and within the last minute: counted as it happens.

Kept in memory, a few numbers for each connection. To read it from the attempts would walk through all of a day.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

HOURS: Final = 24
_HOUR = 3600.0
_FEW_SECONDS = 5.0
_MINUTE = 60.0
_FAILED = frozenset({"retry", "dead", "uncertain"})
"""Outcomes that delivered nothing. To be told to wait is no failure."""


@dataclass(slots=True, kw_only=True)
class Hour:
    """What was tried in one hour. `seconds`: what all attempts took together."""

    sent: int = 0
    """Attempts that delivered."""
    failed: int = 0
    """Attempts that did not."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDay:
    """What went out through a connection. `hours`: 24, the last of them is not over yet."""

    hours: tuple[Hour, ...]
    sent_in_last_minute: int
    """Attempts that delivered."""
    counted_since: float
    """Seconds since 1970; what was sent before is not known."""


class RecentAttempts:
    """The attempts of one connection, on monotonic time: a clock that is set moves nothing into another hour."""

    __slots__ = ("_few_seconds", "_hours")

    def __init__(self) -> None:
        self._hours = deque[tuple[int, Hour]](maxlen=HOURS)
        self._few_seconds = deque[tuple[int, Hour]](maxlen=int(_MINUTE / _FEW_SECONDS))

    def add(self, now: float, outcome: str, seconds: float) -> None:
        """An attempt came to this just now."""
        for slots, length in ((self._hours, _HOUR), (self._few_seconds, _FEW_SECONDS)):
            number = int(now // length)
            if not slots or slots[-1][0] != number:
                slots.append((number, Hour()))
            slot = slots[-1][1]
            slot.sent += outcome == "sent"
            slot.failed += outcome in _FAILED
            slot.seconds += seconds

    def hours(self, now: float) -> tuple[Hour, ...]:
        """All 24, also those in which nothing was tried."""
        known, this = dict(self._hours), int(now // _HOUR)
        return tuple(known.get(number) or Hour() for number in range(this - HOURS + 1, this + 1))

    def sent_in_last_minute(self, now: float) -> int:
        """Attempts that delivered."""
        first = int((now - _MINUTE) // _FEW_SECONDS) + 1
        return _sent(slot for number, slot in self._few_seconds if number >= first)


def _sent(slots: Iterable[Hour]) -> int:
    return sum(slot.sent for slot in slots)
