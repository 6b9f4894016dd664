"""Periodic health check of one AI partner, MCP server or API, and the chat with it.

A check that brings nothing new writes nothing: what is counted goes to disk when the state changes, at the end, and
once an hour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import ClientSession

from bach_lib.bus import Bus
from bach_lib.clock import Cancel, Clock
from bach_lib.common_sentences import THE_CONNECTION_IS_SWITCHED_OFF
from bach_lib.connectors.network_way import Network, NewSession, opened_network, plain_session
from bach_lib.connectors.proxy import of_proxy
from bach_lib.errors import BachError, UnknownConnectionError
from bach_lib.events import ConnectionChanged, ConnectionChecked
from bach_lib.models import BreakerState, ConnectionState, Direction, Fault, Health, Report
from bach_lib.models.chat import ChatMessage, ChatOptions, Reply
from bach_lib.models.health import log_transition, state_after
from bach_lib.partners.faults import NOT_REACHED
from bach_lib.partners.partner_class import partner_class
from bach_lib.policy import ProbePolicy
from bach_lib.registry import Registry
from bach_lib.registry.secrets import Secrets

if TYPE_CHECKING:
    from bach_lib.partners.partner import Partner

_SAVE_SECONDS = 3600.0
_OFF = Fault(code="disabled", text=THE_CONNECTION_IS_SWITCHED_OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeServices:
    """Shared dependencies of the probers."""

    registry: Registry
    bus: Bus
    clock: Clock
    secrets: Secrets
    session: ClientSession
    new_session: NewSession = plain_session
    policy: ProbePolicy
    policies: Mapping[str, ProbePolicy] = field(default_factory=dict)
    random: Callable[[], float]
    autostart: bool


class Prober:
    """Checks one connection periodically. Changes wait for each other."""

    breaker = BreakerState.CLOSED
    """Nothing is repeated here that could hammer anybody, so there is nothing to break."""

    def __init__(self, name: str, services: ProbeServices) -> None:
        self._name = name
        self._services = services
        self._is_wanted = services.autostart
        self._lock = asyncio.Lock()
        self.change: asyncio.Task[None] | None = None
        """The start or restart that was asked for last."""
        self._partner: Partner | None = None
        self._network: Network | None = None
        self._check: asyncio.Task[Report | Fault] | None = None
        self._cancel_timer: Cancel | None = None
        self._health = Health(state=ConnectionState.DISABLED)
        self._saved_at = services.clock.monotonic()
        self._is_unsaved = False
        self.last: ConnectionChecked | None = None
        """What the last check found."""

    def health(self, direction: Direction) -> Health:
        """How it stands. It never receives."""
        return self._health if direction is Direction.SENDING else Health(state=ConnectionState.DISABLED)

    async def check(self) -> Report | Fault:
        """Ask now; one check at a time, later callers share its answer."""
        if self.change:
            await asyncio.shield(self.change)
        self._check_in_background()
        if check := self._check:
            await asyncio.wait([check])
            if not check.cancelled():
                return check.result()
        return self._health.fault or _OFF

    async def chat(self, messages: Sequence[ChatMessage], options: ChatOptions) -> Reply | Fault:
        """Say something and get an answer. Raises an `InputError`."""
        if self.change:
            await asyncio.shield(self.change)
        if (partner := self._partner) is None:
            return self._health.fault or _OFF
        answer = await partner.chat(partner.question(messages, options))
        if partner is not self._partner:  # it was changed meanwhile, and that answer says nothing any more
            return answer
        if isinstance(answer, Reply):
            self._succeeded()
        elif answer.code == "auth_failed":
            self._failed(answer)
        elif answer.code in NOT_REACHED:  # slow models are no proof, so ask
            self._check_in_background()
        return answer

    async def start(self) -> None:
        """Begin, if it is active."""
        async with self._lock:
            if self._partner is None:  # a restart may have come first
                await self._start()

    async def restart(self, *, wanted: bool | None = None) -> None:
        """Follow changed settings. `wanted`: from now on, work (or do not) as far as the connection is active."""
        async with self._lock:
            if wanted is not None:
                self._is_wanted = wanted
            await self._stop()
            await self._start()

    async def stop(self) -> None:
        """End: no more checks."""
        async with self._lock:
            await self._stop()

    async def _start(self) -> None:
        services = self._services
        try:
            row = services.registry.get(self._name)
            if not row.is_active or not self._is_wanted:
                return
            partner = await partner_class()
            secrets = await services.secrets.resolve(of_proxy(row.auth_config), row.type)
            network = await opened_network(row.settings, secrets, services.session, services.new_session)
            self._network = network
            self._partner = partner(row, session=network.session, secrets=services.secrets, clock=services.clock)
        except UnknownConnectionError:
            return  # it was removed before its turn came
        except BachError as error:  # written by an older or another program: it waits for a person
            self._become(Health(state=ConnectionState.DISCONNECTED, fault=Fault(code=error.code, text=error.sentence)))
            return
        self._become(Health(state=ConnectionState.STARTING, last_success=self._health.last_success))
        self._check_in_background()

    async def _stop(self) -> None:
        partner, self._partner = self._partner, None
        self._set_timer(None)
        if self._check:
            check, self._check = self._check, None
            check.cancel()
            await asyncio.wait([check])
        if partner:
            await partner.close()
        if self._network:
            network, self._network = self._network, None
            await network.close()
        self._become(Health(state=ConnectionState.DISABLED, last_success=self._health.last_success))
        if self._is_unsaved:
            self._is_unsaved = False
            await self._services.registry.save_use(self._name)

    def _check_in_background(self) -> None:
        if self._partner is not None and (self._check is None or self._check.done()):
            self._check = asyncio.create_task(self._run_check(self._partner), name=f"bach-check-{self._name}")

    async def _run_check(self, partner: Partner) -> Report | Fault:
        found = await partner.check()
        if isinstance(found, Report):
            self._succeeded()
        elif found.code != "rate_limited":  # being told to wait says nothing about how it stands
            self._failed(found)
        self.last = ConnectionChecked(connection=self._name, checked_at=self._services.clock.now(), result=found)
        self._services.bus.publish(self.last)
        self._set_timer(self._next_check(found))
        return found

    def _next_check(self, found: Report | Fault) -> float:
        """Seconds to the next check: soon after a failure, unless only a person can end it."""
        policy = self._services.policies.get(self._name, self._services.policy)
        is_soon = isinstance(found, Fault) and found.code not in {"auth_failed", "rate_limited"}
        seconds = policy.retry_seconds if is_soon else policy.seconds
        spread = 1.0 + policy.jitter * (2.0 * self._services.random() - 1.0)
        wish = found.retry_after if isinstance(found, Fault) else None
        return max(seconds * spread, wish or 0.0)

    def _set_timer(self, seconds: float | None) -> None:
        if self._cancel_timer:
            self._cancel_timer()
            self._cancel_timer = None
        if seconds is not None and self._partner is not None:
            self._cancel_timer = self._services.clock.call_later(seconds, self._check_in_background)

    def _succeeded(self) -> None:
        now = self._services.clock.now()
        self._services.registry.count_use(self._name, succeeded=True, now=now)
        self._counted(self._become(Health(state=ConnectionState.CONNECTED, last_success=now)))

    def _failed(self, fault: Fault) -> None:
        self._services.registry.count_use(self._name, succeeded=False, now=self._services.clock.now())
        health = Health(state=state_after(fault), last_success=self._health.last_success, fault=fault)
        self._counted(self._become(health))

    def _counted(self, has_changed: bool) -> None:
        now = self._services.clock.monotonic()
        self._is_unsaved = not has_changed and now - self._saved_at < _SAVE_SECONDS
        if not self._is_unsaved:
            self._saved_at = now
            self._services.registry.save_use(self._name)

    def _become(self, health: Health) -> bool:
        """Set the health; True if its state or its fault is another one than before."""
        old, self._health = self._health, health
        if (old.state, old.fault and old.fault.code) == (health.state, health.fault and health.fault.code):
            return False
        log_transition(self._name, "Asking", old, health)
        event = ConnectionChanged(connection=self._name, direction=Direction.SENDING, health=health)
        self._services.bus.publish(event)
        return True
