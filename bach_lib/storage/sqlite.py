"""SQLite connections: transactions and the write-ahead log. The only module that imports sqlite3.

SQLite writes commits to a log beside the file (`-wal`) and moves them into it from time to time (a checkpoint). Here
that happens when we say so (`log_keeper`), and the log keeps its length afterwards: whoever copies the folder meanwhile
(Home Assistant's backup, tar, rsync) takes a file that shrinks or vanishes for an error and throws all of it away.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from operator import methodcaller
from pathlib import Path
from typing import cast

from bach_lib.errors import StoreDamagedError, StoreFailedError, StoreLockedError, StoreTooNewError
from bach_lib.storage.alike import run_all
from bach_lib.storage.copies import keep_copy, way_back
from bach_lib.storage.log_index import LOG_HEADER, LogIndex
from bach_lib.storage.numbered import statements_of
from bach_lib.storage.pragmas import NOTES_GONE, PRAGMAS, SHRINKS, let_it_shrink
from bach_lib.storage.request import Request, broken_text, has_writes, is_single, too_large_a_number, unforeseen
from bach_lib.storage.schema import COPY_FLAG, LAYOUT, Execute, bring_up_to_date, layout_of, load_queries
from bach_lib.storage.transaction import Row, Transaction

type _Batch = Sequence[Request[Transaction]]

_STEP = 256
"""Pages of a backup that are copied at a time: 1 MB."""
_STEPS = 10_000
"""Of SQLite's machine, a fraction of a millisecond: so often a lookup asks whether it is still wanted."""


