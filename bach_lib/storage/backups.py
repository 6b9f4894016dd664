"""The backups that are being written of one open database, each in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from bach_lib.errors import NotOpenError
from bach_lib.storage.backup_file import write_backup


class Backups:
    """Backups that are under way; whoever closes the database ends them all."""

    def __init__(self) -> None:
        self._under_way: dict[asyncio.Future[None], threading.Event] = {}

    async def write(self, source: Path, target: Path, read: Callable[[str], bytes | None]) -> None:
        """Write one. `read`: what lies in files beside it.

        Raises a `BackupExistsError` or `StorageError`, and `NotOpenError` if it was ended.
        """
        ended = threading.Event()

        def go_on() -> None:
            if ended.is_set():
                raise NotOpenError

        writing = asyncio.ensure_future(asyncio.to_thread(write_backup, source, target, go_on, read))
        self._under_way[writing] = ended
        try:
            await asyncio.shield(writing)
        finally:
            ended.set()
            while not writing.done():  # the caller was cancelled: leave nothing half written behind
                await asyncio.wait([writing])
            del self._under_way[writing]

    async def end(self) -> None:
        """End all that are under way; nothing of them is left behind."""
        for ended in self._under_way.values():
            ended.set()
        if self._under_way:
            await asyncio.wait(list(self._under_way))
