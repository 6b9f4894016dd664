"""The server's time, counted on by this machine's clock that nobody sets."""

from collections.abc import Callable

from bach_lib.clock import Clock, SystemClock


class ServerTime:
    """What the server's clock said, and how long ago; asked again now and then, as no two clocks run alike."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._measured_at: float | None = None
        self.ahead: float | None = None
        """Seconds from `Clock.monotonic` to the server's time; None until it was asked."""

    @property
    def now(self) -> float:
        """Seconds since 1970, as the server has it; by this machine until it was asked."""
        return self._clock.now() if self.ahead is None else self._clock.monotonic() + self.ahead

    def measure(self, ask: Callable[[], float]) -> None:
        """Ask the server. Its answer was true at some moment of the asking; what is known and fits into that is kept.

        Else each slow answer would set the time by as much as it was slow, and all that waits would follow. Raises what
        `ask` raises.
        """
        before = self._clock.monotonic()
        told = ask()
        after = self._measured_at = self._clock.monotonic()
        if self.ahead is None or not before <= told - self.ahead <= after:
            self.ahead = told - (before + after) / 2

    def is_older_than(self, seconds: float) -> bool:
        """Whether it was asked so long ago, or never."""
        return self._measured_at is None or self._clock.monotonic() - self._measured_at > seconds
