"""`Bach`, the facade of the library: opens and closes all parts, and is the one object an application talks to."""

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self, override

from aiohttp import ClientSession

from bach_lib.arguments import file_path, seconds
from bach_lib.bach.bridge_calls import BridgeCalls
from bach_lib.bach.connection_calls import ConnectionCalls
from bach_lib.bach.inbox_calls import InboxCalls
from bach_lib.bach.metrics_calls import MetricsCalls
from bach_lib.bach.program_calls import ProgramCalls
from bach_lib.bach.queue_calls import QueueCalls
from bach_lib.bach.route_calls import RouteCalls
from bach_lib.bach.sending_calls import SendingCalls
from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors import Connectors
from bach_lib.connectors.base import Connector
from bach_lib.connectors.network_way import NewSession, plain_session
from bach_lib.errors import NotOpenError, StorageError
from bach_lib.events import StorageChanged
from bach_lib.field_logger import FieldLogger
from bach_lib.handling.programs import Programs
from bach_lib.home_loop import HomeLoop
from bach_lib.metrics.counters import Counters
from bach_lib.models import Category, Connection, Fault, Message, QueueStatus, Status
from bach_lib.policy import Policy
from bach_lib.registry import Registry
from bach_lib.registry.secrets import Lookup, Secrets
from bach_lib.runtime.assembly import assemble
from bach_lib.runtime.housekeeping import PURGED
from bach_lib.runtime.lasting import open_lasting
from bach_lib.runtime.parts import Base, Parts
from bach_lib.storage import CommonClock, Store, is_address, store_at

_LOGGER = FieldLogger(__name__)


