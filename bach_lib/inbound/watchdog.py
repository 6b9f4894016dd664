"""Watchdog of receiving: one number, when the next good poll is overdue, tells that it has quietly stopped."""

from collections.abc import Callable

from bach_lib.clock import Cancel, Clock


class Watchdog:
    """Watchdog of one connection's poll loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._overdue_at = 0.0
        self._cancel: Cancel | None = None

    def begin(self, seconds: float, overdue: Callable[[], None]) -> None:
        """Expect a good poll within so many seconds; call `overdue`, once, when one is overdue."""
        self.expect(within=seconds)
        self._look_in(seconds, overdue)

    def expect(self, *, within: float) -> None:
        """The next good poll is overdue in so many seconds."""
        self._overdue_at = self._clock.monotonic() + within

    def stop(self) -> None:
        """Nothing is expected any more."""
        if self._cancel:
            self._cancel()
            self._cancel = None

    def _look_in(self, seconds: float, overdue: Callable[[], None]) -> None:
        self._cancel = self._clock.call_later(seconds, lambda: self._look(overdue))

    def _look(self, overdue: Callable[[], None]) -> None:
        """Tell that a good poll is overdue, else look again when it would be."""
        left = self._overdue_at - self._clock.monotonic()
        if left > 0:
            self._look_in(left, overdue)
        else:
            overdue()
