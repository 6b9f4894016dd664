"""Runs one connection: starts, stops and restarts dispatcher and receiver, which do not know of each other."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import ClientSession

from bach_lib.bus import Bus
from bach_lib.clock import Cancel
from bach_lib.common_sentences import THE_CONNECTION_IS_NOT_AT_WORK
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Incoming, Setup
from bach_lib.connectors.capabilities import Rate
from bach_lib.connectors.checked import Checked
from bach_lib.connectors.network_way import Network, NewSession, prepare_way
from bach_lib.connectors.proxy import without_proxys
from bach_lib.errors import (
    BachError,
    CannotReceiveError,
    ConnectorFailedError,
    MissingLibraryError,
    StorageError,
    UnknownConnectionError,
)
from bach_lib.events import UploadAdvanced
from bach_lib.foreign import guarded
from bach_lib.inbound.inbox import Inbox
from bach_lib.inbound.pushed import PushedMessages, Refusal
from bach_lib.inbound.receiver import Receiver
from bach_lib.inbound.router import Router
from bach_lib.models import (
    BreakerState,
    Candidate,
    Connection,
    Direction,
    Fault,
    Health,
    Identity,
)
from bach_lib.models.health import INTERNAL, internal_fault
from bach_lib.models.incoming import IncomingMessage, Media
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.loans import Loans
from bach_lib.outbound.services import DispatchServices
from bach_lib.redact import Redactor
from bach_lib.registry import Registry
from bach_lib.registry.own_policy import is_receiving
from bach_lib.registry.secrets import Secrets

_START_AGAIN = 5.0  # seconds until a connection that the disk did not let start tries again
_LEAST_GRACE = 1.0  # seconds that a connector has to close what it holds, however little time the caller has
_RESTART_GRACE = 1.0  # seconds that attempts under way have when settings change; a person is waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What all connections of one BACH share."""

    registry: Registry
    inbox: Inbox
    router: Router
    dispatching: DispatchServices
    bus: Bus
    connectors: Connectors
    secrets: Secrets
    session: ClientSession
    new_session: NewSession
    autostart: bool
    loans: Loans | None = None
    """Where several processes share the database."""


