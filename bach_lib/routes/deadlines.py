"""One timer for all runs: it rings for each that goes on now, and is set to the next of them."""

from collections.abc import Callable

from bach_lib.clock import Cancel, Clock
from bach_lib.routes.listening import Listener, Watched


class Deadlines:
    """The times at which runs go on. `is_due` is called for each when its time has come, once."""

    def __init__(self, clock: Clock, listener: Listener, is_due: Callable[[Watched], None]) -> None:
        self._clock, self._listener, self._is_due = clock, listener, is_due
        self._cancel_timer: Cancel = lambda: None

    def arm(self) -> None:
        """Ring at the next of them, after one was set."""
        self._cancel_timer()
        deadlines = [watched.deadline for watched in self._listener if watched.deadline is not None]
        if deadlines:
            seconds = max(min(deadlines) - self._clock.monotonic(), 0.0)
            self._cancel_timer = self._clock.call_later(seconds, self._ring)

    def close(self) -> None:
        """Ring no more."""
        self._cancel_timer()

    def _ring(self) -> None:
        now = self._clock.monotonic()
        for watched in self._listener:
            if watched.deadline is not None and watched.deadline <= now:
                watched.deadline = None
                self._is_due(watched)
        self.arm()
