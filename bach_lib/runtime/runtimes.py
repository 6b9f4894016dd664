"""Runs all connections, following the registry: started, restarted and stopped with their rows."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace

from bach_lib.errors import BachError, UnknownTypeError
from bach_lib.events import ConnectionAdded, ConnectionChanged, ConnectionRemoved, ConnectionUpdated, RecipientMoved
from bach_lib.field_logger import FieldLogger
from bach_lib.models import (
    Category,
    ConnectionState,
    Direction,
    Fault,
)
from bach_lib.models.incoming import Media
from bach_lib.outbound.bystander import Bystander
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.registry import FRESH_START
from bach_lib.runtime.connection_runtime import ConnectionRuntime, Services
from bach_lib.runtime.helping import Helping
from bach_lib.runtime.sharing import Sharing
from bach_lib.runtime.ways import Ways

_LOGGER = FieldLogger(__name__)
_FOR_OTHERS = 3.0
"""Seconds in which connectors of other packages can be imported before BACH is open; the rest of them begin later."""


_HANDOVER = 5.0
"""Seconds that attempts under way have when this process comes to own a connection that it helped with."""


class Runtimes:
    """The connections at work, following the registry. `sharing`: other processes work on some of them."""

    def __init__(self, services: Services, sharing: Sharing | None = None) -> None:
        self._services = services if sharing is None else replace(services, loans=sharing.loans)
        self.ways: Ways = Ways(services.registry, services.connectors, services.secrets, services.new_session)
        """To the platforms of all, be they at work or not; to AI partners and others too."""
        self._sharing = sharing
        self._helping = Helping(services, sharing.loans) if sharing else None
        self._runtimes: dict[str, ConnectionRuntime] = {}
        self._beginning: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._late: list[asyncio.Task[None]] = []
        self._unsubscribe = (
            services.bus.subscribe(ConnectionAdded, self._added),
            services.bus.subscribe(ConnectionUpdated, self._updated),
            services.bus.subscribe(ConnectionRemoved, self._removed),
            services.bus.subscribe(ConnectionChanged, self._changed),
            services.bus.subscribe(RecipientMoved, self._renamed),
        )

    async def open(self) -> None:
        """Start all; a connection that cannot start does not stop the others.

        Nor does one that begins late: the import of somebody else's connector may hang.
        """
        if self._sharing and self._helping:
            await self._sharing.open(self, self._own, self._helping.offered)
            return
        others = self._services.connectors.offered
        rows = self._services.registry.list(category=Category.CONNECTOR)
        self._late = [asyncio.create_task(self._begin_late(row.name, row.type)) for row in rows if row.type in others]
        await asyncio.gather(*(self._begin(row.name, row.type) for row in rows if row.type not in others))
        if self._late:
            await asyncio.wait(self._late, timeout=_FOR_OTHERS)

    async def close(self, grace: float) -> None:
        """Stop all; what is under way has `grace` seconds."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for late in self._late:
            late.cancel()
        try:
            await asyncio.gather(*self._late, return_exceptions=True)
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._sharing and self._helping:
                await self._helping.close(grace)
                await self._sharing.close(grace)
            await asyncio.gather(*(runtime.stop(grace) for runtime in self._runtimes.values()))
        finally:  # also if the caller has no more time; what has stopped already does nothing
            await asyncio.gather(*(runtime.stop(0.0) for runtime in self._runtimes.values()))

    def get(self, name: str) -> ConnectionRuntime:
        """One connection at work.

        Raises `UnknownConnectionError`, `UnknownTypeError` if it could not start, or `OwnedElsewhereError`.
        """
        row = self._services.registry.get(name)
        if runtime := self._runtimes.get(name):
            return runtime
        if self._sharing and (name in self._beginning or not self._sharing.owns(name)):
            raise self._sharing.refusal(name)
        error = self._services.connectors.why_not(row.type)
        if self._sharing and isinstance(error, UnknownTypeError) and row.type in self._services.connectors.types:
            raise self._sharing.refusal(name)  # it is just being given back, or taken
        raise error

    def has(self, name: str) -> bool:
        """Whether this process works on a connection; not if its library is missing."""
        return name in self._runtimes

    @property
    def is_shared(self) -> bool:
        """Whether other processes work on some."""
        return self._sharing is not None

    async def fetch(self, name: str, media: Media, limit: int) -> bytes | Fault:
        """At most `limit` bytes of a file that came in. Raises as `get` does."""
        return await self.get(name).fetch(media, limit)

    async def route(self) -> int:
        """Announce everywhere what was never announced; return how many."""
        return sum([await runtime.receiver.route_left_over() for runtime in list(self._runtimes.values())])

    def queue_of(self, name: str) -> Dispatcher | Bystander:
        """Where messages of a connection are put. Raises as `get` does, but that anybody may put them at any time."""
        if self._sharing and name not in self._runtimes:  # also while this process is just beginning to work on it
            return self._sharing.bystander(self._services.registry.get(name).name)
        return self.get(name).dispatcher

    def dispatcher(self, name: str) -> Dispatcher | Bystander | None:
        """The dispatcher of one connection, if it could start; what stands for it, where another process has it."""
        if self._sharing and name not in self._runtimes:
            return self._sharing.bystander(name)
        return self._own(name)

    def _own(self, name: str) -> Dispatcher | None:
        return runtime.dispatcher if (runtime := self._runtimes.get(name)) else None

    async def take(self, connection: str) -> bool:
        """Work on a connection that this process owns from now on; False: a secret or a library is missing here."""
        self._beginning.add(connection)
        try:
            if self._sharing and self._helping:
                await self._helping.end(connection, _HANDOVER)
                await self._sharing.neighbours.know(connection)
            has_begun = await self._begin(connection, self._services.registry.get(connection).type)
            if self._sharing and has_begun:
                self._sharing.taken()
        except BachError as error:  # it was removed meanwhile, or the database is away: there is a next turn
            _LOGGER.debug("%s was not begun: %s", connection, error, connection=connection)
            return True
        finally:
            self._beginning.discard(connection)
        return has_begun

    async def give(self, connection: str, grace: float) -> None:
        """Work on it no longer."""
        if runtime := self._runtimes.pop(connection, None):
            runtime.dispatcher.rest()
            await runtime.stop(grace)

    async def let_go(self, grace: float) -> None:
        """Give back the lanes of connections that others own."""
        if self._helping:
            await self._helping.end_all(grace)

    async def begin(self, name: str) -> None:
        """Put a connection to work whose connector has been loaded since BACH was opened.

        Not where several processes share the database and this one does not own it; if nobody is there, it does.
        """
        if self._sharing and not self._sharing.owns(name):
            await self._sharing.step_in()
        elif name not in self._runtimes:
            self._runtimes[name] = runtime = ConnectionRuntime(name, self._services)
            await runtime.start()

    async def _begin(self, name: str, type_: str) -> bool:
        try:
            await self._services.connectors.load(type_)
            await self.begin(name)
        except BachError as error:
            _LOGGER.error("The connection %s cannot start: %s", name, error, connection=name)  # noqa: TRY400 - the sentence says all
            return False
        runtime = self._runtimes.get(name)  # none: it was given away or removed meanwhile
        return runtime is None or not runtime.lacks_secret

    async def _begin_late(self, name: str, type_: str) -> None:
        try:
            await self._services.connectors.load(type_)
            await asyncio.shield(self._spawn(self.begin(name)))  # only the import may be left to itself
        except BachError as error:
            _LOGGER.error("The connection %s cannot start: %s", name, error, connection=name)  # noqa: TRY400 - the sentence says all

    def _added(self, event: ConnectionAdded) -> None:
        if event.row.category is Category.CONNECTOR and self._sharing is None:
            self._runtimes[event.connection] = runtime = ConnectionRuntime(event.connection, self._services)
            runtime.change = self._spawn(runtime.start())

    def _updated(self, event: ConnectionUpdated) -> None:
        runtime = self._runtimes.get(event.connection)
        if runtime is None or event.changed == {"allowed"}:  # the receiver reads who is allowed at every message
            return
        runtime.dispatcher.rest()  # at once: whoever switched it off was told that it is off
        if event.changed & FRESH_START:
            runtime.dispatcher.gate.reset()
        runtime.change = self._spawn(runtime.restart())

    def _changed(self, event: ConnectionChanged) -> None:
        """When one direction works, the other need not wait for its next turn to find out."""
        runtime = self._runtimes.get(event.connection)
        if runtime is not None and event.health.state is ConnectionState.CONNECTED:
            (runtime.receiver if event.direction is Direction.SENDING else runtime.dispatcher.gate.monitor).wake()

    def _renamed(self, event: RecipientMoved) -> None:
        if dispatcher := self._own(event.connection):
            dispatcher.renamed(event.old, event.new)

    def _removed(self, event: ConnectionRemoved) -> None:
        if runtime := self._runtimes.pop(event.connection, None):
            runtime.dispatcher.rest()
            self._spawn(runtime.stop(grace=0.0))

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        self._tasks.add(task := asyncio.create_task(work, name="bach-connection"))
        task.add_done_callback(self._tasks.discard)
        return task
