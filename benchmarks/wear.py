"""Bytes that go to the log for every message stored by 100 callers: what wears an SD card out.

A reader that never ends keeps SQLite from beginning the log anew, so its length at the end is all that was written.
Beside it: raw sqlite3 with the same rows, each committed by itself. Nothing here depends on the speed of the machine.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bach_lib import SystemClock
from bach_lib.outbound.queue import Queue
from bach_lib.storage import Database
from benchmarks.floor import DRAFT, RawSqlite
from benchmarks.measuring import Effort, opened, scratch
from benchmarks.table import Aim, Row

CALLERS = 100
EACH = 20


def rows(effort: Effort) -> Iterator[Row]:  # noqa: ARG001 - every benchmark is called so
    """Ours to one commit each."""
    ours, raw = asyncio.run(_group_commit()), _one_commit_each()
    yield Row(
        name=f"log bytes a stored row, {CALLERS} callers",
        unit="B",
        ours=ours,
        other="one commit each",
        theirs=raw,
        ratio=ours / raw,
        aim=Aim(limit=700),
    )


async def _group_commit() -> float:
    with scratch() as folder:
        path = folder / "bach.db"
        async with opened(Database(path)) as store:
            queue = Queue(store, SystemClock(), "bench")

            async def caller() -> None:
                for _ in range(EACH):
                    await queue.put(DRAFT, leased=False)

            with kept_log(path) as size:
                await asyncio.gather(*(caller() for _ in range(CALLERS)))
                return size() / (CALLERS * EACH)


def _one_commit_each() -> float:
    with scratch() as folder, closing(RawSqlite(folder)) as queue, kept_log(folder / "raw.db") as size:
        for _ in range(CALLERS):
            queue.put()
        return size() / CALLERS


@contextmanager
def kept_log(path: Path) -> Iterator[Callable[[], int]]:
    """Let the log only grow; the function yielded tells by how many bytes it has grown."""
    log = path.with_name(path.name + "-wal")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        before = log.stat().st_size
        yield lambda: log.stat().st_size - before
