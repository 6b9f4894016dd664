"""Queues that others keep in SQLite, made comparable: WAL and `synchronous=FULL`, so that every commit is one fsync.

- raw sqlite3 runs BACH's own statements on BACH's own tables and commits each by itself: the floor under all of them;
- litequeue sets `synchronous=NORMAL`, which may lose the last messages in a power cut; it is set to FULL after opening;
- persist-queue's `SQLiteAckQueue` uses SQLite's default, which is FULL; the pragma makes sure of it;
- huey is its storage alone (`fsync=True`), without tasks and results. It deletes what it hands out, so there is
  nothing to acknowledge, and nothing left of it after a crash;
- aiosqlite runs the same statements as raw sqlite3, in autocommit mode: one trip to its thread is one commit.

The first four block; they are called directly, without a thread in between, which is the fastest they can be.
"""

import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self, override

import aiosqlite
from huey import SqliteHuey
from litequeue import LiteQueue
from persistqueue import SQLiteAckQueue

from bach_lib.models import Delivery, Format, Status
from bach_lib.outbound.records import Draft, draft_values
from bach_lib.storage import Value
from bach_lib.storage.schema import load_queries, migrate

TEXT = "The garage door has been open for ten minutes and nobody is at home."
FULL = "PRAGMA synchronous = FULL"
CONNECTION = "bench"

DRAFT = Draft(
    connection=CONNECTION,
    recipient="42",
    text=TEXT,
    title=None,
    format=Format.PLAIN,
    silent=False,
    reply_to=None,
    priority=0,
    tag=None,
    delivery=Delivery.AT_LEAST_ONCE,
    context=None,
    created_at=1_800_000_000.0,
    expires_at=None,
    max_retries=5,
)
"""The message that every side stores."""

NEW: Mapping[str, Value] = draft_values(DRAFT, Status.PENDING)
_PARAMETER = re.compile(r":(\w+)")
_SENT: Mapping[str, Value] = dict.fromkeys(_PARAMETER.findall(load_queries()["settle_message"])) | {
    "status": Status.SENT,
    "retry_count": 0,
    "waited": 0.0,
    "finished_at": 1_800_000_000.0,
    "remote_id": "1",
    "degraded": False,
}
"""What is said of a message that was sent; a column that came later says nothing."""

_ATTEMPT: Mapping[str, Value] = {
    "recipient": DRAFT.recipient,
    "outcome": "sent",
    "started_at": 1_800_000_000.0,
    "seconds": 0.02,
    "error_code": None,
    "error_text": None,
}
_COUNTED: Mapping[str, Value] = {"name": CONNECTION, "successes": 1, "errors": 0, "now": 1_800_000_000.0}


class Peer(ABC):
    """A queue in a folder, for one caller. `sqlite` is its open connection."""

    sqlite: sqlite3.Connection

    @abstractmethod
    def put(self) -> None:
        """Store one message."""

    @abstractmethod
    def take(self) -> None:
        """Claim the next message, then acknowledge it: two commits, since sending happens between them."""

    def fill(self, count: int) -> None:
        """Store many messages, without waiting for the disk."""
        self.sqlite.execute("PRAGMA synchronous = OFF")
        for _ in range(count):
            self.put()
        self.sqlite.execute(FULL)

    def close(self) -> None:
        """Give the file back."""
        self.sqlite.close()


