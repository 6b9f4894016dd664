"""The database on a PostgreSQL server, as a store: a thread that writes, with group commit, and one that looks up.

The same way as to a file (`storage.database`): requests of one turn, and all that come while the server is busy, share
one transaction. What is about files (locks on them, copies, rescue) is the server's business here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, override

from bach_lib.errors import BackupElsewhereError, MissingLibraryError, StorageError, StoreAwayError
from bach_lib.said import Sentence
from bach_lib.storage.lookups import Lookups
from bach_lib.storage.moved import TO_USE, Opening
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.known_commits import Note
from bach_lib.storage.postgresql.server_time import ServerTime
from bach_lib.storage.request_loop import Batch, RequestLoop, Requests
from bach_lib.storage.store import SharedStore
from bach_lib.storage.store_thread import StoreThread
from bach_lib.storage.transaction import Transaction

if TYPE_CHECKING:
    from bach_lib.storage.postgresql.notifier import Notifier
    from bach_lib.storage.postgresql.reconnecting import Reconnecting

_MOST = 20_000
"""Requests that may wait for the server; who comes then is told so at once."""


class ServerDatabase(SharedStore):
    """A database in the schema `bach` of a PostgreSQL database. `address`: `postgresql://user@host:5432/database`.

    `runs_file`: where on this machine it is noted how far it had come, so that an older copy is told.
    """

    _lookups: Lookups
    _link: Reconnecting

    def __init__(
        self, address: str, *, runs_file: str | PathLike[str] | None = None, opening: Opening = TO_USE
    ) -> None:
        self._address, self._opening, self._note = Address(address), opening, Note(runs_file)
        self._time = ServerTime()
        self._thread = StoreThread(str(self._address), self._begin, self._end)
        self._tell: Callable[[StorageError | None], None] = lambda _: None
        self._notifier: Notifier | None = None
        self._session: int | None = None

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
        session = self._session if as_owner else None
        request, future = self._thread.request(work, writes=writes, ends=ends, session=session)
        if self._thread.waiting > _MOST and not ends:
            request.error = StoreAwayError(
                path=self._address,
                reason=Sentence(
                    "number_requests_wait_for_it_already", "{number} requests wait for it already", number=_MOST
                ),
            )
            self._thread.answer([request])
        else:
            self._thread.submit(request)
        return future

    @override
    def act_as(self, session: int) -> None:
        self._session = self._link.process = session

    @override
    def tell(self, notice: str) -> None:
        if self._notifier:
            self._notifier.tell(notice)

    @override
    def listen(self, hear: Callable[[str], None], missed: Callable[[], None]) -> None:
        from bach_lib.storage.postgresql.notifier import Notifier  # noqa: PLC0415 - as in `_begin`

        self._notifier = Notifier(self._address, self._thread.call)
        self._notifier.start(hear, missed)

    @override
    def read[T](self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        request, future = self._thread.request(work, writes=False)
        self._lookups.submit(request)
        return future

    @override
    async def stand_still(self) -> None:
        """There is no file to copy."""

    @override
    async def move_on(self) -> None:
        """There is no file to copy."""

    @override
    async def backup(self, target: Path) -> None:
        raise BackupElsewhereError(path=self._address)

    @override
    async def close(self) -> None:
        if self._notifier:
            notifier, self._notifier = self._notifier, None
            await asyncio.to_thread(notifier.close)
        await self._thread.close(lambda: self._link.closing.set())  # noqa: PLW0108 - there may be no link

    @property
    @override
    def ahead(self) -> float | None:
        return self._time.ahead

    @property
    @override
    def engine(self) -> str:
        return f"PostgreSQL {self._link.version}"

    def _begin(self, requests: Requests) -> RequestLoop:
        try:
            # here, in the thread: the driver is an extra, and whoever has a file does not load it
            from bach_lib.storage.postgresql.reconnecting import Reconnecting  # noqa: PLC0415
            from bach_lib.storage.postgresql.server_reader import ServerReader  # noqa: PLC0415
        except ImportError as error:
            raise MissingLibraryError(type="postgresql", package="psycopg", extra="postgresql") from error
        self._link = link = Reconnecting(self._address, self._note, self._report, self._opening, self._time)
        link.open()
        reader = partial(ServerReader, self._address, link.closing.wait)
        try:
            self._lookups = Lookups(reader, "postgresql", link.committing, self._thread.answer)
        except BaseException:
            link.close(self._thread.answer)
            raise
        return RequestLoop(requests, self._transact, self._look, self._thread.give_up)

    def _end(self) -> None:
        try:
            self._lookups.close()
        finally:
            self._link.close(self._thread.answer)

    def _transact(self, batch: Batch) -> None:
        self._link.run(batch, self._thread.answer)

    def _look(self) -> float:
        return self._link.look(self._thread.answer)

    def _report(self, error: StorageError | None) -> None:
        self._thread.call(self._tell, error)