class Connection:
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
            raise _explain(error, path) from error
        self._transaction = Transaction(statements_of(self._sqlite), load_queries())
        self.log: LogIndex = LogIndex(path)
        self.gone: list[str] = []  # contents whose rows the last transaction took away
        self._sqlite.create_function("bach_gone", 1, self.gone.append)
        self._sqlite.execute(NOTES_GONE)
        self.committed: Callable[[], None] = lambda: None
        """Called after a commit, before who waits for it is told."""
        self.committing: threading.Lock = threading.Lock()
        """Held from a commit until those who wait for it are told."""

    def _prepare(self) -> None:
        _read_leniently(self._sqlite)
        layout = layout_of(self._sqlite.execute)
        if layout > LAYOUT:
            raise StoreTooNewError(path=self._path, found=layout, known=LAYOUT, way_back=way_back(Path(self._path)))
        if layout == 0:
            self._sqlite.execute(SHRINKS)  # counts for an empty file only
        for pragma in PRAGMAS:
            self._sqlite.execute(pragma)
        if 0 < layout < LAYOUT:
            keep_copy(Path(self._path), layout, self.copy_to)
        bring_up_to_date(self._sqlite.execute, ask_new)
        if self._path != ":memory:":
            with suppress(sqlite3.Error):  # a full disk: it has worked without
                let_it_shrink(self._sqlite.execute)

    def copy_to(self, target: Path) -> None:
        """Write all there is into a file that nobody else may read. Raises a `StorageError`."""
        try:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
            with closing(sqlite3.connect(target)) as copy:
                self._sqlite.backup(copy)
        except sqlite3.Error as error:
            raise StoreFailedError(path=target, reason=error) from error

    def do[T](self, work: Callable[[Transaction], T], *, writes: bool = True) -> T:
        """Run this in a transaction of its own. Raises what it raises, or a `StorageError`."""
        request = Request[Transaction](work, writes, cast("asyncio.Future[object]", None))
        self.run([request])
        if request.error:
            raise request.error
        return cast("T", request.result)

    def run(self, batch: _Batch, deliver: Callable[[_Batch], None] = lambda _: None) -> None:
        """Run all in one transaction; if a request fails, each in its own. Never raises. `deliver`: what is done."""
        try:
            if self._sqlite.in_transaction:  # taking back has failed
                self._sqlite.execute("ROLLBACK")
            if not is_single(batch):
                self._sqlite.execute("BEGIN IMMEDIATE" if has_writes(batch) else "BEGIN")
        except sqlite3.Error as error:  # locked or unreadable: no request's fault, and waiting once is enough
            for request in batch:
                request.error = _explain(error, self._path)
            deliver(batch)
            return
        try:
            self._commit(batch, deliver)
        except BaseException as error:  # noqa: BLE001 - a request or the disk failed: find out which request, and let the others live
            if len(batch) == 1:
                batch[0].error = _explain(error, self._path)
                deliver(batch)
                return
            for request in batch:
                self.run([request], deliver)

    def _commit(self, batch: _Batch, deliver: Callable[[_Batch], None]) -> None:
        self.gone.clear()
        try:
            self._transaction.begin(is_shared=len(batch) > 1)
            if not (alone := is_single(batch)):
                run_all(batch, self._transaction)
                self._transaction.end()
            with self.committing:
                if alone:  # which is its own commit
                    batch[0].result = batch[0].work(self._transaction)
                else:
                    self._sqlite.execute("COMMIT")
                self.committed()
                deliver(batch)
        except BaseException:
            if self._sqlite.in_transaction:  # SQLite itself takes back after some errors (full disk)
                self._sqlite.execute("ROLLBACK")
            raise

    def checkpoint(self, mode: str = "PASSIVE") -> bool:
        """Move the log into the file; whether all of it was moved. TRUNCATE also cuts it."""
        try:
            [(busy, log, moved)] = self._sqlite.execute(f"PRAGMA wal_checkpoint({mode})")
        except sqlite3.Error:  # the disk; the log is as good, and there is a next time
            return False
        return not busy and log == moved

    def close(self, *, keeps_log: bool = False) -> None:
        """Close. `keeps_log`: as it is, somebody copies it; otherwise all of it is in the file afterwards."""
        if self._path != ":memory:":
            self._sqlite.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)
            if not keeps_log and self.checkpoint("RESTART"):
                with suppress(sqlite3.Error, OSError):
                    self._spend_log()
        self._sqlite.close()
        self.log.close()  # any file of SQLite's that is closed drops SQLite's own locks on it

    def _spend_log(self) -> None:
        """Let nobody read the log again, without cutting it: beside a restored file it would spoil that."""
        [(before,)] = self._sqlite.execute("PRAGMA data_version")
        self._sqlite.execute("BEGIN EXCLUSIVE")  # from here on nobody else writes
        try:
            [(after,)] = self._sqlite.execute("PRAGMA data_version")
            if before == after:
                file = os.open(f"{self._path}-wal", os.O_RDWR)
                try:
                    os.write(file, bytes(LOG_HEADER))
                finally:
                    os.close(file)
        finally:
            self._sqlite.execute("ROLLBACK")


class Reader:
    """A connection beside the one that writes, for lookups: it can only read, and neither waits for the other.

    Used from one thread. `is_unwanted` is asked now and then, and ends the lookup that is under way.
    """

    def __init__(self, path: str, is_unwanted: Callable[[], bool]) -> None:
        self._path = path
        try:
            self._sqlite = _opened(Path(path))
            self._sqlite.execute("PRAGMA temp_store = MEMORY")
            self._sqlite.execute("PRAGMA schema_version").fetchall()  # opens all files now, and none later
        except sqlite3.Error as error:
            raise _explain(error, path) from error
        _read_leniently(self._sqlite)
        self._sqlite.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)  # the log is not ours to move
        self._sqlite.set_progress_handler(is_unwanted, _STEPS)
        self._transaction = Transaction(statements_of(self._sqlite), load_queries())

    def look_up(self, request: Request[Transaction]) -> bool:
        """Run the request on what is committed at this moment; False if it was ended before. Never raises."""
        request.error = None
        try:
            try:
                self._sqlite.execute("BEGIN")
                request.result = request.work(self._transaction)
            finally:
                if self._sqlite.in_transaction:
                    self._sqlite.execute("ROLLBACK")
        except BaseException as error:  # noqa: BLE001 - whatever it is, somebody waits for an answer
            request.error = _explain(error, self._path)
            return getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT
        return True

    def close(self) -> None:
        """Close; the files stay as they are."""
        self._sqlite.close()


