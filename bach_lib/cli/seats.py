"""Seats: where the daemons of one machine that share a database on a server have their sockets and logs.

A file has one daemon. Of such a database several may run on a machine, for availability; each takes the first seat
that is free, and a command asks the first of them that answers.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from bach_lib.cli.console import as_row
from bach_lib.cli.exits import note
from bach_lib.cli.paths import ServerPlace, shown
from bach_lib.control.link import DaemonClient
from bach_lib.control.sentences import SentenceError, UnansweredError
from bach_lib.control.socket_path import socket_file
from bach_lib.storage.lock import FileLock

_MOST = 9


def seats(database: Path) -> list[Path]:
    """All that there can be, the first one first."""
    others = range(2, _MOST + 1) if isinstance(database, ServerPlace) else ()
    return [database, *(database.with_name(f"{database.name}-{number}") for number in others)]


@contextmanager
def seated(database: Path) -> Iterator[Path]:
    """Have a seat; who has the lock of a file has the only one. Raises `SentenceError` if all are taken."""
    if not isinstance(database, ServerPlace):
        yield database
        return
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for seat in seats(database):
        lock = FileLock(seat.with_name(f"{seat.name}.lock"))
        if lock.acquire():
            try:
                yield seat
            finally:
                lock.release()
            return
    raise SentenceError(f"{_MOST} daemons work on {shown(database)} on this machine already. Stop one of them first.")


@asynccontextmanager
async def daemon_of(database: Path) -> AsyncIterator[tuple[DaemonClient, Path] | None]:
    """The line to the first daemon that answers, and its seat; None if none runs.

    Raises `UnansweredError` if one is there, and none answers.
    """
    frozen: UnansweredError | None = None
    for seat in seats(database):
        async with DaemonClient(socket_file(seat), note) as line:
            try:
                is_answered = await line.is_answered()
            except UnansweredError as error:
                frozen = frozen or error
                continue
            if is_answered:
                yield line, seat
                return
    if frozen:
        raise frozen
    yield None


async def others(database: Path) -> list[int]:
    """The processes of the daemons that answer beside the first."""
    found: list[int] = []
    for seat in seats(database) if isinstance(database, ServerPlace) else ():
        async with DaemonClient(socket_file(seat), note) as line:
            with suppress(UnansweredError):
                if await line.is_answered():
                    pid = as_row(await line.ask("daemon", {})).get("pid")
                    found += [pid] if isinstance(pid, int) else []
    return found[1:]
