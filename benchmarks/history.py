"""What a long history costs: claiming, and looking for work, with a million finished messages in the file.

The full table is filled once, the empty one beside it has the same tables. Looking for work is the query the dispatcher
runs at a start (nothing polls later), asked of SQLite directly; the same query without the partial index shows what the
index saves. Sizes come from SQLite's `dbstat`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bach_lib import Status, SystemClock
from bach_lib.outbound.queue import Queue
from bach_lib.storage import Database
from bach_lib.storage.schema import load_queries
from benchmarks.claim import work_off
from benchmarks.floor import CONNECTION, fill, open_raw
from benchmarks.measuring import Effort, counted, in_loop, opened, rate, scratch, take_turns
from benchmarks.table import Aim, Row

WORKERS = 100
WAITING = 3000
INDEXES = ("messages_unfinished", "messages_stopped", "messages_tagged")


def rows(effort: Effort) -> Iterator[Row]:
    """Claiming, looking for work, and the size of the indexes."""
    with scratch() as folder:
        full, empty = folder / "full.db", folder / "empty.db"
        for path, finished in ((full, effort.finished), (empty, 0)):
            with closing(open_raw(path)) as sqlite:
                fill(sqlite, finished, Status.SENT)
        history = f"{counted(effort.finished, 'finished row')}"
        sides = {"full": in_loop(_claim, full), "empty table": in_loop(_claim, empty)}
        figures = take_turns(sides, effort.rounds)
        yield figures.row(f"claim, {history}", "µs", "full", "empty table", Aim(limit=1.2, of_ratio=True))
        with closing(open_raw(full)) as sqlite:
            yield _idle_poll(sqlite, history, effort)
            yield _index_size(sqlite, history)


async def _claim(path: Path) -> float:
    """Microseconds for one of many messages, put by one client and worked off by the dispatcher's own requests."""
    with closing(open_raw(path)) as sqlite:
        [(last,)] = sqlite.execute("SELECT coalesce(max(id), 0) FROM messages")
        fill(sqlite, WAITING, Status.PENDING)
    async with opened(Database(path)) as store:
        queue = Queue(store, SystemClock(), "bench")
        return 1e6 / await work_off(queue, range(last + 1, last + 1 + WAITING), WORKERS, seconds=60)


def _idle_poll(sqlite: sqlite3.Connection, history: str, effort: Effort) -> Row:
    query = load_queries()["count_waiting"]
    values = {"connection": CONNECTION}
    without = query.replace("FROM messages", "FROM messages NOT INDEXED")

    def microseconds(text: str, seconds: float) -> float:
        return 1e6 / rate(lambda: sqlite.execute(text, values).fetchall(), seconds)

    sides = {
        "BACH": partial(microseconds, query, effort.seconds / 3),
        "no partial index": partial(microseconds, without, 0.0),
    }
    figures = take_turns(sides, effort.rounds)
    return figures.row(f"idle poll, {history}", "µs", "BACH", "no partial index", Aim(limit=20))


def _index_size(sqlite: sqlite3.Connection, history: str) -> Row:
    name = f"indexes of open rows, {history}"
    try:
        sizes = [
            sqlite.execute("SELECT sum(pgsize) FROM dbstat WHERE name = ?", (index,)).fetchone()[0] for index in INDEXES
        ]
    except sqlite3.OperationalError:
        return Row(name=name, unit="KiB", ours=None, note="not measured: this SQLite has no dbstat")
    return Row(name=name, unit="KiB", ours=sum(sizes) / 1024, aim=Aim(limit=64))
