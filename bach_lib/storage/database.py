"""The one thread that touches SQLite, and the only module that imports sqlite3.

All requests of one turn of the event loop, and all that come while the disk is busy, share one transaction, so a
hundred callers pay for one `fsync` (group commit). A request is a function of the open `Transaction`; its result is
delivered after the commit. If one request of a batch raises, the batch is taken back and its requests run again one by
one, so that only the guilty one fails; a request may therefore run twice and must not touch anything outside its
transaction.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol, cast, override

from bach_lib.errors import NotOpenError, StorageError, StoreDamagedError, StoreFailedError, StoreInUseError
from bach_lib.storage.lock import FileLock
from bach_lib.storage.schema import load_queries, migrate

type Value = str | int | float | bytes | None
type Row = Mapping[str, Value]

MAX_BATCH = 1000
"""Requests; a batch of this size is not made larger, which keeps the wait of its first below some 20 ms."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # WAL with NORMAL may lose the last commits in a power cut
    "PRAGMA busy_timeout = 5000",  # a person may look into the file with other tools
    "PRAGMA temp_store = MEMORY",
    "PRAGMA foreign_keys = ON",  # files go with their message
    "PRAGMA journal_size_limit = 4194304",
)


class Transaction:
    """What a request may do: run the named queries of `queries.sql` inside the current transaction."""

    def __init__(self, connection: sqlite3.Connection, queries: Mapping[str, str]) -> None:
        self._connection = connection
        self._queries = queries

    def rows(self, query: str, **values: Value) -> list[Row]:
        """Run the query of this name and return all its rows."""
        return cast("list[Row]", self._connection.execute(self._queries[query], values).fetchall())

    def row(self, query: str, **values: Value) -> Row | None:
        """Run the query of this name and return its first row."""
        found = self.rows(query, **values)
        return found[0] if found else None

    def run(self, query: str, **values: Value) -> int:
        """Run the query of this name and return how many rows it changed."""
        return self._connection.execute(self._queries[query], values).rowcount

    def insert(self, query: str, **values: Value) -> int:
        """Run the insertion of this name and return the new row's id."""
        return cast("int", self._connection.execute(self._queries[query], values).lastrowid)


class Store(Protocol):
    """What the rest of BACH knows of storage."""

    async def open(self) -> None:
        """Open and, if needed, migrate. Raises a `StorageError`."""
        ...

    def submit[T](self, work: Callable[[Transaction], T], *, writes: bool = True) -> asyncio.Future[T]:
        """Run `work` in a transaction, after everything submitted before. The future is done after the commit."""
        ...

    async def close(self) -> None:
        """Finish what was submitted, then close."""
        ...


