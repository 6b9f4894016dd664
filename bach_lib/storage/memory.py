"""In-memory store without thread, for tests and for trying things out."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast, override

from bach_lib.errors import NotOpenError, StorageError
from bach_lib.storage.backup_file import check_free, explained
from bach_lib.storage.request import Request
from bach_lib.storage.sqlite import Connection
from bach_lib.storage.store import Store
from bach_lib.storage.transaction import Transaction


class MemoryDatabase(Store):
    """In-memory store: a request runs at once."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    @override
    async def open(self) -> None:
        self._connection = Connection(":memory:")

    @override
    def watch(self, tell: Callable[[StorageError | None], None]) -> None:
        """A memory is always in its place."""

    @override
    def submit[T](
        self, work: Callable[[Transaction], T], *, writes: bool = True, ends: bool = False, as_owner: bool = False
    ) -> asyncio.Future[T]:
        if self._connection is None:
            raise NotOpenError
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        request = Request[Transaction](work, writes, cast("asyncio.Future[object]", future), ends)
        self._connection.run([request])
        asyncio.get_running_loop().call_soon(request.deliver)  # in the order of submission, as the thread does
        return future

    @override
    def read[T](self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        return self.submit(work, writes=False)

    @override
    async def stand_still(self) -> None:
        """There is nothing to copy."""

    @override
    async def move_on(self) -> None:
        """There is nothing to copy."""

    @override
    async def backup(self, target: Path) -> None:
        if self._connection is None:
            raise NotOpenError
        _copy(self._connection, target)

    @override
    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _copy(connection: Connection, target: Path) -> None:
    check_free(target)
    with explained(target):
        connection.copy_to(target)