class RawSqlite(Peer):
    """Python's sqlite3, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.sqlite = open_raw(folder / "raw.db")
        self._queries = load_queries()
        self._put = self._queries["put_message"]
        self._settle = self._queries["settle_message"]
        self._next = 0

    @override
    def put(self) -> None:
        self.sqlite.execute(self._put, NEW)

    @override
    def take(self) -> None:
        self.claim()
        self.acknowledge()

    def claim(self) -> None:
        """The next message is being sent."""
        self._next += 1
        self.sqlite.execute(self._queries["claim_message"], {"id": self._next, "connection": None, "now": 0.0})
        self.sqlite.execute(self._queries["get_message"], {"id": self._next}).fetchall()

    def acknowledge(self) -> None:
        """The message claimed last has been sent."""
        self.sqlite.execute("BEGIN IMMEDIATE")
        self.sqlite.execute(self._settle, {**_SENT, "id": self._next})
        self.sqlite.execute(self._queries["add_attempt"], {**_ATTEMPT, "message_id": self._next})
        self.sqlite.execute(self._queries["count_delivered"], _COUNTED)
        self.sqlite.execute("COMMIT")


class RawBatches(RawSqlite):
    """The same rows, many in one transaction: what is left if nobody has to wait for anybody."""

    def put_many(self, count: int) -> None:
        """Store so many messages with one commit."""
        self.sqlite.execute("BEGIN IMMEDIATE")
        self.sqlite.executemany(self._put, [NEW] * count)
        self.sqlite.execute("COMMIT")

    def take_many(self, count: int, *, recorded: bool = True) -> None:
        """Claim the next messages with one commit, acknowledge them with another; `recorded`: with their attempts."""
        ids = range(self._next + 1, self._next + count + 1)
        self._next += count
        self.sqlite.execute("BEGIN IMMEDIATE")
        for number in ids:
            self.sqlite.execute(self._queries["claim_message"], {"id": number, "connection": None, "now": 0.0})
            self.sqlite.execute(self._queries["get_message"], {"id": number}).fetchall()
        self.sqlite.execute("COMMIT")
        self.sqlite.execute("BEGIN IMMEDIATE")
        self.sqlite.executemany(self._settle, [{**_SENT, "id": number} for number in ids])
        if recorded:
            attempts = [{**_ATTEMPT, "message_id": number} for number in ids]
            self.sqlite.executemany(self._queries["add_attempt"], attempts)
        self.sqlite.execute(self._queries["count_delivered"], {**_COUNTED, "successes": count})
        self.sqlite.execute("COMMIT")


class Litequeue(Peer):
    """https://github.com/litements/litequeue."""

    def __init__(self, folder: Path) -> None:
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
        self._storage = SqliteHuey(filename=str(folder / "huey.db"), fsync=True).storage
        self.sqlite = self._storage.conn

    @override
    def put(self) -> None:
        self._storage.enqueue(TEXT.encode())

    @override
    def take(self) -> None:
        self._storage.dequeue()


BLOCKING: Mapping[str, Callable[[Path], Peer]] = {
    "raw sqlite3": RawSqlite,
    "litequeue": Litequeue,
    "persist-queue": PersistQueue,
    "huey": Huey,
}


class Aiosqlite:
    """https://github.com/omnilib/aiosqlite; any number of callers may share it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "aiosqlite.db"
        self._queries = load_queries()
        self._put = self._queries["put_message"]
        self._claim = self._queries["claim_message"].replace(";", " RETURNING *;")  # one trip to the thread, not two
        self._settle = self._queries["settle_message"]
        self._next = 0

    async def __aenter__(self) -> Self:
        open_raw(self._path).close()
        self._sqlite = await aiosqlite.connect(self._path, isolation_level=None)
        await self._sqlite.execute(FULL)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._sqlite.close()

    async def put(self) -> None:
        """Store one message."""
        await self._sqlite.execute_insert(self._put, NEW)

    async def take(self) -> None:
        """Claim and acknowledge; the connection's counter would need a transaction, which all callers would share."""
        self._next = mine = self._next + 1
        await self._sqlite.execute_fetchall(self._claim, {"id": mine, "connection": None, "now": 0.0})
        await self._sqlite.execute_fetchall(self._settle, {**_SENT, "id": mine})


def open_raw(path: Path) -> sqlite3.Connection:
    """A database with BACH's tables and one connection in the registry, opened with sqlite3 alone."""
    sqlite = sqlite3.connect(path, isolation_level=None)
    sqlite.execute("PRAGMA journal_mode = WAL")
    sqlite.execute(FULL)
    migrate(sqlite.execute)
    sqlite.execute(
        "INSERT OR IGNORE INTO connections (name, type, category, is_active, auth_type, auth_config, allowed)"
        " VALUES (?, 'bench', 'connector', 0, 'token', '{}', '[]')",
        (CONNECTION,),
    )
    return sqlite


def fill(sqlite: sqlite3.Connection, count: int, status: Status) -> None:
    """Add messages of a status, all in one transaction."""
    query = load_queries()["put_message"]
    row = {**NEW, "status": status}
    sqlite.execute("BEGIN")
    sqlite.executemany(query, (row for _ in range(count)))
    sqlite.execute("COMMIT")
