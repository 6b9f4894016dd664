"""Writer thread of the database with group commit; beside it one that answers lookups (`lookups`).

All requests of one turn of the event loop, and all that come while the disk is busy, share one transaction, so a
hundred callers pay for one `fsync` (group commit). A request is a function of the open `Transaction`; its result is
delivered after the commit. If one request of a batch raises, the batch is taken back and its requests run again one by
one, so that only the guilty one fails; a request may therefore run twice and must not touch anything outside its
transaction.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from os import PathLike
from pathlib import Path
from typing import override

from bach_lib.errors import (
    BachError,
    NotOpenError,
    StorageError,
    StoreDamagedError,
    StoreFailedError,
    StoreForbiddenError,
    StoreForeignError,
    StoreMissingError,
)
from bach_lib.field_logger import FieldLogger
from bach_lib.storage.backups import Backups
from bach_lib.storage.content_folder import ContentFolder, folder_of
from bach_lib.storage.guard import Guard
from bach_lib.storage.log_keeper import LogKeeper
from bach_lib.storage.lookups import Lookups
from bach_lib.storage.moved import TO_USE, Opening, check_usable
from bach_lib.storage.origin import check_is_file, check_is_ours, has_log, layout_and_names
from bach_lib.storage.place import LockedPath
from bach_lib.storage.request_loop import QUIET, Batch, RequestLoop, Requests
from bach_lib.storage.restored import HELD, Marker
from bach_lib.storage.runs import Runs
from bach_lib.storage.shape import check_shape
from bach_lib.storage.sqlite import Connection, Reader, ask_file, ask_new
from bach_lib.storage.store import Store
from bach_lib.storage.store_thread import StoreThread
from bach_lib.storage.transaction import Transaction
from bach_lib.threads import in_thread

_LOGGER = FieldLogger(__name__)


class Database(Store):
    """A SQLite file behind its own thread. Only one process at a time may have it open. `runs_file`: see `runs`."""

    _connection: Connection
    _guard: Guard
    _keeper: LogKeeper
    _marker: Marker
    _lookups: Lookups
    _contents: ContentFolder

    def __init__(self, path: Path, *, runs_file: str | PathLike[str] | None = None, opening: Opening = TO_USE) -> None:
        self._path, self._runs, self._opening = path, Runs(runs_file), opening
        self._names: tuple[Path, ...] = (path,)
        self._place = LockedPath(self._names)
        self._tell: Callable[[StorageError | None], None] = lambda _: None
        self._thread = StoreThread(path, self._begin, self._end, name=path.name)
        self._stands_still = False
        self._backups = Backups()

    @override
    async def open(self) -> None:
        await self._thread.open()

    @override
    def watch(self, tell: Callable[[StorageError | None], None]) -> None:
        self._tell = tell

    @override
    def submit[T](
        self, work: Callable[[Transaction], T], *, writes: bool = True, ends: bool = False, as_owner: bool = False
    ) -> asyncio.Future[T]:
        request, future = self._thread.request(work, writes=writes, ends=ends)
        self._thread.submit(request)
        return future

    @override
    def read[T](self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        request, future = self._thread.request(work, writes=False)
        self._lookups.submit(request)
        return future

    @override
    async def stand_still(self) -> None:
        def begin() -> None:
            began, self._stands_still = self._stands_still, True  # whatever fails: it is copied from now on
            if not began:
                self._contents.begin_copying()
            if not began and not self._guard.lost:
                self._marker.begin_copying()
                self._keeper.move_all("TRUNCATE")

        if self._thread.is_open:
            await self._thread.run(begin)
        else:
            self._stands_still = True

    @override
    async def move_on(self) -> None:
        def end() -> None:
            began, self._stands_still = self._stands_still, False
            if began:
                self._contents.end_copying()
                self._sweep()
            if not self._guard.lost:
                self._marker.end_copying()
                self._keeper.move_all("TRUNCATE")

        if self._thread.is_open:
            await self._thread.run(end)
        else:
            self._stands_still = False

    def _sweep_soon(self) -> None:
        with suppress(NotOpenError):  # the next start sweeps
            self._thread.run(self._sweep).add_done_callback(lambda done: done.cancelled() or done.exception())

    def _sweep(self) -> None:
        """To be called in the thread, between two transactions: what is not named now is held, or nobody's."""
        named = self._connection.do(
            lambda tx: {str(row["digest"]) for row in tx.rows("contents_in_files")}, writes=False
        )
        self._contents.sweep(named)

    def _check_place(self) -> None:
        self._guard.look()
        if self._guard.lost:
            raise self._guard.lost

    @override
    async def backup(self, target: Path) -> None:
        await self._thread.run(self._check_place)  # whoever copies by name would copy another file
        self._contents.begin_copying()
        try:
            await self._backups.write(self._path, target, self._contents.read)
        finally:
            self._contents.end_copying()
            self._sweep_soon()

    @override
    async def keep(self, contents: Mapping[str, bytes]) -> bool:
        self._contents.hold(contents)
        try:
            for digest, content in contents.items():
                await in_thread(partial(self._contents.write, digest, content))
        except BaseException as error:
            self._contents.let_go(contents)
            if isinstance(error, OSError):
                raise StoreFailedError(path=folder_of(self._path), reason=error.strerror or error) from error
            raise
        return True

    @override
    def let_go(self, digests: Iterable[str], *, are_named: bool) -> None:
        if not self._contents.let_go(digests) and are_named:
            return
        self._sweep_soon()

    @override
    async def kept(self, digests: Sequence[str]) -> dict[str, bytes]:
        found = {digest: await in_thread(partial(self._contents.read, digest)) for digest in digests}
        return {digest: content for digest, content in found.items() if content is not None}

    @override
    async def sweep(self) -> None:
        await super().sweep()
        with suppress(NotOpenError):  # closed meanwhile; the next start sweeps
            await self._thread.run(self._sweep)

    @override
    async def close(self) -> None:
        await self._backups.end()
        await self._thread.close()

    def _begin(self, requests: Requests) -> RequestLoop:
        self._connection = self._open()
        return RequestLoop(requests, self._transact, self._look, self._thread.give_up)

    def _transact(self, batch: Batch) -> None:
        self._guard.run(batch, self._thread.answer)
        self._keeper.after_writing()

    def _look(self) -> float:
        self._guard.look()
        self._keeper.when_quiet()
        return QUIET if self._keeper.wants_quiet else self._guard.patience

    def _end(self) -> None:
        """In this order; a step that fails, because of the disk or a mistake of ours, keeps nothing else open."""
        is_read = keeps_log = True

        def leave() -> None:
            nonlocal keeps_log
            is_ours = self._guard.leave()
            if is_ours and not self._stands_still:
                with suppress(BachError):
                    self._marker.close()
            keeps_log = not is_ours or self._stands_still or is_read

        with ExitStack() as last_first:
            last_first.callback(self._place.leave)
            last_first.callback(lambda: self._connection.close(keeps_log=keeps_log))
            last_first.callback(leave)
            last_first.callback(self._lookups.close)
            last_first.callback(self._keeper.close)  # it would take our own closing for somebody else's
            is_read = not self._keeper.may_be_emptied

    def _open(self) -> Connection:
        try:
            alias = self._names[-1].absolute()
            self._path = Path(os.path.realpath(alias))  # a link must lead to the same lock and the same log
            check_is_file(self._path)
            if not self._opening.creates and not self._path.exists():
                raise StoreMissingError(path=self._path)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._names = (self._path,) if alias == self._path else (self._path, alias)
            place = LockedPath(self._names)
            place.take()
            self._place = place
            try:
                check_is_ours(self._path, lambda with_log: ask_file(self._path, with_log, layout_and_names))
                check_shape(partial(ask_file, self._path, has_log(self._path)), ask_new, self._path)
                return self._opened(Connection(str(self._path)))
            except BaseException as error:
                place.leave(untouched=isinstance(error, StoreForeignError | StoreDamagedError))
                raise
        except PermissionError as error:
            raise StoreForbiddenError(path=error.filename or self._path, reason=error.strerror) from error
        except OSError as error:
            raise StoreFailedError(path=self._path, reason=error.strerror or error) from error
        except ValueError as error:  # no path at all: NUL, or half a character
            raise StoreFailedError(path=ascii(str(self._path)), reason=error) from error

    def _opened(self, connection: Connection) -> Connection:
        try:
            connection.do(lambda tx: check_usable(tx.rows("all_meta"), self._path, self._opening), writes=False)
            self._marker = Marker(self._path, connection, self._runs)
            held, why = self._marker.open(is_copied=self._stands_still, alone=self._place.alone)
            if held:
                _LOGGER.warning(HELD, held, self._path, why)
            self._lookups = lookups = Lookups(
                partial(Reader, str(self._path)), self._path.name, connection.committing, self._thread.answer
            )
            try:
                self._guard = Guard(self._names, self._place, connection, self._report, self._marker.before_writing)
                self._keeper = LogKeeper(self._path, connection, self._may_move, lookups.paused)
                self._forget_what_is_gone(connection)
            except BaseException:
                lookups.close()
                raise
        except BaseException:
            connection.close()
            raise
        return connection

    def _forget_what_is_gone(self, connection: Connection) -> None:
        """Let files go with the commit that takes away their rows, and now what a crash has left."""
        self._contents = contents = ContentFolder(folder_of(self._path))
        if self._stands_still:
            contents.begin_copying()
        committed, gone = connection.committed, connection.gone

        def after_commit() -> None:
            committed()
            if gone:
                contents.remove(gone)

        connection.committed = after_commit
        self._connection = connection
        self._sweep()

    def _may_move(self) -> bool:
        return not self._stands_still and not self._guard.lost

    def _report(self, error: StorageError | None) -> None:
        self._thread.call(self._tell, error)
