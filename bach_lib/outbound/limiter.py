"""Rate limiter: keeps to a platform's published limits, and obeys when it tells us to wait.

A rate of `count` per `per` seconds is kept as one number per key: the time at which the next message would arrive in a
perfectly even stream (the generic cell rate algorithm, as ATM networks used it). A message may come early by the
allowed burst.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from bach_lib.connectors.capabilities import Rate

_MAX_KEYS = 10_000
_ROUNDING = 1e-6
"""Seconds; a shorter wait is none. On a machine that has been up for months, adding less to the time may not change it,
and the dispatcher would wait for a moment that never comes."""


class Stop(NamedTuple):
    """The limit that has no place left, and the seconds until it has one."""

    limit: str
    seconds: float


class Limiter:
    """The limits of one connection, on injected monotonic time."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._due: dict[str, float] = {}
        self._tidy_at = 0

    def join(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Two limits were one all the time: what was taken under the first counts under the second."""
        now = self._monotonic()
        for old, new in pairs:
            taken = self._due.pop(old, now) - now
            if taken > 0 and old != new:
                self._due[new] = max(self._due.get(new, now), now) + taken

    def reserve(self, rates: Mapping[str, Rate]) -> Stop | None:
        """Take one place in every rate, or take none and return what stands in the way longest."""
        now = self._monotonic()
        stop: Stop | None = None
        for key, rate in rates.items():
            step = rate.per / rate.count
            burst = rate.count if rate.burst is None else rate.burst
            wait = self._due.get(key, now) - now - step * (burst - 1)
            if wait > (stop.seconds if stop else _ROUNDING):
                stop = Stop(key, wait)
        if stop:
            return stop
        for key, rate in rates.items():
            self._due[key] = max(self._due.get(key, now), now) + rate.per / rate.count
        if len(self._due) > max(self._tidy_at, _MAX_KEYS):
            self._due = {key: due for key, due in self._due.items() if due > now}
            self._tidy_at = 2 * len(self._due)  # so that tidying up costs each message a constant
        return None
