"""Somebody copies the files of an open database without having said so: tar, rsync, a backup that does not know us."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib.storage import Database, log_index, log_keeper, readers
from bach_lib.storage.sqlite import Connection
from tests.lib.storage.work import add

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nobody else tells")

ORDERS = [("", "-wal"), ("-wal", "")]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A log of a few pages is a long one."""
    monkeypatch.setattr(log_index, "_SMALL", 5)
    monkeypatch.setattr(log_index, "LARGE", 10)
    yield
    readers._LAST.clear()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    """An open database with a row; nobody has looked at it."""
    store = Database(tmp_path / "live" / "bach.db")
    await store.open()
    assert store._keeper._readers.can_be_known, "no watcher is left for this account: fs.inotify.max_user_instances"
    await store.submit(add("ada"))
    yield store
    await store.close()


async def write(store: Database, first: int, last: int) -> None:
    """So much that the log is moved several times, and begins anew, unless something keeps it."""
    for number in range(first, last):
        await store.submit(add(f"{number:02}" + "x" * 20_000))
        await store._thread.run(store._keeper.when_quiet)


def take(store: Database, suffix: str) -> None:
    """Copy one of the files, with a program of its own."""
    target = store._path.parent.parent / "copy"
    target.mkdir(exist_ok=True)
    subprocess.run(["cp", f"{store._path}{suffix}", target / f"bach.db{suffix}"], check=True)


def taken(store: Database) -> list[str]:
    """The first letters of all names in the copy, which must be a whole database."""
    with closing(sqlite3.connect(store._path.parent.parent / "copy" / "bach.db")) as sqlite:
        assert sqlite.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name[:3].rstrip("x") for (name,) in sqlite.execute("SELECT name FROM connections ORDER BY name")]


@pytest.mark.parametrize(("first", "second"), ORDERS)
async def test_a_copy_that_nobody_announced_is_whole(store: Database, first: str, second: str) -> None:
    """Somebody restores his home from what tar saved, and the messages are in pieces."""
    await write(store, 0, 10)
    take(store, first)
    await write(store, 10, 40)
    take(store, second)
    assert taken(store)[:10] == [f"{number:02}" for number in range(10)]


async def test_who_comes_while_the_log_is_moved_gets_a_whole_copy(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One backup in a thousand would be a broken one."""
    checkpoint, came = Connection.checkpoint, list[int]()

    def visited(self: Connection, mode: str = "PASSIVE") -> bool:
        if not came:
            came.append(1)
            take(store, "")
        return checkpoint(self, mode)

    monkeypatch.setattr(Connection, "checkpoint", visited)
    await write(store, 0, 40)
    assert came
    take(store, "-wal")
    assert taken(store)[-1] == "ada"
    assert taken(store)[:-1] == [f"{number:02}" for number in range(40)]


async def test_the_log_is_moved_when_they_are_gone(store: Database) -> None:
    """After the first backup the log would grow for ever."""
    now = 1000.0
    store._keeper._readers._now = lambda: now
    with store._path.open("rb"):
        await write(store, 0, 10)
        now += 1000
        await write(store, 10, 20)
        assert store._keeper._connection.log.length > 100, "who has a file open is slow, but not gone"
        now += 1000
        await write(store, 20, 22)
        assert store._keeper._connection.log.length < 20, "who has had it open for half an hour copies nothing"
    await write(store, 22, 30)
    assert store._keeper._connection.log.length > 30, "it was closed, so he may go on with the log"
    now += 200
    await write(store, 30, 32)
    assert store._keeper._connection.log.length < 20


async def test_what_is_closed_while_somebody_reads_is_left_as_it_is(store: Database) -> None:
    """The last connection is switched off during the backup, and what it has read already is worth nothing."""
    await write(store, 0, 3)
    take(store, "")
    await store.close()
    take(store, "-wal")
    assert taken(store) == ["00", "01", "02", "ada"]
    await store.open()
    await write(store, 3, 20)
    take(store, "-wal")
    assert taken(store)[-1] == "ada"


async def test_a_log_that_fills_the_disk_is_moved_whoever_reads(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that hangs would stop all messages."""
    monkeypatch.setattr(log_keeper, "_MOST", 50)
    take(store, "")
    await write(store, 0, 60)
    assert store._keeper._connection.log.length < 80


async def test_where_nobody_tells_the_log_is_moved_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine without such a service the log would never be moved, or BACH not start."""
    monkeypatch.setattr(readers, "_watch", lambda *_: None)
    store = Database(tmp_path / "bach.db")
    await store.open()
    shutil.copy(tmp_path / "bach.db", tmp_path / "copy")
    await write(store, 0, 40)
    assert store._keeper._connection.log.length < 20
    await store.close()


async def test_we_do_not_take_ourselves_for_somebody(store: Database) -> None:
    """Lookups and looks at the file would keep the log from ever being moved."""
    await store.read(lambda tx: tx.rows("list_connections"))
    await store._thread.run(store._check_place)
    await store.submit(add("bob"))
    assert not store._keeper._readers.are_at_work
