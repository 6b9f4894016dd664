"""Queues that others keep in SQLite, made comparable: WAL and `synchronous=FULL`, so that every commit is one fsync.

- litequeue sets `synchronous=NORMAL`, which may lose the last messages in a power cut; it is set to FULL after opening;
- persist-queue's `SQLiteAckQueue` uses SQLite's default, which is FULL; the pragma makes sure of it;
- huey is its storage alone (`fsync=True`), without tasks and results. It deletes what it hands out, so there is
  nothing to acknowledge, and nothing left of it after a crash;
- aiosqlite runs the same statements as raw sqlite3 (`floor`), in autocommit mode: one trip to its thread is one commit.
  That is the fastest it can be. What BACH stores may take several statements, for which aiosqlite needs a trip each and
  one for the commit, as its documentation shows; the row "execute and commit" is the least of those, two trips.

The first three block, as raw sqlite3 does; they are called directly, without a thread in between, which is the fastest
they can be. `script/bench` installs them all; where one is missing, its rows say so and all others are measured.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self, override

from bach_lib.storage.schema import load_queries
from benchmarks.floor import FULL, NEW, SENT, TEXT, Peer, RawSqlite, open_raw


class Litequeue(Peer):
    """https://github.com/litements/litequeue."""

    def __init__(self, folder: Path) -> None:
        from litequeue import LiteQueue  # noqa: PLC0415 - may be missing

        self._queue = LiteQueue(folder / "litequeue.db")
        self.sqlite = self._queue.conn
        self.sqlite.execute(FULL)

    @override
    def put(self) -> None:
        self._queue.put(TEXT)

    @override
    def take(self) -> None:
        message = self._queue.pop()
        self._queue.done(message.message_id, claim_id=message.claim_id)

    @override
    def close(self) -> None:
        self._queue.close()


class PersistQueue(Peer):
    """https://github.com/peter-wangxu/persist-queue."""

    def __init__(self, folder: Path) -> None:
        from persistqueue import SQLiteAckQueue  # noqa: PLC0415 - may be missing

        self._queue = SQLiteAckQueue(str(folder), db_file_name="persistqueue.db")
        self.sqlite = self._queue._putter
        self.sqlite.execute(FULL)

    @override
    def put(self) -> None:
        self._queue.put(TEXT)

    @override
    def take(self) -> None:
        self._queue.ack(self._queue.get(block=False))


class Huey(Peer):
    """https://github.com/coleifer/huey."""

    def __init__(self, folder: Path) -> None:
        from huey import SqliteHuey  # noqa: PLC0415 - may be missing

        self._storage = SqliteHuey(filename=str(folder / "huey.db"), fsync=True).storage
        self.sqlite = self._storage.conn

    @override
    def put(self) -> None:
        self._storage.enqueue(TEXT.encode())

    @override
    def take(self) -> None:
        self._storage.dequeue()


_MODULES = {
    "litequeue": "litequeue",
    "persist-queue": "persistqueue",
    "huey": "huey",
    "aiosqlite": "aiosqlite",
    "purgatory": "purgatory",
    "circuitbreaker": "circuitbreaker",
}
"""Which module each library is; all of them are in the group `bench` of `pyproject.toml`."""


def is_there(library: str) -> bool:
    """Whether it is installed."""
    return find_spec(_MODULES[library]) is not None


def those_there[T](sides: Mapping[str, T]) -> dict[str, T]:
    """The sides that can be measured here; a side is called as its library, or by that and how many call it."""
    return {name: side for name, side in sides.items() if is_there(name.split()[0])}


BLOCKING: Mapping[str, Callable[[Path], Peer]] = {
    "raw sqlite3": RawSqlite,
    **those_there({"litequeue": Litequeue, "persist-queue": PersistQueue, "huey": Huey}),
}


class Aiosqlite:
    """https://github.com/omnilib/aiosqlite; any number of callers may share it.

    `begins`: each change begins a transaction, which lasts until `commit`; else it is one.
    """

    def __init__(self, folder: Path, *, begins: bool = False) -> None:
        self._path = folder / "aiosqlite.db"
        self._isolation: Literal["IMMEDIATE"] | None = "IMMEDIATE" if begins else None
        self._queries = load_queries()
        self._put = self._queries["put_message"]
        self._claim = self._queries["claim_message"].replace(";", " RETURNING *;")  # one trip to the thread, not two
        self._settle = self._queries["settle_message"]
        self._next = 0

    async def __aenter__(self) -> Self:
        import aiosqlite  # noqa: PLC0415 - may be missing

        open_raw(self._path).close()
        self._sqlite = await aiosqlite.connect(self._path, isolation_level=self._isolation)
        await self._sqlite.execute(FULL)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sqlite.close()

    async def put(self) -> None:
        """Store one message."""
        await self._sqlite.execute_insert(self._put, NEW)

    async def put_and_commit(self) -> None:
        """Store one message in a transaction that could hold more; `sqlite3` begins it, if told so."""
        await self._sqlite.execute_insert(self._put, NEW)
        await self._sqlite.commit()

    async def take(self) -> None:
        """Claim and acknowledge; the connection's counter would need a transaction, which all callers would share."""
        self._next = mine = self._next + 1
        await self._sqlite.execute_fetchall(self._claim, {"id": mine, "connection": None, "now": 0.0})
        await self._sqlite.execute_fetchall(self._settle, {**SENT, "id": mine})
