"""Whether an attempt may start now, and what each attempt teaches.

Circuit breaker, limiter, pauses and health checks of one connection meet here and nowhere else.
"""

from collections.abc import Callable

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors.base import Connector
from bach_lib.events import BreakerChanged, ConnectionChanged, ConnectionIdentified
from bach_lib.health import INTERNAL
from bach_lib.models import BreakerState, Connection, Direction, Fault, Health, Identity
from bach_lib.outbound.breaker import Breaker, Permit
from bach_lib.outbound.limiter import Limiter
from bach_lib.outbound.monitor import Monitor
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.policy import BreakerPolicy
from bach_lib.redact import Redactor

type SaveBreaker = Callable[[str, int, float | None], None]
"""`(name, failures, disabled_until)`: keeps what the breaker must know after a restart."""


class Gate:
    """What stands between the lanes of one connection and its platform.

    `on_better` is called when a check went well.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        bus: Bus,
        clock: Clock,
        policy: BreakerPolicy,
        random: Callable[[], float],
        save_breaker: SaveBreaker,
        on_better: Callable[[], None],
    ) -> None:
        self._name = connection.name
        self._bus = bus
        self._clock = clock
        self._policy = policy
        self._save_breaker = save_breaker
        self._on_better = on_better
        self._limiter = Limiter(clock.monotonic)
        self.identity: Identity | None = None
        """Who we are there, as the last good check found it."""
        self._paused_until = 0.0  # the platform's wish
        self._backoff_until = 0.0  # our own, between failures while the breaker is still closed
        until = connection.disabled_until
        self._breaker = Breaker(
            policy,
            clock.monotonic,
            self._breaker_changed,
            failures=connection.consecutive_failures,
            open_seconds_left=None if until is None else until - clock.now(),
        )
        self.monitor = Monitor(
            connection.name,
            clock=clock,
            policy=policy,
            random=random,
            on_change=self._health_changed,
            on_good_check=self._checked_well,
        )

    @property
    def state(self) -> BreakerState:
        """The state of the circuit breaker."""
        return self._breaker.state

    @property
    def seconds_closed(self) -> float | None:
        """How long nothing can pass; None: until the probe that is under way has ended."""
        if self._breaker.is_probing:
            return None
        pause = max(self._paused_until, self._backoff_until) - self._clock.monotonic()
        return max(pause, self._breaker.open_seconds_left or 0.0, 0.0)

    def start(self, connector: Connector, redact: Redactor) -> None:
        """Begin to check."""
        self.monitor.start(connector, redact)

    async def stop(self) -> None:
        """End the checks."""
        await self.monitor.stop()

    def admit(self) -> Permit | None:
        """A permit for one attempt. Hand it to `learn` or `release`."""
        now = self._clock.monotonic()
        return None if now < self._paused_until or now < self._backoff_until else self._breaker.admit()

    def release(self, permit: Permit) -> None:
        """The attempt taught nothing: it was not made, or cancelled."""
        self._breaker.release(permit)

    def reserve(self, connector: Connector, recipient: str) -> float:
        """Take a place under the platform's limits and return 0, or return the seconds to wait for one."""
        return self._limiter.reserve(connector.rates(recipient))

    def learn(self, permit: Permit, outcome: Outcome) -> bool | None:
        """Draw the conclusions. True: the attempt failed as a probe; False: the connection works; None: neither."""
        if isinstance(outcome, Wait):
            if outcome.scope is Scope.CONNECTION:
                self._paused_until = max(self._paused_until, self._clock.monotonic() + outcome.seconds)
            return None
        if isinstance(outcome, Uncertain) and outcome.fault.code == INTERNAL:
            return None
        if not self._breaker.counts(permit):  # it began before the breaker opened, or with other credentials
            return None
        match outcome:
            case Sent() | Dead() | Retry(scope=Scope.MESSAGE | Scope.RECIPIENT):
                self._proved_good(permit)
                return False
            case Retry(fault=fault) | Uncertain(fault=fault):
                was_probe = self._breaker.state is BreakerState.HALF_OPEN
                self._proved_bad(permit, fault)
                return was_probe or None

    def reset(self) -> None:
        """Forget all failures: the endpoint or the credentials are new."""
        self._paused_until = self._backoff_until = 0.0
        self._breaker.reset()
        self._save()  # also if the breaker was closed, with some failures counted

    def probe_if_idle(self) -> None:
        """Where no message waits to be the probe of a half-open breaker, the good check was the probe."""
        if self._breaker.state is BreakerState.HALF_OPEN and (permit := self._breaker.admit()):
            self._breaker.success(permit)

    def _proved_good(self, permit: Permit) -> None:
        had_failures = self._breaker.failures
        self._breaker.success(permit)
        self.monitor.succeeded()
        if had_failures:
            self._save()

    def _proved_bad(self, permit: Permit, fault: Fault) -> None:
        """Until the breaker opens, the next attempts keep a growing distance."""
        self._breaker.failure(permit)
        if fault.code == "auth_failed":  # trying the same token again is of no use
            self._breaker.trip()
        self.monitor.failed(fault)
        self._save()
        if self._breaker.state is BreakerState.CLOSED:
            backoff = self._policy.backoff
            wait = backoff[min(max(self._breaker.failures, 1), len(backoff)) - 1]
            self._backoff_until = self._clock.monotonic() + wait

    def _checked_well(self, identity: Identity) -> None:
        if identity != self.identity:
            self.identity = identity
            self._bus.publish(ConnectionIdentified(connection=self._name, identity=identity))
        self._breaker.half_open()
        self._on_better()

    def _breaker_changed(self, old: BreakerState, new: BreakerState) -> None:
        self._save()
        until = self._disabled_until()
        self._bus.publish(BreakerChanged(connection=self._name, old=old, new=new, disabled_until=until))

    def _disabled_until(self) -> float | None:
        left = self._breaker.open_seconds_left
        return None if left is None else self._clock.now() + left

    def _save(self) -> None:
        self._save_breaker(self._name, self._breaker.failures, self._disabled_until())

    def _health_changed(self, health: Health) -> None:
        self._bus.publish(ConnectionChanged(connection=self._name, direction=Direction.SENDING, health=health))
