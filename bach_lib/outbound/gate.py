"""Admission of attempts: whether one may start now, and what each teaches.

Circuit breaker, limiter, pauses and health checks of one connection meet here and nowhere else. Here are the witnesses
of every failure, too: the health check that is made right after it, and what else got through.
"""

from collections.abc import Callable, Mapping
from math import inf

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors.base import Connector
from bach_lib.connectors.capabilities import Rate
from bach_lib.events import BreakerChanged, ConnectionChanged, ConnectionIdentified
from bach_lib.models import BreakerState, Connection, Direction, Fault, Health, Identity
from bach_lib.models.health import INTERNAL
from bach_lib.outbound.breaker import Breaker, Permit
from bach_lib.outbound.limiter import Limiter, Stop
from bach_lib.outbound.monitor import Monitor
from bach_lib.outbound.retry import OTHER_ACCOUNT, Witnesses, is_ambiguous
from bach_lib.outcomes import Dead, Outcome, Scope, Sent, Uncertain, Wait
from bach_lib.policy import BreakerPolicy

type SaveBreaker = Callable[[str, int, float | None], None]
"""`(name, failures, disabled_until)`: keeps what the breaker must know after a restart."""

_JUST_NOW = 60.0
"""Seconds; what got through within them shows that the platform works now."""
_LONG_WAIT = 60.0
"""Seconds; who is told to wait longer may be alone with it, and one message of somebody else's is tried."""
_PAUSE = 1.0
"""Seconds until then."""
_OWN_LIMIT = "per_minute"
_LONGEST_BAN = 86_400.0
"""Seconds that checks alone are believed about a ban."""