class Bach(SendingCalls, InboxCalls, QueueCalls, ConnectionCalls, ProgramCalls, MetricsCalls, RouteCalls, BridgeCalls):
    """One database and everything that works on it. Use it as `async with Bach("bach.db") as bach`.

    `session` is shared and stays the caller's; `new_session` makes one where a connection needs its own. `secrets` adds
    schemes for references (`{"entry": lookup}`: `entry:…`), `connectors` adds or replaces types. Without `autostart`
    connections rest until `start`. By `runs_file`, outside of its folder, an older copy is told.

    `"postgresql://user@host/database"` for a path: a PostgreSQL server has it (the extra `postgresql`). `":memory:"`:
    nothing is on disk, and all is gone with `close`. `connections` are there when it is open, as `Registry.ensure` does
    it. `policies`: those of single connections, by name; all others follow `policy`, and what the settings of a
    connection say goes before both. `grace`: seconds for attempts under way at the end of `async with`. `process`: what
    this one is called among several that share a database. `alone`: it shares a server's database with no other.
    """

    def __init__(
        self,
        path: str | PathLike[str] | Store,
        *,
        session: ClientSession | None = None,
        new_session: NewSession = plain_session,
        clock: Clock | None = None,
        secrets: Mapping[str, Lookup] | None = None,
        connectors: Mapping[str, type[Connector]] | None = None,
        policy: Policy | None = None,
        policies: Mapping[str, Policy] | None = None,
        connections: Iterable[Connection] = (),
        grace: float = 5.0,
        autostart: bool = True,
        runs_file: str | PathLike[str] | None = None,
        process: str | None = None,
        alone: bool = False,
    ) -> None:
        bus, store = Bus(), store_at(path, runs_file, alone=alone)
        clock = clock or CommonClock(store)
        self._base = Base(
            store=store,
            bus=bus,
            clock=clock,
            secrets=Secrets(secrets),
            connectors=Connectors(connectors),
            policy=policy or Policy(),
            policies=dict(policies or {}),
            new_session=new_session,
            autostart=autostart,
            counters=Counters(bus, clock),
            process=process,
            alone=alone,
        )
        self._path, self._session, self._own = _file(path), session, AsyncExitStack()
        self._parts: Parts | None = None
        self._storage_fault: Fault | None = None
        self._wanted, self._grace = tuple(connections), seconds("grace", grace)
        self._around = Programs(bus, clock, lambda: self._open_parts)
        store.watch(self._storage_changed)

    async def __aenter__(self) -> Self:
        """Open."""
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def open(self) -> None:
        """Open the database and start every active connection. Needs no network.

        Raises a `StorageError`, or, for the connections that there shall be, what `Registry.ensure` raises. One that is
        open already raises `AlreadyOpenError` and goes on as it is; after `close` it can be opened again.
        """
        self._base.home.claim()
        try:
            await self._open()
        finally:
            self._base.home.opened()

    async def _open(self) -> None:
        try:
            await self._base.connectors.discover()
            await self._base.store.open()
        except BaseException:  # raised again: the next try may do better
            self._base.home.disclaim()
            raise
        self._base.home.enter()
        self._around.subscribers.begin()
        try:
            self._parts = parts = await assemble(self._base, await self._any_session())
            if parts.sharing:
                parts.sharing.taken = partial(self._around.told, 0)
            for connection in self._wanted:
                await parts.registry.ensure(connection)
            _warn_of_strange(self._base.policies, parts.registry)
            self._lasting = await open_lasting(self._base, parts)
            await parts.runtimes.open()
            await parts.probers.open()
            parts.housekeeping.start()
            self._around.begin()
            await self._lasting.begin()
        except BaseException:  # raised again: nothing may stay half open
            await self._close(self._grace)
            raise

    async def close(self, grace: float | None = None) -> None:
        """Give attempts under way `grace` seconds (by default its own), then stop everything. What waits is on disk."""
        self._base.home.check_not_another()
        grace = self._grace if grace is None else seconds("grace", grace)
        with self._around.ending.closing():
            async with self._base.home.closing() as is_left:
                if is_left:
                    await self._close(grace)

    async def _close(self, grace: float) -> None:
        try:
            if self._lasting:
                await self._lasting.close()
            if self._parts:
                try:
                    await self._around.close(grace)
                finally:  # also if the caller has no more time
                    await self._parts.close(grace)
        finally:
            self._parts = self._lasting = None
            self._around.subscribers.close_streams()
            try:
                await self._base.store.close()
            finally:
                try:
                    await self._base.home.leave()
                    await self._own.aclose()
                finally:
                    self._base.home.disclaim()

    @property
    def path(self) -> Path | None:
        """The database as it was named; None for one that is in memory, or somebody else's to open."""
        return self._path

    @property
    def engine(self) -> str:
        """What has the database, for people: "SQLite", or "PostgreSQL 15". Raises `NotOpenError`."""
        _ = self._open_parts  # before that, nobody has asked a server
        return self._base.store.engine

    @property
    def registry(self) -> Registry:
        """All connections."""
        return self._open_parts.registry

    async def get(self, message_id: int) -> Message:
        """One message. Raises `UnknownMessageError`."""
        return await self._open_parts.queue.get(message_id)

    async def messages(
        self,
        *,
        connection: str | None = None,
        recipient: str | None = None,
        status: Iterable[Status] | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """A page of messages, newest first; the last id of a page is the next page's `before`. `limit`: 1 to 500.

        `recipient`: in any spelling; a place is found by every name that it goes or went by.
        """
        return await self._open_parts.history.messages(
            connection=connection,
            recipient=recipient,
            others=self._others(connection, recipient),
            statuses=status,
            before=before,
            limit=limit,
        )

    async def queue_status(self) -> dict[str, QueueStatus]:
        """How the queue of each connection stands, by name."""
        return await self._open_parts.history.status(self.registry.list(category=Category.CONNECTOR))

    async def purge(self, older_than: float, statuses: Iterable[Status] = PURGED) -> int:
        """Remove ended messages queued more than `older_than` seconds ago; how many. Raises `InvalidValueError`."""
        before = self._base.clock.now() - seconds("older_than", older_than)
        return await self._open_parts.history.purge(before, statuses)

    async def backup(self, path: str | PathLike[str]) -> None:
        """Write all there is at this moment into a new file, complete in itself, while everything goes on.

        Only the account that BACH runs as may read it. What waits in it is held when it is opened, as it may have been
        sent since. Raises a `BackupExistsError` or `StorageError`; nothing is left behind then.
        """
        self._base.home.check()
        await self._base.store.backup(Path(path))

    async def begin_backup(self) -> None:
        """Until `end_backup`, let anybody copy the database's files as they are; nothing stops meanwhile.

        For a program that copies the whole folder: in whatever order it reads them, the copy is whole. Before `open`,
        if the copying began before.
        """
        self._base.home.check_not_another()
        await self._base.store.stand_still()

    async def end_backup(self) -> None:
        """The files are copied."""
        self._base.home.check_not_another()
        await self._base.store.move_on()

    @property
    @override
    def storage_fault(self) -> Fault | None:
        """Why nothing can be written just now: the file was deleted, moved or replaced, or its disk takes nothing.

        None: all is well. Looked at with every commit and some times a minute; `StorageChanged` tells at once.
        """
        return self._storage_fault

    def _storage_changed(self, error: StorageError | None) -> None:
        self._storage_fault = Fault(code=error.code, text=error.sentence) if error else None
        self._base.bus.publish(StorageChanged(connection="", fault=self._storage_fault))

    @property
    @override
    def _programs(self) -> Programs:
        return self._around

    @property
    @override
    def _home(self) -> HomeLoop:
        return self._base.home

    @property
    @override
    def _open_parts(self) -> Parts:
        if self._parts is None:
            raise NotOpenError
        self._base.home.check()  # before anything is written: half of it would be done here
        return self._parts

    async def _any_session(self) -> ClientSession:
        """The caller's, or one of our own until we close."""
        if self._session is None:
            return await self._own.enter_async_context(self._base.new_session())
        return self._session


def _warn_of_strange(policies: Mapping[str, Policy], registry: Registry) -> None:
    if strange := policies.keys() - {row.name for row in registry.list()}:  # it may come later, or be misspelt
        _LOGGER.warning("There is a policy for what is no connection now: %s", ", ".join(sorted(strange)))


def _file(path: str | PathLike[str] | Store) -> Path | None:
    if isinstance(path, str | PathLike) and path != ":memory:" and not is_address(path):
        return file_path("path", path, 'a file, ":memory:", or "postgresql://user@host/database"')
    return None
