"""The same disk on a real PostgreSQL: a crash leaves the database where it is, and the connection breaks at times."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from random import Random
from typing import override

from bach_lib.storage import ServerDatabase, Store
from tests.servers import Server
from tests.simulation.disk import Asked, Disk

_OFTEN = 0.03
"""Of all commits, those before which the connection breaks."""
_NAME = "history"
_UNNEEDED = "SELECT digest FROM bach.contents WHERE digest NOT IN (SELECT digest FROM bach.files)"
_SERVER: ContextVar[Server | None] = ContextVar("server", default=None)


@contextmanager
def on_a_server(server: Server) -> Iterator[None]:
    """What is told meanwhile happens on this server."""
    token = _SERVER.set(server)
    try:
        yield
    finally:
        _SERVER.reset(token)


def disk_at(path: Path, random: Random) -> Disk:
    """The disk of a process; the first one of a folder is empty."""
    server = _SERVER.get()
    return ServerDisk(path, random, server) if server else Disk(path, random)


class ServerDisk(Disk):
    """A database on a server that answers when the simulation says so."""

    def __init__(self, path: Path, random: Random, server: Server) -> None:
        self._server = server
        self._breaks = Random(path.name)
        begun = path.with_name("begun")
        if not begun.exists():
            begun.touch()
            server.empty_database(_NAME)
        super().__init__(path, random)

    @override
    def _opened_by_this_process(self) -> Store:
        return ServerDatabase(self._server.address(_NAME))

    @override
    async def _write(self, asked: list[Asked]) -> list[object]:
        if asked and self._breaks.random() < _OFTEN:
            self._cut_off()
        return await super()._write(asked)

    @override
    def abandon(self) -> None:
        super().abandon()
        self._cut_off()

    @override
    def look(self, query: str) -> list[tuple[object, ...]]:
        return self._server.ask(query.replace("FROM ", "FROM bach."), _NAME)

    @property
    @override
    def orphans(self) -> list[str]:
        """There is no folder; what lies in rows that nobody needs is as bad."""
        return [str(digest) for (digest,) in self._server.ask(_UNNEEDED, _NAME)]

    @override
    def copy(self, path: Path) -> None:
        """What the next process finds is what this one left."""

    def _cut_off(self) -> None:
        self._server.ask(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_NAME}'"
            " AND pid <> pg_backend_pid()"
        )