def _explain(error: BaseException, path: str) -> Exception:
    if isinstance(error, UnicodeEncodeError):
        return broken_text()
    if isinstance(error, OverflowError):
        return too_large_a_number()
    if not isinstance(error, sqlite3.Error):
        return unforeseen(error, path)
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLockedError(path=path)
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.OperationalError | sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InternalError
    ):
        return StoreDamagedError(path=path)
    return StoreFailedError(path=path, reason=error)


def _opened(path: Path, how: str = "mode=ro") -> sqlite3.Connection:
    """A file that is only read; none is made where there is none."""
    address = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)


def _read_leniently(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.text_factory = methodcaller("decode", "utf-8", "replace")  # a flipped bit spoils one text


def ask_file[T](path: Path, with_log: bool, question: Callable[[Execute], T]) -> T:
    """What a file that is left as it is has to say; `with_log`: as its log has it. Raises a `StorageError`."""
    how = "mode=ro" if with_log else "mode=ro&immutable=1"
    try:
        with closing(_opened(path, how)) as foreign:
            return question(foreign.execute)
    except sqlite3.Error as error:
        raise _explain(error, str(path)) from error


def ask_new[T](question: Callable[[Execute], T]) -> T:
    """The same of an empty database, in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
        return question(empty.execute)


def write_snapshot(source: Path, target: Path, between: Callable[[], None]) -> None:
    """Copy an open database as it is now, through a connection of its own, so that nobody waits for it.

    `between` is called after every few hundred pages and may raise to end it. The copy is one file without a log, and
    says of itself that it is a copy. Raises a `StorageError`.
    """
    try:
        with closing(_opened(source)) as reader:
            reader.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)  # the log is not ours to move
            with closing(sqlite3.connect(target)) as copy:
                copy.execute("PRAGMA synchronous = OFF")  # whoever asked syncs the file
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM meta").fetchall()  # what is written from here on is not in it
                reader.backup(copy, pages=_STEP, progress=lambda *_: between())
    except sqlite3.Error as error:
        raise StoreFailedError(path=target, reason=error) from error
    change_meta(target, "copied", COPY_FLAG)


def change_meta(path: Path, key: str, value: str | None) -> None:
    """Let a copy that nobody has open say something of itself; it needs no log then. Raises a `StoreFailedError`."""
    query = "delete_meta" if value is None else "save_meta"
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
            copy.execute(load_queries()[query], {"key": key} if value is None else {"key": key, "value": value})
    except sqlite3.Error as error:
        raise StoreFailedError(path=path, reason=error) from error


def ask_copy(path: Path, query: str) -> list[tuple[object, ...]]:
    """The answer of a copy that nobody has open; none if it cannot be read."""
    with suppress(sqlite3.Error), closing(_opened(path, "mode=ro&immutable=1")) as copy:
        return copy.execute(query).fetchall()
    return []


def read_foreign(path: Path, tables: Iterable[str]) -> dict[str, list[Row]]:
    """All rows of those of these tables that a foreign database has; it is only read. Raises a `StorageError`."""
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
        raise StoreDamagedError(path=path)
    try:
        with closing(_opened(path)) as foreign:
            _read_leniently(foreign)
            there = {str(name).lower(): name for (name,) in foreign.execute("SELECT name FROM sqlite_master")}
            found = {name: foreign.execute(f'SELECT * FROM "{there[name]}"') for name in tables if name in there}  # noqa: S608 - our own names
            return {name: [dict(row) for row in rows] for name, rows in found.items()}
    except sqlite3.OperationalError as error:
        raise StoreFailedError(path=path, reason=error) from error
    except sqlite3.Error as error:
        raise StoreDamagedError(path=path) from error