class Gate:
    """Gate of one connection, which decides whether an attempt may start now.

    `on_better` is called when a check went well.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        bus: Bus,
        clock: Clock,
        policy: BreakerPolicy,
        per_minute: float = inf,
        random: Callable[[], float],
        save_breaker: SaveBreaker,
        on_better: Callable[[], None],
    ) -> None:
        self._name = connection.name
        self._bus = bus
        self._clock = clock
        self._policy, self._per_minute = policy, per_minute
        self._save_breaker = save_breaker
        self._on_better = on_better
        self._limiter = Limiter(clock.monotonic)
        self.identity: Identity | None = None
        """Who we are there, as the last good check found it."""
        self._paused_until = self._doubt_until = 0.0  # the platform's wish, and one of which one at a time finds out
        self._backoff_until = 0.0  # our own, between failures while the breaker is still closed
        self._is_finding_out = False
        self._last_sent = float("-inf")  # monotonic: when the latest attempt began that delivered
        self._suspects: set[str] = set()  # whose messages failed since anything got through, while checks were good
        self._breaker = self._restored_breaker(connection)
        self.monitor: Monitor = Monitor(
            connection.name,
            clock=clock,
            policy=policy,
            random=random,
            on_change=self._health_changed,
            on_good_check=self._checked_well,
        )

    def _restored_breaker(self, connection: Connection) -> Breaker:
        until = connection.disabled_until
        return Breaker(
            self._policy,
            self._clock.monotonic,
            self._breaker_changed,
            failures=connection.consecutive_failures,
            open_seconds_left=None if until is None else until - self._clock.now(),
        )

    @property
    def state(self) -> BreakerState:
        """The state of the circuit breaker."""
        return self._breaker.state

    @property
    def seconds_closed(self) -> float | None:
        """How long nothing can pass; None: until the attempt that finds out has ended."""
        if self._breaker.is_probing or self._is_finding_out:
            return None
        pause = max(self._paused_until, self._backoff_until) - self._clock.monotonic()
        return max(pause, self._open_seconds_left or 0.0, 0.0)

    @property
    def _open_seconds_left(self) -> float | None:
        """Until an open breaker lets a message through by itself: not while the checks are told of a ban."""
        left = self._breaker.open_seconds_left
        return left if left is None or not self._is_shut_out else max(left, self.monitor.seconds_shut_out or 0.0)

    @property
    def _is_shut_out(self) -> bool:
        """Not even one message is tried: each makes a ban longer, and a check finds out as well.

        For a day; perhaps it is only the check that is answered so.
        """
        return self.monitor.seconds_shut_out is not None and self._breaker.seconds_overdue < _LONGEST_BAN

    def follow(self, policy: BreakerPolicy, per_minute: float) -> None:
        """From now on, go by another policy; what is counted stays."""
        self._policy = self._breaker.policy = self.monitor.policy = policy
        self._per_minute = per_minute

    def start(self, connector: Connector) -> None:
        """Begin to check."""
        self.monitor.start(connector)

    async def stop(self) -> None:
        """End the checks."""
        await self.monitor.stop()

    def admit(self) -> Permit | None:
        """A permit for one attempt. Hand it to `release`, and before that to `learn` if the attempt was made."""
        now = self._clock.monotonic()
        if now < self._paused_until or now < self._backoff_until or self._is_finding_out:
            return None
        if self._breaker.state is BreakerState.OPEN and self._is_shut_out:
            return None
        permit = self._breaker.admit()
        self._is_finding_out = permit is not None and now < self._doubt_until
        return permit

    def meet(self, connector: Connector | None, old: str, new: str) -> None:
        """Two recipients are one place: what was sent to either counts under its limits."""
        if connector is not None:
            pairs = zip(connector.rates(old), connector.rates(new), strict=False)
            self._limiter.join((old_key, new_key) for old_key, new_key in pairs if old_key != new_key)
        if old in self._suspects:
            self._suspects = self._suspects - {old} | {new}

    def release(self, permit: Permit) -> None:
        """The attempt is over, or was not made."""
        self._is_finding_out = False
        self._breaker.release(permit)

    def reserve(self, connector: Connector, recipient: str) -> Stop | None:
        """Take a place under the platform's limits, or say which of them stands in the way."""
        return self._limiter.reserve(self.rates(connector, recipient))

    def rates(self, connector: Connector, recipient: str) -> Mapping[str, Rate]:
        """The limits that a message there falls under: the platform's, and the one that a person has set."""
        rates = connector.rates(recipient)
        return rates if self._per_minute == inf else {**rates, _OWN_LIMIT: _rate(self._per_minute)}

    def turn(self, connector: Connector | None, recipient: str) -> float:
        """Take a place for one more request of a message on its way; or the seconds until there is one."""
        stop = self.reserve(connector, recipient) if connector else None
        return stop.seconds if stop else 0.0

    async def ask_witnesses(self, outcome: Outcome, failed_before: float | None) -> tuple[Witnesses, Fault | None]:
        """What is known beside an outcome, and what the check answered if it failed.

        `failed_before`: when the message failed the last time (monotonic). If others got through since then, the
        message is to blame, even if it takes the connection down each time.
        """
        fault = await self.monitor.ask() if is_ambiguous(outcome) else None
        since_then = failed_before is not None and self._last_sent > failed_before
        if since_then or (fault is None and self._clock.monotonic() - self._last_sent <= _JUST_NOW):
            return Witnesses.CHECK_AND_OTHERS, fault
        return (Witnesses.CHECK if fault is None else Witnesses.OUTAGE), fault

    def learn(
        self, permit: Permit, recipient: str, outcome: Outcome, fault: Fault | None, *, began: float
    ) -> bool | None:
        """Draw the conclusions from an attempt that began then; `fault`: what the check answered if it failed.

        True: the attempt failed as a probe; False: the connection works; None: neither.
        """
        if isinstance(outcome, Wait):
            self._told_to_wait(outcome)
            return None
        if isinstance(outcome, Uncertain) and outcome.fault.code == INTERNAL:
            return None
        if isinstance(outcome, Dead) and outcome.fault.code == OTHER_ACCOUNT:  # nobody was asked
            return None
        if isinstance(outcome, Sent):
            self._last_sent = max(self._last_sent, began)
        if not self._breaker.counts(permit):  # it began before the breaker opened, or with other credentials
            return None
        if not is_ambiguous(outcome):
            self._proved_good(permit)
            return False
        if fault is not None:
            was_probe = self._breaker.state is BreakerState.HALF_OPEN
            self._proved_bad(permit, fault)
            return was_probe or None
        self._suspect(permit, recipient, outcome)
        return None

    def reset(self) -> None:
        """Forget all failures: the endpoint or the credentials are new."""
        self._paused_until = self._backoff_until = self._doubt_until = 0.0
        self._suspects.clear()
        self._breaker.reset()
        self._save()  # also if the breaker was closed, with some failures counted

    def probe_if_idle(self) -> None:
        """Where no message waits to be the probe of a half-open breaker, the good check was the probe."""
        if self._breaker.state is BreakerState.HALF_OPEN and (permit := self._breaker.admit()):
            self._proved_good(permit)

    def _told_to_wait(self, outcome: Wait) -> None:
        """A short wish is everybody's. Of a long one, somebody else's next message tells whom it concerns."""
        if outcome.scope is not Scope.CONNECTION:
            return
        now = self._clock.monotonic()
        until = now + outcome.seconds
        if outcome.seconds <= _LONG_WAIT or now < self._doubt_until:
            self._paused_until = max(self._paused_until, until)
            self._doubt_until = 0.0
        else:
            self._paused_until = max(self._paused_until, now + _PAUSE)
            self._doubt_until = until
        if outcome.seconds > _LONG_WAIT:
            self.monitor.told_to_wait(outcome.fault)

    def _proved_good(self, permit: Permit) -> None:
        had_failures = self._breaker.failures
        self._suspects.clear()
        self._doubt_until = 0.0
        self._breaker.success(permit)
        self.monitor.succeeded()
        if had_failures:
            self._save()

    def _proved_bad(self, permit: Permit, fault: Fault) -> None:
        """Until the breaker opens, the next attempts keep a growing distance."""
        self._breaker.failure(permit)
        if fault.code == "auth_failed":  # trying the same token again is of no use
            self._breaker.trip()
        self._save()
        if self._breaker.state is BreakerState.CLOSED:
            backoff = self._policy.backoff
            wait = backoff[min(max(self._breaker.failures, 1), len(backoff)) - 1]
            self._backoff_until = self._clock.monotonic() + wait

    def _suspect(self, permit: Permit, recipient: str, outcome: Outcome) -> None:
        """The check was good, so this message is to blame; unless that goes for everybody's."""
        self._suspects.add(recipient)
        had_failures = self._breaker.failures
        if len(self._suspects) < self._policy.failures:
            self._breaker.success(permit)
            if had_failures:
                self._save()
        elif not isinstance(outcome, Sent | Wait):
            self._breaker.trip()
            self.monitor.doubt(outcome.fault)

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
        left = self._open_seconds_left
        return None if left is None else self._clock.now() + left

    def _save(self) -> None:
        self._save_breaker(self._name, self._breaker.failures, self._disabled_until())

    def _health_changed(self, health: Health) -> None:
        self._bus.publish(ConnectionChanged(connection=self._name, direction=Direction.SENDING, health=health))


def _rate(per_minute: float) -> Rate:
    return Rate(count=1, per=60.0 / per_minute, burst=max(1, int(per_minute)))
