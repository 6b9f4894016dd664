"""Health of sending: judged by what attempts and health checks last proved, and by how long ago.

A check runs at the start, soon and repeatedly while the connection does not work, and rarely while nothing else proves
that it does. Where the platform asks to wait, or has shut us out, the checks wait, too, and longer each time: to ask
every few seconds makes such bans longer.
"""

import asyncio
from collections.abc import Callable

from bach_lib.clock import Cancel, Clock
from bach_lib.common_sentences import THE_CONNECTION_IS_SWITCHED_OFF
from bach_lib.connectors.base import Connector
from bach_lib.models import ConnectionState, Fault, Health, Identity
from bach_lib.models.health import log_transition, state_after
from bach_lib.policy import BreakerPolicy

_LONGEST_PAUSE = 86_400.0
"""Seconds; a ban that is said to last longer is looked at once a day."""
_SOON = 1.0
"""Seconds; a check that is due has its answer by then, or is waited for so long again."""
STOPPED = Fault(code="disabled", text=THE_CONNECTION_IS_SWITCHED_OFF)


class Monitor:
    """The health of sending through one connection.

    `on_change` is told of new health, `on_good_check` of whom every good check found.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        policy: BreakerPolicy,
        random: Callable[[], float],
        on_change: Callable[[Health], None],
        on_good_check: Callable[[Identity], None],
    ) -> None:
        self._name = name
        self._clock = clock
        self.policy: BreakerPolicy = policy
        self._random = random
        self._on_change = on_change
        self._on_good_check = on_good_check
        self._connector: Connector | None = None
        self._last_success: float | None = None  # monotonic
        self._is_doubted = False
        self._told = self._pause = 0.0
        """Seconds that the last check was told to wait, and those that the next one does."""
        self._next_at = 0.0  # monotonic
        self._cancel_timer: Cancel | None = None
        self._check: asyncio.Task[Identity | Fault] | None = None
        self.health: Health = Health(state=ConnectionState.DISABLED)

    @property
    def seconds_shut_out(self) -> float | None:
        """How long the platform has shut us out at least, as the last check was told; None: it has not.

        Until the next check says otherwise, there is no use in trying a message.
        """
        return None if not self._pause else max(self._next_at - self._clock.monotonic(), _SOON)

    def start(self, connector: Connector) -> None:
        """Begin with a check."""
        self._connector = connector
        self._become(Health(state=ConnectionState.STARTING, last_success=self.health.last_success))
        self._check_in_background()

    async def stop(self) -> None:
        """End: no more checks."""
        self._connector = None
        self._set_timer(None)
        if self._check:
            check, self._check = self._check, None
            check.cancel()
            await asyncio.wait([check])
        self._become(Health(state=ConnectionState.DISABLED, last_success=self.health.last_success))

    def succeeded(self) -> None:
        """Something proved that sending works."""
        self._is_doubted = False
        self._rest(0.0)
        self._last_success = self._clock.monotonic()
        self._become(Health(state=ConnectionState.CONNECTED, last_success=self._clock.now()))

    def failed(self, fault: Fault) -> None:
        """Something proved that sending does not work."""
        was = self.health.state
        self._become(Health(state=state_after(fault), last_success=self.health.last_success, fault=fault))
        if was is ConnectionState.CONNECTED:
            self._set_timer(self._next_check())

    def doubt(self, fault: Fault) -> None:
        """Checks go well, and yet nothing gets through: from now on a good check proves nothing."""
        self._is_doubted = True
        self._become(Health(state=ConnectionState.DISCONNECTED, last_success=self.health.last_success, fault=fault))
        self._set_timer(self._next_check())

    def told_to_wait(self, fault: Fault) -> None:
        """Sending works, but the platform wants it to rest for long: shown until something gets through."""
        if self.health.state is ConnectionState.CONNECTED:
            self._become(Health(state=self.health.state, last_success=self.health.last_success, fault=fault))

    def wake(self) -> None:
        """Check now what is not due yet: something suggests that the platform is back."""
        if self.health.state is ConnectionState.DISCONNECTED:
            self._check_in_background()

    async def check(self) -> Identity | Fault:
        """Ask the platform now; one check at a time, later callers share its answer."""
        self._check_in_background()
        if check := self._check:
            await asyncio.wait([check])
            if not check.cancelled():
                return check.result()
        is_off = self.health.state is ConnectionState.DISABLED
        return STOPPED if is_off else self.health.fault or STOPPED  # it is to work, and could not begin

    async def ask(self) -> Fault | None:
        """As `check`, for whoever only wants to know whether the connection works: None if it does."""
        answer = await self.check()
        return answer if isinstance(answer, Fault) else None

    def _check_in_background(self) -> None:
        if self._connector is not None and (self._check is None or self._check.done()):
            self._check = asyncio.create_task(self._run_check(self._connector), name=f"bach-check-{self._name}")

    async def _run_check(self, connector: Connector) -> Identity | Fault:
        answer = await connector.check()
        if isinstance(answer, Fault):
            self._rest(answer.retry_after or 0.0)
            self.failed(answer)
        else:
            self._rest(0.0)
            if not self._is_doubted:
                self.succeeded()
            self._on_good_check(answer)
        self._set_timer(self._next_check())
        return answer

    def _rest(self, told: float) -> None:
        """Take in what a check was told. To be told the same again means that it was too short."""
        grown = 2 * self._pause if told >= self._told else 0.0
        self._pause = min(max(told, grown), _LONGEST_PAUSE) if told > 0 else 0.0
        self._told = max(told, 0.0)

    def _next_check(self) -> float:
        """Seconds to the next check."""
        if self.health.state is ConnectionState.CONNECTED:
            age = self._clock.monotonic() - (self._last_success or 0.0)
            return max(self.policy.idle_check_seconds - age, 1.0)
        low, high = self.policy.check_seconds
        return max(low + (high - low) * self._random(), self._pause)

    def _set_timer(self, seconds: float | None) -> None:
        if self._cancel_timer:
            self._cancel_timer()
        self._next_at = self._clock.monotonic() + (seconds or 0.0)
        self._cancel_timer = (
            None if seconds is None or self._connector is None else self._clock.call_later(seconds, self._timer)
        )

    def _timer(self) -> None:
        """Check, unless a message proved meanwhile that all is well."""
        self._cancel_timer = None
        age = self._clock.monotonic() - (self._last_success or float("-inf"))
        if self.health.state is ConnectionState.CONNECTED and age < self.policy.idle_check_seconds:
            self._set_timer(self._next_check())
        else:
            self._check_in_background()

    def _become(self, health: Health) -> None:
        old, self.health = self.health, health
        if (old.state, old.fault) != (health.state, health.fault):
            log_transition(self._name, "Sending", old, health)
            self._on_change(health)
