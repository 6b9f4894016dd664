"""Staying under the platform's published limits, and obeying when it tells us to wait.

A rate of `count` per `per` seconds is kept as one number per key: the time at which the next message would arrive in a
perfectly even stream (the generic cell rate algorithm, as ATM networks used it). A message may come early by the
allowed burst.
"""

from collections.abc import Callable, Mapping

from bach_lib.connectors.base import Rate

_MAX_KEYS = 10_000
_ROUNDING = 1e-6
"""Seconds; a shorter wait is none. On a machine that has been up for months, adding less to the time may not change it,
and the dispatcher would wait for a moment that never comes."""


class Limiter:
    """The limits of one connection, on injected monotonic time."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._due: dict[str, float] = {}

    def reserve(self, rates: Mapping[str, Rate]) -> float:
        """Take one place in every rate and return 0, or take none and return the seconds to wait."""
        now = self._monotonic()
        wait = 0.0
        for key, rate in rates.items():
            step = rate.per / rate.count
            burst = rate.count if rate.burst is None else rate.burst
            wait = max(wait, self._due.get(key, now) - now - step * (burst - 1))
        if wait > _ROUNDING:
            return wait
        for key, rate in rates.items():
            self._due[key] = max(self._due.get(key, now), now) + rate.per / rate.count
        if len(self._due) > _MAX_KEYS:
            self._due = {key: due for key, due in self._due.items() if due > now}
        return 0.0