@dataclass(slots=True)
class _Request:
    work: Callable[[Transaction], object]
    writes: bool
    future: asyncio.Future[object]
    result: object = None
    error: BaseException | None = None

    def deliver(self) -> None:
        if self.future.cancelled():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class _Connection:
    """One open SQLite connection and the rules for running batches on it; used from one thread at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._sqlite = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
            try:
                self._prepare()
            except BaseException:
                self._sqlite.close()
                raise
        except sqlite3.Error as error:
            raise self._explain(error) from error
        self._transaction = Transaction(self._sqlite, load_queries())

    def _prepare(self) -> None:
        self._sqlite.row_factory = sqlite3.Row
        for pragma in _PRAGMAS:
            self._sqlite.execute(pragma)
        migrate(self._sqlite.execute, self._path)

    def run(self, batch: Sequence[_Request]) -> None:
        """Run all in one transaction; if a request fails, each in its own."""
        try:
            self._sqlite.execute("BEGIN IMMEDIATE" if any(request.writes for request in batch) else "BEGIN")
        except sqlite3.Error as error:  # locked or unreadable: no request's fault, and waiting once is enough
            for request in batch:
                request.error = self._explain(error)
            return
        try:
            self._commit(batch)
        except Exception as error:  # noqa: BLE001 - a request or the disk failed: find out which request, and let the others live
            if len(batch) == 1:
                batch[0].error = self._explain(error)
                return
            for request in batch:
                self.run([request])

    def _commit(self, batch: Sequence[_Request]) -> None:
        try:
            for request in batch:
                request.result = request.work(self._transaction)
            self._sqlite.execute("COMMIT")
        except BaseException:
            if self._sqlite.in_transaction:  # SQLite itself takes back after some errors (full disk)
                self._sqlite.execute("ROLLBACK")
            raise

    def _explain(self, error: Exception) -> Exception:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(
            error, sqlite3.OperationalError | sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InternalError
        ):
            return StoreDamagedError(path=self._path)
        return StoreFailedError(path=self._path, reason=error) if isinstance(error, sqlite3.Error) else error

    def close(self) -> None:
        self._sqlite.close()


class Database(Store):
    """A SQLite file behind its own thread. Only one process at a time may have it open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._collected: list[_Request] = []
        self._requests: SimpleQueue[list[_Request] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @override
    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = self._loop.create_future()
        requests: SimpleQueue[list[_Request] | None] = SimpleQueue()
        thread = threading.Thread(
            target=self._serve, args=(opened, requests), name=f"bach-store-{self._path.name}", daemon=True
        )
        thread.start()
        try:
            await opened
        except BaseException:  # refused, or the caller was cancelled: leave neither thread nor lock behind
            requests.put(None)
            await asyncio.to_thread(thread.join)
            raise
        self._requests, self._thread = requests, thread

    @override
    def submit[T](self, work: Callable[[Transaction], T], *, writes: bool = True) -> asyncio.Future[T]:
        if self._thread is None or self._loop is None:
            raise NotOpenError
        future: asyncio.Future[T] = self._loop.create_future()
        if not self._collected:
            self._loop.call_soon(self._hand_over)
        self._collected.append(_Request(work, writes, cast("asyncio.Future[object]", future)))
        return future

    def _hand_over(self) -> None:
        """Give the thread what was submitted in this turn of the loop; waking it for each would split the batch."""
        if self._collected:
            self._requests.put(self._collected)
            self._collected = []

    @override
    async def close(self) -> None:
        if self._thread is None:
            return
        thread, self._thread = self._thread, None
        self._hand_over()
        self._requests.put(None)
        await asyncio.to_thread(thread.join)

    def _serve(self, opened: asyncio.Future[None], requests: SimpleQueue[list[_Request] | None]) -> None:
        try:
            connection = self._open()
        except StorageError as error:
            self._call(_settle, opened, error)
            return
        self._call(_settle, opened, None)
        try:
            for batch in _batches(requests):
                connection.run(batch)
                self._call(_deliver, batch)
        finally:
            connection.close()
            self._lock.release()

    def _open(self) -> _Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._lock.acquire():
                raise StoreInUseError(path=self._path)
            try:
                self._path.touch(mode=0o600)  # what people write to each other is nobody else's business
                return _Connection(str(self._path))
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise StoreFailedError(path=self._path, reason=error.strerror or error) from error

    def _call[*Args](self, callback: Callable[[*Args], object], *args: *Args) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, *args)


class MemoryDatabase(Store):
    """The same contract without disk and thread: a request runs at once. For tests and for trying things out."""

    def __init__(self) -> None:
        self._connection: _Connection | None = None

    @override
    async def open(self) -> None:
        self._connection = _Connection(":memory:")

    @override
    def submit[T](self, work: Callable[[Transaction], T], *, writes: bool = True) -> asyncio.Future[T]:
        if self._connection is None:
            raise NotOpenError
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        request = _Request(work, writes, cast("asyncio.Future[object]", future))
        self._connection.run([request])
        asyncio.get_running_loop().call_soon(request.deliver)  # in the order of submission, as the thread does
        return future

    @override
    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def read_foreign(path: Path, tables: Iterable[str]) -> dict[str, list[Row]]:
    """All rows of those of these tables that a foreign database has; it is only read. Raises a `StorageError`."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as foreign:
            foreign.row_factory = sqlite3.Row
            there = {str(name) for (name,) in foreign.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return {
                name: [dict(row) for row in foreign.execute(f'SELECT * FROM "{name}" ORDER BY rowid')]  # noqa: S608 - our own names
                for name in tables
                if name in there
            }
    except sqlite3.OperationalError as error:
        raise StoreFailedError(path=path, reason=error) from error
    except sqlite3.Error as error:
        raise StoreDamagedError(path=path) from error


def _batches(requests: SimpleQueue[list[_Request] | None]) -> Iterator[list[_Request]]:
    """What has been handed over, together, until the end is handed over."""
    while (batch := requests.get()) is not None:
        while len(batch) < MAX_BATCH and not requests.empty():
            if (following := requests.get()) is None:
                yield batch
                return
            batch += following
        yield batch


def _deliver(batch: Iterable[_Request]) -> None:
    for request in batch:
        request.deliver()


def _settle(future: asyncio.Future[None], error: StorageError | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
