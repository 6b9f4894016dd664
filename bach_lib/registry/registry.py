"""The registry: the one list of all connections, on disk and in memory.

Reading is from memory and immediate. Every change is checked completely, written, and only then told to everyone; the
next one waits for that.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from typing import Unpack, cast

from bach_lib.bus import Bus
from bach_lib.common_sentences import NONE
from bach_lib.connectors import Connectors
from bach_lib.errors import BachError, ConnectionExistsError, UnknownConnectionError, UnknownFieldError
from bach_lib.events import ConnectionAdded, ConnectionRemoved, ConnectionUpdated
from bach_lib.field_logger import FieldLogger
from bach_lib.home_loop import HomeLoop
from bach_lib.models import Category, Connection
from bach_lib.models.fast_frozen import changer
from bach_lib.registry.accounts import Beside
from bach_lib.registry.changing import Changes, changes_between
from bach_lib.registry.ensuring import Ensured, EnsureResult, differing
from bach_lib.registry.examining import FRESH_START, Examiner
from bach_lib.registry.rows import DAMAGED, RESTS, connection_of, connection_values
from bach_lib.registry.secrets import Secrets
from bach_lib.registry.validation import check_name, checked, look_alike, new_row
from bach_lib.storage import Row, Store, Transaction
from bach_lib.storage.removal import Removals

_LOGGER = FieldLogger(__name__)
_counted = changer(Connection, "success_count", "error_count", "last_used")


class Registry:
    """All connections of one database."""

    def __init__(
        self, store: Store, bus: Bus, connectors: Connectors, secrets: Secrets, home: HomeLoop | None = None
    ) -> None:
        self._store, self._home = store, home
        self._bus = bus
        self._connectors = connectors
        self._secrets = secrets
        self._examiner = Examiner(connectors, secrets)
        self._connections: dict[str, Connection] = {}
        self.damaged: dict[str, list[str]] = {}
        """What of each row could not be read, as long as nobody has changed it."""
        self.removals: Removals = Removals(store)
        """Takes away what belonged to a connection that was removed."""
        self._lock = asyncio.Lock()
        self.settle: Callable[[], Awaitable[None]] = _nothing
        """Waited for after a new connection: until somebody works on it, where several share the database."""

    async def open(self) -> None:
        """Read all connections from the disk."""
        await self.removals.open()
        rows = await self._store.submit(lambda tx: tx.rows("list_connections"), writes=False)
        self._connections = self._read(rows)
        self._examiner.report_strange(self._connections.values())

    async def follow(self) -> None:
        """Follow what another process that shares the database has changed. Raises a `StorageError`."""
        self._check_home()
        async with self._lock:
            rows = await self._store.submit(lambda tx: tx.rows("list_connections"), writes=False)
            before, self._connections = self._connections, self._read(rows)
            for event in changes_between(before, self._connections):
                self._bus.publish(event)

    def _read(self, rows: Iterable[Row]) -> dict[str, Connection]:
        read = [connection_of(row) for row in rows]
        self.damaged = {connection.name: damaged for connection, damaged in read if damaged}
        for connection, damaged in read:
            if damaged and self._connections.get(name := connection.name) != connection:  # else it was said
                _LOGGER.error(DAMAGED, name, ", ".join(damaged), "" if connection.is_active else RESTS, connection=name)
        return {connection.name: connection for connection, _ in read}

    def get(self, name: str) -> Connection:
        """One connection. Raises `UnknownConnectionError`."""
        try:
            return self._connections[name]
        except KeyError:
            raise UnknownConnectionError(name=name, known=", ".join(self._connections) or NONE) from None

    def list(self, *, category: Category | None = None, type: str | None = None) -> list[Connection]:  # noqa: A002 - the field's name
        """All connections, or those of a category or type, by name."""
        return [
            connection
            for _, connection in sorted(self._connections.items())
            if category in (None, connection.category) and type in (None, connection.type)
        ]

    def check_vacant(self, name: str, beside: Iterable[str] = ()) -> None:
        """Raise an `InputError` for a name that no new connection may have; `beside`: others that are to be written."""
        check_name(name)
        if taken := next((one for one in (*self._connections, *beside) if look_alike(one, name)), None):
            raise ConnectionExistsError(name=taken)

    async def add(self, connection: Connection) -> Connection:
        """Write a new connection and start it if it is active.

        Raises an `InputError`, `MissingLibraryError` or `StorageError`.
        """
        self._check_home()
        added = await asyncio.shield(self._add(new_row(connection)))
        await self.settle()
        return added

    async def ensure(self, connection: Connection) -> Ensured:
        """Let there be a connection like this: add it, or update what differs. The result says which.

        For programs, which say the same at each start. What people do by hand stays: `is_active` counts only where it
        is added, and an empty `allowed` says nothing. Raises as `add` and `update` do, or `InvalidValueError` where a
        connection of another type has the name.
        """
        self._check_home()
        ensured = await asyncio.shield(self._ensure(new_row(connection)))
        if ensured.result is EnsureResult.ADDED:
            await self.settle()
        return ensured

    async def examine(self, connection: Connection, *, beside: Collection[Connection] = ()) -> Connection:
        """The connection as `add` would write it. Raises what `add` raises, and writes nothing.

        `beside`: others that are to be written with it, which it must not be the same as either.
        """
        self._check_home()
        fresh = new_row(connection)
        self.check_vacant(fresh.name)
        if fresh.category is Category.CONNECTOR:
            await self._connectors.load(fresh.type)
        await self._check(fresh, Changes.__annotations__.keys(), beside=beside)
        return fresh

    async def lost_secrets(self, name: str) -> tuple[str, ...]:
        """The fields of its `auth_config` behind which there is no secret now. Raises `UnknownConnectionError`."""
        self._check_home()
        lost = []
        for field, reference in self.get(name).auth_config.items():
            try:
                await self._secrets.resolve({field: reference})
            except BachError:
                lost.append(field)
        return tuple(lost)

    async def update(self, name: str, /, **changes: Unpack[Changes]) -> Connection:
        """Change fields of a connection; new credentials or a new endpoint close its circuit breaker.

        Only what differs is checked; everything, where it is switched on. Raises as `add` does, or
        `UnknownConnectionError`.
        """
        self._check_home()
        if unknown := changes.keys() - Changes.__annotations__.keys():
            raise UnknownFieldError(field=min(unknown), known=", ".join(Changes.__annotations__))
        kept = cast("Changes", {field: checked(field, value) for field, value in changes.items()})
        return await asyncio.shield(self._update(name, kept))

    async def remove(self, name: str) -> None:
        """Delete a connection, its queue and its inbox. Raises `UnknownConnectionError` or a `StorageError`.

        It is gone at once. Its messages go in portions, so that nobody else waits; what a full disk or the end of the
        process leaves of them goes later.
        """
        self._check_home()
        await asyncio.shield(self._remove(name))

    def save_breaker(self, name: str, failures: int, disabled_until: float | None) -> None:
        """Keep what the circuit breaker must know after a restart. Written in the background."""
        if connection := self._connections.get(name):
            self._connections[name] = replace(connection, consecutive_failures=failures, disabled_until=disabled_until)
            values = {"consecutive_failures": failures, "disabled_until": disabled_until}
            future = self._store.submit(lambda tx: tx.run("save_breaker", name=name, **values), as_owner=True)
            future.add_done_callback(lambda done: done.exception())  # a full disk is reported by the queue

    def count(self, name: str, delivered: bool, now: float) -> None:
        """Follow in memory what the queue counted on disk."""
        if connection := self._connections.get(name):
            successes, errors = connection.success_count + delivered, connection.error_count + (not delivered)
            self._connections[name] = _counted(connection, successes, errors, now)

    def count_use(self, name: str, *, succeeded: bool, now: float) -> None:
        """Count what no queue counts, in memory only; `save_use` writes it."""
        self.count(name, succeeded, now)
        if connection := self._connections.get(name):
            failures = 0 if succeeded else connection.consecutive_failures + 1
            self._connections[name] = replace(connection, consecutive_failures=failures)

    def save_use(self, name: str) -> asyncio.Future[int]:
        """Write what was counted in memory."""
        row = self._connections.get(name)
        fields = ("success_count", "error_count", "last_used", "consecutive_failures")
        values = {field: getattr(row, field) for field in fields} if row else dict.fromkeys(fields)
        future = self._store.submit(lambda tx: tx.run("save_use", name=name, **values))
        future.add_done_callback(lambda done: done.exception())  # as above
        return future

    def count_blocked(self, name: str, strangers: int) -> None:
        """Follow in memory what the inbox counted on disk."""
        if strangers and (connection := self._connections.get(name)):
            self._connections[name] = replace(connection, blocked_count=connection.blocked_count + strangers)

    def _check_home(self) -> None:
        if self._home is not None:
            self._home.check()

    # Changes run to their end even if their caller is cancelled: memory and disk must not differ.

    async def _add(self, fresh: Connection) -> Connection:
        await self._connectors.prepare(fresh.type)
        async with self._lock:
            return await self._write_new(fresh)

    async def _update(self, name: str, changes: Changes) -> Connection:
        async with self._lock:
            old = self.get(name)
            changed = frozenset(field for field, value in changes.items() if getattr(old, field) != value)
            return await self._write_changed(old, changes, changed) if changed else old

    async def _ensure(self, fresh: Connection) -> Ensured:
        await self._connectors.prepare(fresh.type)
        async with self._lock:  # nobody adds or removes it between the look and the change
            if (there := self._connections.get(fresh.name)) is None:
                return Ensured(connection=await self._write_new(fresh), result=EnsureResult.ADDED)
            if not (changes := differing(fresh, there)):
                return Ensured(connection=there, result=EnsureResult.UNCHANGED)
            changed = frozenset(changes)
            new = await self._write_changed(there, cast("Changes", changes), changed)
            return Ensured(connection=new, result=EnsureResult.UPDATED, changed=changed)

    # Under the lock:

    async def _write_new(self, fresh: Connection) -> Connection:
        await self.examine(fresh)
        await self.removals.finish(fresh.name)  # a new connection gets nothing of an old one
        await self._store.submit(lambda tx: tx.run("add_connection", **connection_values(fresh)))
        self._connections[fresh.name] = fresh
        self.damaged.pop(fresh.name, None)
        self._bus.publish(ConnectionAdded(connection=fresh.name, row=fresh))
        return fresh

    async def _write_changed(self, old: Connection, changes: Changes, changed: frozenset[str]) -> Connection:
        new = replace(old, **changes)
        if "is_active" in changed and new.is_active:  # it begins now, so it is looked at as a new one is
            await self._check(new, Changes.__annotations__.keys())
        else:
            await self._check(new, changed, old=old)
        await self._store.submit(partial(_write_update, connection=new, changed=changed))
        new = replace(self._connections[old.name], **changes)  # what was counted meanwhile stays
        if changed & FRESH_START:
            new = replace(new, consecutive_failures=0, disabled_until=None)
        self._connections[old.name] = new
        self.damaged.pop(old.name, None)  # all that a person may change was written anew
        self._bus.publish(ConnectionUpdated(connection=old.name, row=new, changed=changed))
        return new

    async def _remove(self, name: str) -> None:
        async with self._lock:
            row = self.get(name)
            del self._connections[name]  # first, so that nothing is queued for it any more
            try:
                await self.removals.begin(name)
            except BaseException:
                self._connections[name] = row
                raise
            self._bus.publish(ConnectionRemoved(connection=name))
        try:
            await self.removals.finish(name)
        except BachError as error:
            _LOGGER.warning(
                "The messages of %s, which is removed, will be deleted later: %s", name, error, connection=name
            )

    async def _check(
        self,
        connection: Connection,
        fields: Collection[str],
        *,
        old: Connection | None = None,
        beside: Collection[Connection] = (),
    ) -> None:
        others, seen = [*self._connections.values(), *beside], beside.seen if isinstance(beside, Beside) else None
        await self._examiner.check(connection, fields, others, old=old, seen=seen)


async def _nothing() -> None:
    """Whoever has the database alone works on a new connection at once."""


def _write_update(tx: Transaction, connection: Connection, changed: frozenset[str]) -> None:
    values = connection_values(connection)
    del values["type"], values["category"]
    tx.run("update_connection", **values)
    if changed & FRESH_START:
        tx.run("save_breaker", name=connection.name, consecutive_failures=0, disabled_until=None)