class ConnectionRuntime:
    """Starts, stops and restarts what one connection needs. Changes wait for each other."""

    def __init__(self, name: str, services: Services) -> None:
        self._name, self._services = name, services
        self._connector: Checked | None = None
        self._network: Network | None = None
        self._redact = Redactor()
        self._shown: Mapping[str, str] | None = None  # the secrets it worked with last
        self._lock = asyncio.Lock()
        self.change: asyncio.Task[None] | None = None
        """The start or restart that was asked for last."""
        self.lacks_secret: bool = False
        """Whether it could not begin because a secret is not there, which another machine may have."""
        self._is_wanted, self._is_over = services.autostart, False
        self._cancel_start: Cancel = lambda: None
        registry, dispatching = services.registry, services.dispatching.of(name)
        self._dispatching = dispatching
        self.dispatcher: Dispatcher = Dispatcher(registry.get(name), dispatching)
        self.receiver: Receiver = Receiver(
            row=lambda: registry.get(name),
            inbox=services.inbox,
            router=services.router,
            bus=services.bus,
            clock=dispatching.clock,
            policy=dispatching.policy.receive,
            count_blocked=lambda strangers: registry.count_blocked(name, strangers),
        )
        self._pushed = PushedMessages(name, self.receiver, dispatching.clock)

    def health(self, direction: Direction) -> Health:
        """How one direction stands."""
        return self.dispatcher.gate.monitor.health if direction is Direction.SENDING else self.receiver.health

    @property
    def refused(self) -> Refusal | None:
        """The last request to it that was refused."""
        return self._pushed.refused

    @property
    def breaker(self) -> BreakerState:
        """The state of its circuit breaker."""
        return self.dispatcher.gate.state

    @property
    def identity(self) -> Identity | None:
        """Who we are there, as the last good check found it."""
        return self.dispatcher.gate.identity

    def limit(self, recipient: str) -> Rate | None:
        """The widest of the limits that a message there falls under."""
        rates = self._connector.rates(recipient).values() if self._connector else ()
        return max(rates, key=lambda rate: rate.count / rate.per, default=None)

    async def check(self) -> Identity | Fault:
        """Ask the platform how the connection stands, with the settings as they are now."""
        if self.change:
            await asyncio.shield(self.change)
        return await self.dispatcher.gate.monitor.check()

    async def typing(self, recipient: str) -> None:
        """Show that an answer is coming, if the connection is at work."""
        if self._connector:
            recipient = self._connector.normalize_recipient(recipient)
            await self._connector.typing(self._services.dispatching.directory.normal(self._name, recipient))

    async def preview(self, recipient: str, number: int, text: str) -> bool:
        """Show what an answer will say; False: not here, or no more."""
        if self._connector is None:
            return False
        recipient = self._connector.normalize_recipient(recipient)
        place = self._services.dispatching.directory.normal(self._name, recipient)
        return await self._connector.preview(place, number, text)

    def upload(self, message_id: int) -> UploadAdvanced | None:
        """How far the files of a message are that is being sent."""
        return self._dispatching.uploads.of(message_id)

    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        """The bytes of a file that somebody sent, if they are no more than `limit`."""
        if self._connector is None:
            return Fault(code="not_working", text=THE_CONNECTION_IS_NOT_AT_WORK)
        return await self._connector.fetch(media, limit)

    async def push(self, headers: Mapping[str, str], body: bytes, address: str | None) -> IncomingMessage | None:
        """Take the message in a request; None if it is known or a stranger's. Raises an `InputError`."""
        await self._ready_to_take()
        return await self._pushed.take(self._connector, headers, body, address, self._redact)

    async def take(self, message: Incoming) -> IncomingMessage | None:
        """Take a message that the caller vouches for; None if it is known or a stranger's. Raises an `InputError`."""
        await self._ready_to_take()
        if self._connector is None:
            raise CannotReceiveError(name=self._name)
        return await self.receiver.take(message, redact=self._redact)

    async def _ready_to_take(self) -> None:
        """Wait until its settings are in force, also those that name another account: what is stored is that one's.

        Raises `CannotReceiveError`. An account that does not say who it is keeps nothing out: it may be as before.
        """
        while True:
            if self.change:
                await asyncio.shield(self.change)
            if not is_receiving(self._services.registry.get(self._name)):
                raise CannotReceiveError(name=self._name)
            connector = self._connector
            if connector is not None and connector.capabilities.own_ids:
                await self._services.inbox.handover.ensure(self._name, connector)
            if connector is self._connector:  # else it was changed again meanwhile
                return

    async def find(self, query: str) -> list[Candidate] | Fault:
        """Whom the account could write to, as far as the platform tells."""
        if self._connector is None:
            return Fault(code="not_working", text=THE_CONNECTION_IS_NOT_AT_WORK)
        return await self._connector.find(query)

    async def start(self) -> None:
        """Learn what waits on disk and, if the connection is active, begin to work."""
        async with self._lock:
            if self._connector is None and not self._is_over:  # a restart may have come first
                await self._start()

    async def restart(self, *, wanted: bool | None = None) -> None:
        """Follow changed settings. `wanted`: from now on, work (or do not) as far as the connection is active."""
        async with self._lock:
            self._is_wanted = self._is_wanted if wanted is None else wanted
            await self._stop(_RESTART_GRACE)
            if not self._is_changed_again:
                await self._start()

    @property
    def _is_changed_again(self) -> bool:
        """Whether another change waits for this one: what begins now would be broken off at once."""
        return self.change is not None and not self.change.done() and self.change is not asyncio.current_task()

    async def stop(self, grace: float) -> None:
        """End; what is under way has `grace` seconds."""
        async with self._lock:
            self._is_over = True
            self._cancel_start()
            await self._stop(grace)

    async def _start(self) -> None:
        """Whatever stands in the way of this connection must not stop the others."""
        self.lacks_secret = False
        try:
            await guarded(self._try_to_start(self._services.registry.get(self._name)))
        except UnknownConnectionError:
            return  # it was removed before its turn came
        except StorageError as error:  # a full disk, which somebody will clear
            fault = Fault(code=error.code, text=error.sentence)
            self._cancel_start = self._services.dispatching.clock.call_later(_START_AGAIN, self._start_again)
        except ConnectorFailedError as error:
            fault = Fault(code=INTERNAL, text=error.sentence)
        except MissingLibraryError as error:  # which another machine may have, as a secret
            fault, self.lacks_secret = Fault(code=error.code, text=error.sentence), True
        except BachError as error:  # a secret has gone: it waits for a person
            fault, self.lacks_secret = Fault(code="auth_failed", text=error.sentence), True
        except Exception as error:  # noqa: BLE001 - a border: the look-up of secrets is foreign code
            fault = internal_fault(error)
        else:
            return
        self.dispatcher.gate.monitor.failed(fault)

    def _start_again(self) -> None:
        self.change = asyncio.create_task(self.start(), name=f"bach-start-{self._name}")

    async def _try_to_start(self, row: Connection) -> None:
        services, change = self._services, self.change
        able = services.connectors.get(row.type).capabilities
        await self.dispatcher.load(idempotent=able.idempotent, loans=services.loans if able.shared_lanes else None)
        if not row.is_active or not self._is_wanted:
            return
        secrets = await services.secrets.resolve(row.auth_config, row.type)
        await prepare_way(row.settings)
        if self.change is not change:  # the row has changed meanwhile, and it is begun anew at once
            return
        if self._shown not in (None, secrets):  # under the same references: the row does not tell
            self.dispatcher.gate.reset()
        self._shown = secrets
        policy = self._dispatching.policy
        self.dispatcher.gate.follow(policy.breaker, policy.per_minute)
        self._network = network = Network(row.settings, secrets, services.session, services.new_session)
        setup = Setup(
            connection=row,
            secrets=without_proxys(secrets),
            session=network.session,
            new_session=network.new_session,
            clock=services.dispatching.clock,
            allowed=lambda: services.dispatching.directory.let_in(self._name),
            course=self.dispatcher.course,
        )
        self._connector = connector = services.connectors.get(row.type)(setup)
        self._redact = redact = Redactor(secrets.values())
        self.dispatcher.start(connector)
        if not is_receiving(row):
            return
        if connector.capabilities.receives:
            self.receiver.start(connector, redact)
        elif connector.is_open:
            self.receiver.open(redact)

    async def _stop(self, grace: float) -> None:
        await self.receiver.stop()
        try:
            await self.dispatcher.stop(grace)
        finally:  # also if the caller has no more time
            if self._connector:
                connector, self._connector = self._connector, None
                await connector.close(max(grace, _LEAST_GRACE))
            if self._network:
                network, self._network = self._network, None
                await network.close()
