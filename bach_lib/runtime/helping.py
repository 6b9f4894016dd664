"""Helping: what this process delivers for connections that other processes own, where their connectors allow that.

It begins when an owner calls out that it has lanes to lend, and ends with a while without any, with a change of the
connection, and when this process comes to own it. Who cannot begin (a secret or a library is missing) does not help.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field

from bach_lib.clock import Cancel
from bach_lib.connectors.base import Setup
from bach_lib.connectors.checked import Checked
from bach_lib.connectors.network_way import Network, opened_network
from bach_lib.connectors.proxy import without_proxys
from bach_lib.errors import BachError
from bach_lib.events import ConnectionRemoved, ConnectionUpdated
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import guarded
from bach_lib.outbound.carrier import Carrier
from bach_lib.outbound.loans import Loans
from bach_lib.runtime.connection_runtime import Services

_LOGGER = FieldLogger(__name__)
_IDLE = 60.0
"""Seconds without a lane after which nothing is kept open for the next one."""
_GRACE = 1.0
"""Seconds that attempts under way have when a connection changes."""


@dataclass(slots=True)
class _Help:
    """For one connection. `cancel_end`: of the timer that ends it."""

    carrier: Carrier
    connector: Checked
    network: Network
    cancel_end: Cancel = field(default=lambda: None)


class Helping:
    """All of it."""

    def __init__(self, services: Services, loans: Loans) -> None:
        self._services, self._loans = services, loans
        self._helps: dict[str, _Help] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False
        subscribe = services.bus.subscribe
        self._unsubscribe = [subscribe(ConnectionUpdated, self._changed), subscribe(ConnectionRemoved, self._changed)]

    def offered(self, connection: str) -> None:
        """The owner of a connection has lanes to lend."""
        if self._is_closed or not self._loans.session():  # this process works on nothing
            return
        if help_ := self._helps.get(connection):
            help_.carrier.offered()
        elif not self._lock(connection).locked():
            self._spawn(self._begin(connection))

    async def end(self, connection: str, grace: float, *, is_leaving: bool = False) -> None:
        """Give back what belongs to a connection; attempts under way have `grace` seconds.

        `is_leaving`: the others need not be told, as they see this process go.
        """
        async with self._lock(connection):
            if help_ := self._helps.pop(connection, None):
                help_.cancel_end()
                try:
                    await help_.carrier.stop(grace, is_leaving=is_leaving)
                finally:  # also if this process is closed meanwhile
                    await help_.connector.close(_GRACE)
                    await help_.network.close()

    async def end_all(self, grace: float) -> None:
        """The same for all, as this process goes, or begins anew."""
        await asyncio.gather(*(self.end(connection, grace, is_leaving=True) for connection in [*self._locks]))

    async def close(self, grace: float) -> None:
        """End all, and help no more."""
        self._is_closed = True
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.end_all(grace)

    async def _begin(self, connection: str) -> None:
        async with self._lock(connection):
            if connection in self._helps:  # the owner called out twice before the first call was followed
                return
            try:
                if help_ := await guarded(self._made(connection)):
                    self._helps[connection] = help_
                    self._end_later(connection, help_)
                    help_.carrier.start(help_.connector)
            except BachError as error:  # a secret or a library that only others have
                _LOGGER.debug("Cannot help with %s: %s", connection, error, connection=connection)
            except Exception:  # a border: connectors and the look-up of secrets may be foreign code
                _LOGGER.exception("Cannot help with %s", connection, connection=connection)

    async def _made(self, connection: str) -> _Help | None:
        services, row = self._services, self._services.registry.get(connection)
        await services.connectors.load(row.type)
        kind = services.connectors.get(row.type)
        if not row.is_active or not kind.capabilities.shared_lanes:
            return None
        secrets = await services.secrets.resolve(row.auth_config, row.type)
        network = await opened_network(row.settings, secrets, services.session, services.new_session)
        carrier = Carrier(row, services.dispatching, self._loans)
        setup = Setup(
            connection=row,
            secrets=without_proxys(secrets),
            session=network.session,
            new_session=network.new_session,
            clock=services.dispatching.clock,
            allowed=lambda: services.dispatching.directory.let_in(connection),
            course=carrier.course,
        )
        return _Help(carrier, kind(setup), network)

    def _end_later(self, connection: str, help_: _Help) -> None:
        help_.cancel_end = self._services.dispatching.clock.call_later(_IDLE, lambda: self._rest(connection, help_))

    def _rest(self, connection: str, help_: _Help) -> None:
        if help_.carrier.was_idle:
            self._spawn(self.end(connection, _GRACE))
        else:
            self._end_later(connection, help_)

    def _changed(self, event: ConnectionUpdated | ConnectionRemoved) -> None:
        """Whatever it was made from, or is just being made from, is another now; the next lane is carried with that."""
        if help_ := self._helps.get(event.connection):
            help_.carrier.rest()
        if event.connection in self._locks:
            self._spawn(self.end(event.connection, _GRACE))

    def _lock(self, connection: str) -> asyncio.Lock:
        return self._locks.setdefault(connection, asyncio.Lock())

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        self._tasks.add(task := asyncio.create_task(work, name="bach-help"))
        task.add_done_callback(self._tasks.discard)
