"""A copy of the database on demand, while everything goes on."""

import asyncio
import os
import sqlite3
import stat
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bach_lib.errors import BackupExistsError, NotOpenError, StoreFailedError
from bach_lib.storage import Database, MemoryDatabase, Transaction
from tests.lib.storage.work import add, names


def content(copy: Path) -> list[str]:
    """The names in a copy, which is whole and one file alone."""
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro&immutable=1", uri=True)) as sqlite:
        assert sqlite.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in sqlite.execute("SELECT name FROM connections ORDER BY name")]


def note(tx: Transaction, key: str) -> None:
    """Work that writes little."""
    tx.run("save_meta", key=key, value="")


async def test_a_copy_is_whole_while_others_write_and_they_hardly_wait(tmp_path: Path) -> None:
    """A backup would be in pieces, or nobody could send until it is written."""
    store = Database(tmp_path / "bach.db")
    await store.open()
    for number in range(30):
        await store.submit(add(f"{number:04}" + "x" * 500_000))
    writing = asyncio.ensure_future(store.backup(tmp_path / "copy.db"))
    written = 0
    while not writing.done():
        await store.submit(partial(note, key=f"later {written}"))
        written += 1
    await writing
    assert written >= 5, "others waited for the backup"
    await store.close()
    found = content(tmp_path / "copy.db")
    assert len(found) == 30
    with closing(sqlite3.connect(tmp_path / "copy.db")) as sqlite:
        early = {key for (key,) in sqlite.execute("SELECT key FROM meta WHERE key LIKE 'later %'")}
    assert early == {f"later {number}" for number in range(len(early))}, "it is not of one moment"
    again = Database(tmp_path / "copy.db")
    await again.open()
    assert await again.submit(names) == found
    await again.close()


async def test_a_copy_is_for_its_owner_alone_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """Everybody on the machine could read what a home writes."""
    store = Database(tmp_path / "live" / "bach.db")
    await store.open()
    await store.backup(tmp_path / "copy.db")
    await store.close()
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"live", "copy.db"}


@pytest.mark.parametrize("in_memory", [False, True])
@pytest.mark.sqlite_only
async def test_what_is_there_is_not_overwritten(tmp_path: Path, *, in_memory: bool) -> None:
    """A slip of the fingers would cost yesterday's backup, or the database itself."""
    store = MemoryDatabase() if in_memory else Database(tmp_path / "bach.db")
    await store.open()
    (tmp_path / "copy.db").write_text("yesterday")
    (tmp_path / "link.db").symlink_to(tmp_path / "nowhere")
    for taken in ("copy.db", "link.db"):
        with pytest.raises(BackupExistsError, match="exists already"):
            await store.backup(tmp_path / taken)
    assert (tmp_path / "copy.db").read_text() == "yesterday"
    await store.backup(tmp_path / "new.db")
    assert content(tmp_path / "new.db") == []
    await store.close()


async def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """Somebody would read a traceback because the stick is not in."""
    store = Database(tmp_path / "live" / "bach.db")
    await store.open()
    for target in (tmp_path / "no folder" / "copy.db", tmp_path / "nul\0"):
        with pytest.raises(StoreFailedError):
            await store.backup(target)
    await store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["live"]


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_closing_or_giving_up_ends_a_backup_and_leaves_nothing(how: str, tmp_path: Path) -> None:
    """Half a backup would lie there and look like one, or ending would take as long as the stick is slow."""
    store = Database(tmp_path / "live" / "bach.db")
    await store.open()
    for number in range(40):
        await store.submit(add(f"{number:04}" + "x" * 500_000))
    writing = asyncio.ensure_future(store.backup(tmp_path / "copy.db"))
    await asyncio.sleep(0)
    if how == "cancel":
        writing.cancel()
    await store.submit(names)
    await store.close()
    with pytest.raises((NotOpenError, asyncio.CancelledError)):
        await writing
    assert [path.name for path in tmp_path.iterdir()] == ["live"]


async def test_a_copy_is_written_in_small_pieces_and_in_a_thread_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything in the house would stand still while a large database is copied, or its commits wait for the disk."""
    store = Database(tmp_path / "bach.db")
    await store.open()
    for number in range(20):
        await store.submit(add(f"{number:04}" + "x" * 500_000))
    theirs = {threading.get_ident(), await store.submit(lambda _: threading.get_ident())}
    unwritten, worked, sync = list[int](), set[int](), os.fsync

    def fsync(file: int) -> None:
        """What comes to the disk at once is what others wait for."""
        worked.add(threading.get_ident())
        unwritten.append(os.fstat(file).st_size - sum(unwritten))
        sync(file)

    monkeypatch.setattr("bach_lib.storage.backup_file.os.fsync", fsync)
    await store.backup(tmp_path / "copy.db")
    monkeypatch.undo()
    await store.close()
    assert (tmp_path / "copy.db").stat().st_size > 10_000_000
    assert max(unwritten) <= 3 << 20  # a step, and what SQLite held back of those before
    assert worked.isdisjoint(theirs)
