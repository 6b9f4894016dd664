"""The circuit breaker: after some failures in a row it stops the attempts for a while, then lets a single one probe.

A pure state machine on injected monotonic time. Each `admit` hands out a permit; the permit names the era it was given
in, and results of an earlier era change nothing. So a slow attempt from before the opening cannot be taken for the
probe. A permit that is handed back without a result (cancellation, a wish to wait) frees the probe's place and counts
as nothing.
"""

from collections.abc import Callable

from bach_lib.models import BreakerState
from bach_lib.policy import BreakerPolicy

type Permit = int


class Breaker:
    """One connection's breaker. `on_change(old, new)` is told of every transition.

    `failures` and `open_seconds_left` restore what was saved; a saved time longer than the policy allows (the machine's
    clock was wrong when it was saved) is cut to it.
    """

    __slots__ = ("_era", "_monotonic", "_on_change", "_open_until", "_probing", "_state", "failures", "policy")

    def __init__(
        self,
        policy: BreakerPolicy,
        monotonic: Callable[[], float],
        on_change: Callable[[BreakerState, BreakerState], None],
        *,
        failures: int = 0,
        open_seconds_left: float | None = None,
    ) -> None:
        self.policy: BreakerPolicy = policy
        self._monotonic = monotonic
        self._on_change = on_change
        self._era: Permit = 1
        self._probing = False
        self._state = BreakerState.CLOSED
        self._open_until = 0.0
        self.failures: int = failures
        if open_seconds_left is not None:
            self._state = BreakerState.OPEN
            self._open_until = monotonic() + min(max(open_seconds_left, 0.0), policy.open_seconds)

    @property
    def state(self) -> BreakerState:
        """The state as of now; an open breaker whose time is over is half-open with the next question."""
        return self._state

    @property
    def open_seconds_left(self) -> float | None:
        """Seconds until an open breaker lets a probe through by itself; None unless it is open."""
        return max(self._open_until - self._monotonic(), 0.0) if self._state is BreakerState.OPEN else None

    @property
    def seconds_overdue(self) -> float:
        """For how long an open breaker would have let a probe through; 0 unless it is open."""
        return max(self._monotonic() - self._open_until, 0.0) if self._state is BreakerState.OPEN else 0.0

    @property
    def is_probing(self) -> bool:
        """Whether the one probe of a half-open breaker is under way."""
        return self._probing

    def admit(self) -> Permit | None:
        """A permit for one attempt, or None. Hand it to `success`, `failure` or `release`."""
        if self._state is BreakerState.CLOSED:
            return self._era
        if self._state is BreakerState.OPEN and self._monotonic() >= self._open_until:
            self._go(BreakerState.HALF_OPEN)
        if self._state is BreakerState.HALF_OPEN and not self._probing:
            self._probing = True
            return self._era
        return None

    def counts(self, permit: Permit) -> bool:
        """Whether the permit is of the present era; what comes of older ones says nothing any more."""
        return permit == self._era

    def success(self, permit: Permit) -> None:
        """The attempt proved that the connection works."""
        if not self.counts(permit):
            return
        self.failures = 0
        if self._state is BreakerState.HALF_OPEN:
            self._go(BreakerState.CLOSED)

    def failure(self, permit: Permit) -> None:
        """The attempt proved that the connection does not work."""
        if not self.counts(permit):
            return
        self.failures += 1
        if self._state is BreakerState.HALF_OPEN or self.failures >= self.policy.failures:
            self.trip()

    def release(self, permit: Permit) -> None:
        """The attempt proved nothing."""
        if self.counts(permit):
            self._probing = False

    def trip(self) -> None:
        """Open now, for the full time."""
        self._open_until = self._monotonic() + self.policy.open_seconds
        self._go(BreakerState.OPEN)

    def reset(self) -> None:
        """Close as if nothing had happened; no attempt under way counts any more."""
        self.failures = 0
        self._go(BreakerState.CLOSED)

    def half_open(self) -> None:
        """A health check succeeded: an open breaker lets its probe through before its time."""
        if self._state is BreakerState.OPEN:
            self._go(BreakerState.HALF_OPEN)

    def _go(self, new: BreakerState) -> None:
        old, self._state = self._state, new
        self._era += 1
        self._probing = False
        if old is not new:
            self._on_change(old, new)
