"""The message that every side stores, and the floor under all of them: Python's sqlite3, and nothing else.

It runs BACH's own statements on BACH's own tables, in WAL mode with `synchronous=FULL`, so that every commit is one
fsync; each by itself, or many in one commit.
"""

import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import override

from bach_lib.models import Delivery, Format, Status
from bach_lib.outbound.rows import Draft, draft_values
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
SENT: Mapping[str, Value] = dict.fromkeys(_PARAMETER.findall(load_queries()["settle_message"])) | {
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
    "error_said": None,
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
        self.sqlite.execute(self._settle, {**SENT, "id": self._next})
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
        self.sqlite.executemany(self._settle, [{**SENT, "id": number} for number in ids])
        if recorded:
            attempts = [{**_ATTEMPT, "message_id": number} for number in ids]
            self.sqlite.executemany(self._queries["add_attempt"], attempts)
        self.sqlite.execute(self._queries["count_delivered"], {**_COUNTED, "successes": count})
        self.sqlite.execute("COMMIT")


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
