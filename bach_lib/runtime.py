"""One connection at work: its connector, and the dispatcher and the receiver that use it.

Outbound and inbound do not know of each other; what starts, stops and restarts them together stands here.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import ClientSession

from bach_lib.bus import Bus
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector, Setup
from bach_lib.errors import BachError
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.receiver import Receiver
from bach_lib.models import Direction, Fault, Health, Identity
from bach_lib.outbound.dispatcher import Dispatcher, Tools
from bach_lib.redact import Redactor
from bach_lib.registry import Registry
from bach_lib.secrets import Secrets

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What all connections of one BACH share."""

    registry: Registry
    inbox: Inbox
    tools: Tools
    bus: Bus
    connectors: Connectors
    secrets: Secrets
    session: ClientSession
    new_session: Callable[[], ClientSession]


class ConnectionRuntime:
    """Starts, stops and restarts what one connection needs. Changes wait for each other."""

    def __init__(self, name: str, services: Services) -> None:
        self._name = name
        self._services = services
        self._connector: Connector | None = None
        self._lock = asyncio.Lock()
        registry, tools = services.registry, services.tools
        self.dispatcher = Dispatcher(registry.get(name), tools)
        self.receiver = Receiver(
            row=lambda: registry.get(name),
            inbox=services.inbox,
            bus=services.bus,
            clock=tools.clock,
            policy=tools.policy.receive,
            count_blocked=lambda strangers: registry.count_blocked(name, strangers),
        )

    async def start(self) -> None:
        """Learn what waits on disk and, if the connection is active, begin to work."""
        async with self._lock:
            await self._start()

    async def restart(self, grace: float) -> None:
        """Follow changed settings."""
        async with self._lock:
            await self._stop(grace)
            await self._start()

    async def stop(self, grace: float) -> None:
        """End; what is under way has `grace` seconds."""
        async with self._lock:
            await self._stop(grace)

    async def check(self) -> Identity | Fault:
        """Ask the platform now how the connection stands."""
        return await self.dispatcher.monitor.check()

    def health(self, direction: Direction) -> Health:
        """How one direction stands."""
        return self.dispatcher.health if direction is Direction.SENDING else self.receiver.health

    async def _start(self) -> None:
        services, row = self._services, self._services.registry.get(self._name)
        connector_type = services.connectors.get(row.type)
        await self.dispatcher.load(idempotent=connector_type.capabilities.idempotent)
        if not row.is_active:
            return
        try:
            secrets = await services.secrets.resolve(row.auth_config)
            self._connector = connector = connector_type(self._setup(secrets))
        except BachError as error:  # a secret has gone: this connection waits for a person, the others work
            self.dispatcher.monitor.failed(Fault(code="auth_failed", text=str(error)))
            return
        redact = Redactor(secrets.values())
        self.dispatcher.start(connector, redact)
        if connector_type.capabilities.receives:
            self.receiver.start(connector, redact)

    async def _stop(self, grace: float) -> None:
        await self.receiver.stop()
        await self.dispatcher.stop(grace)
        if self._connector:
            connector, self._connector = self._connector, None
            await connector.close()

    def _setup(self, secrets: Mapping[str, str]) -> Setup:
        services = self._services
        return Setup(
            connection=services.registry.get(self._name),
            secrets=secrets,
            session=services.session,
            new_session=services.new_session,
            clock=services.tools.clock,
        )
