"""Discord's ids, which hold the time they were made (https://discord.com/developers/docs/reference#snowflakes)."""

from collections.abc import Callable

EPOCH = 1_420_070_400_000
"""Milliseconds; the first second of 2015."""


class Snowflakes:
    """Makes ids that only ever grow. `now` returns seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = 0

    def take(self) -> int:
        """The next id."""
        self._last = max(self._last + 1, at(self._now()))
        return self._last


def at(seconds: float) -> int:
    """The first id of that moment."""
    return max(0, int(seconds * 1000) - EPOCH) << 22


def seconds_of(snowflake: int) -> float:
    """When an id was made, as seconds since 1970."""
    return ((snowflake >> 22) + EPOCH) / 1000
