"""Session of a command: through the daemon that has the database open, or by opening it itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol, override

from bach_lib.bach import Bach
from bach_lib.cli.logs import noting
from bach_lib.cli.paths import may_be_there, runs_file, to_open
from bach_lib.cli.seats import daemon_of
from bach_lib.control.link import DaemonClient
from bach_lib.control.operations import perform
from bach_lib.control.sentences import SentenceError
from bach_lib.errors import StoreInUseError
from bach_lib.rest.answers import Json

type Work[T] = Callable[[Session], Awaitable[T]]


class Session(Protocol):
    """A BACH that can be asked. `is_daemon`: it works all the time, and not only for this command."""

    is_daemon: bool
    database: Path

    async def ask(self, operation: str, **arguments: Json) -> Json:
        """Have an operation carried out. Raises a `BachError` or a `SentenceError`."""
        ...


class Direct(Session):
    """Session on the database itself; connections are not started unless a command asks for it."""

    is_daemon = False

    def __init__(self, bach: Bach, database: Path) -> None:
        self._bach = bach
        self.database = database

    @override
    async def ask(self, operation: str, **arguments: Json) -> Json:
        return await perform(self._bach, operation, arguments)


class Remote(Session):
    """Session with the daemon."""

    is_daemon = True

    def __init__(self, link: DaemonClient, database: Path) -> None:
        self._link = link
        self.database = database

    @override
    async def ask(self, operation: str, **arguments: Json) -> Json:
        return await self._link.ask(operation, arguments)


def run[T](work: Work[T], database: Path, *, creates: bool = False) -> T:
    """Do this with the BACH of a database. `creates`: with a new one, if there is none yet."""

    async def in_session() -> T:
        async with _session(database, creates=creates) as session:
            return await work(session)

    with noting():
        return asyncio.run(in_session())


@asynccontextmanager
async def _session(database: Path, *, creates: bool) -> AsyncIterator[Session]:
    async with daemon_of(database) as found:
        if found:
            yield Remote(found[0], database)
            return
    if not creates and not await asyncio.to_thread(may_be_there, database):
        raise SentenceError(f"There is no database at {database}. Add a connection first, or name another with --db.")
    try:
        bach = Bach(to_open(database), runs_file=runs_file(database), autostart=False)
        await bach.open()
    except StoreInUseError as error:
        raise SentenceError(f"{error} (It is no daemon of this command, so it cannot be asked instead.)") from error
    try:
        yield Direct(bach, database)
    finally:
        await bach.close()
