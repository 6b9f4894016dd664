"""Lookups beside the thread that writes: neither holds up the other."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib.errors import StoreFailedError
from bach_lib.storage import Database, Transaction, log_index
from tests.lib.storage.work import add, names

_ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
_TAKES = """
import sqlite3, sys
sqlite3.connect(sys.argv[1], timeout=0).execute("PRAGMA journal_mode = DELETE")
"""


def size_of_log(path: Path) -> int:
    """Bytes."""
    return path.with_name("bach.db-wal").stat().st_size


class Slow:
    """A lookup that takes as long as the test wants."""

    def __init__(self) -> None:
        self._go_on = threading.Event()
        self._began = threading.Event()

    def __call__(self, tx: Transaction) -> list[str]:
        """Look, then dawdle."""
        found = names(tx)
        self._began.set()
        assert self._go_on.wait(60)
        return found

    async def has_begun(self) -> None:
        """Wait until it is under way."""
        assert await asyncio.to_thread(self._began.wait, 60)

    def let_go(self) -> None:
        """It may end."""
        self._go_on.set()


class Endless:
    """A lookup that ends only if it has to give way, and then at its second run."""

    def __init__(self) -> None:
        self.began = threading.Event()

    def __call__(self, tx: Transaction) -> list[str]:
        """Look, and do not stop looking."""
        found = names(tx)
        if not self.began.is_set():
            self.began.set()
            tx._connection.execute(_ENDLESS).fetchall()
        return found


async def test_a_long_lookup_holds_up_nobody_who_writes(store: Database) -> None:
    """Somebody who looks through a year of messages would keep the alarm waiting."""
    slow = Slow()
    looking = store.read(slow)
    await slow.has_begun()
    async with asyncio.timeout(60):
        assert await store.submit(add("bob")) == 2
        assert await store.submit(add("cid")) == 3
    slow.let_go()
    assert await looking == ["ada"]
    assert await store.read(names) == ["ada", "bob", "cid"]


async def test_a_lookup_waits_for_nobody_who_writes(store: Database, path: Path) -> None:
    """With a forgotten shell on the file, every page would take the seconds that a write waits for it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        writing = store.submit(add("bob"))
        async with asyncio.timeout(60):
            assert await store.read(names) == ["ada"]
        assert not writing.done()
        shell.execute("ROLLBACK")
    assert await writing == 2


async def test_what_somebody_was_told_is_in_their_next_lookup(store: Database) -> None:
    """`get` after `send` would not know the message."""
    for number in range(200):
        count = await store.submit(add(f"{number:03}"))
        assert len(await store.read(names)) == count


async def test_nobody_finds_what_the_events_have_not_told(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page would show a message as sent whose event comes later, and whoever follows both would count it twice."""
    committed, go_on = threading.Event(), threading.Event()
    call = store._thread._bell.call

    def tell_late(*said: object) -> None:
        if threading.current_thread().name.startswith("bach-store"):
            committed.set()
            assert go_on.wait(60)
        call(*said)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(store._thread._bell, "call", tell_late)
    told: list[str] = []
    looked = threading.Event()

    def look(tx: Transaction) -> list[str]:
        found = names(tx)
        looked.set()
        return found

    writing = store.submit(add("bob"))
    writing.add_done_callback(lambda _: told.append("written"))
    assert await asyncio.to_thread(committed.wait, 60)
    reading = store.read(look)
    reading.add_done_callback(lambda _: told.append("read"))
    assert await asyncio.to_thread(looked.wait, 60)
    go_on.set()
    assert await reading == ["ada", "bob"]
    assert told == ["written", "read"]


async def test_a_lookup_changes_nothing(store: Database) -> None:
    """Two threads that write would wait for each other."""
    with pytest.raises(StoreFailedError):
        await store.read(add("bob"))
    assert await store.read(names) == ["ada"]


async def test_a_lookup_gives_way_to_a_backup_and_begins_again(store: Database, path: Path) -> None:
    """The log could not be cut, and everybody who sends would wait until the listing has ended."""
    look = Endless()
    looking = store.read(look)
    assert await asyncio.to_thread(look.began.wait, 60)
    async with asyncio.timeout(60):
        await store.submit(add("bob"))
        await store.stand_still()
    assert size_of_log(path) == 0
    assert await looking == ["ada", "bob"]
    await store.move_on()


async def test_whoever_goes_away_takes_their_lookup_along(store: Database) -> None:
    """A page that was closed again would keep the processor busy, and all who look after it waiting."""
    began = threading.Event()

    def look(tx: Transaction) -> object:
        began.set()
        return tx._connection.execute(_ENDLESS).fetchall()

    looking = store.read(look)
    assert await asyncio.to_thread(began.wait, 60)
    looking.cancel()
    async with asyncio.timeout(60):
        assert await store.read(names) == ["ada"]


async def test_the_log_begins_anew_however_long_somebody_looks(
    store: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lookup without end would let the log grow until the disk is full."""
    monkeypatch.setattr(log_index, "LARGE", 50)
    monkeypatch.setattr(log_index.LogIndex, "is_crowded", property(lambda _: False))
    look = Endless()
    looking = store.read(look)
    assert await asyncio.to_thread(look.began.wait, 60)
    async with asyncio.timeout(60):
        while not looking.done():
            await store.submit(add("bob"))
            await store.submit(lambda tx: tx.run("remove_connection", name="bob"))
    sizes = []
    for _ in range(100):  # two rounds: the log of the first one began with what opening wrote, a page more or less
        await store.submit(add("bob"))
        await store.submit(lambda tx: tx.run("remove_connection", name="bob"))
        sizes.append(size_of_log(path))
    assert sizes[49] - sizes[0] <= 8192
    assert sizes[99] == sizes[49]


async def test_closing_answers_who_looks(store: Database) -> None:
    """A page would load for ever when BACH stops."""
    slow = Slow()
    lookups = [store.read(slow), store.read(names)]
    await slow.has_begun()
    closing_ = asyncio.create_task(store.close())
    slow.let_go()
    await closing_
    assert [await one for one in lookups] == [["ada"], ["ada"]]


async def test_lookups_leave_the_locks_of_the_file_alone(store: Database, path: Path) -> None:
    """Closing one connection to a file drops the locks of all others, if SQLite does not know of it."""
    assert await store.read(names) == ["ada"]
    refused = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", _TAKES, str(path)], capture_output=True, check=False
    )
    assert b"database is locked" in refused.stderr
