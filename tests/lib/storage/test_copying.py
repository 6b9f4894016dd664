"""Copying the files of an open database: by Home Assistant's backup, or by anybody who copies a folder."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib.errors import StoreFailedError
from bach_lib.storage import Database, Transaction
from bach_lib.storage.sqlite import Connection
from tests.lib.storage.work import add, names

PAGES = 3000
"""So many make a log that is moved as soon as nobody writes."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    """An open database with one row."""
    store = Database(tmp_path / "live" / "bach.db")
    await store.open()
    await store.submit(add("ada"))
    yield store
    await store.close()


def large(name: str) -> str:
    """A name that fills many pages of the log."""
    return name + "x" * 4096 * PAGES


def copied(path: Path, *suffixes: str) -> list[str]:
    """Copy the files in this order, and read the names in the copy as the next start would."""
    copy = path.parent.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for suffix in suffixes:
        shutil.copy(f"{path}{suffix}", copy / f"{path.name}{suffix}")
    with closing(sqlite3.connect(copy / path.name)) as sqlite:
        assert sqlite.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in sqlite.execute("SELECT name FROM connections ORDER BY name")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "live" / "bach.db"


@pytest.mark.parametrize("order", [("", "-wal"), pytest.param(("-wal", ""), marks=pytest.mark.slow)])
async def test_a_copy_made_in_any_order_while_it_stands_still_is_whole(
    store: Database, path: Path, order: tuple[str, str]
) -> None:
    """A home would be restored from its backup and find the messages of its people in pieces."""
    await store.stand_still()
    first, second = order
    before = path.with_name(path.name + second).read_bytes()
    shutil.copy(f"{path}{first}", path.parent / "first")
    for number in range(5):
        await store.submit(add(large(str(number))))
    after = path.with_name(path.name + second).read_bytes()
    assert after[: len(before)] == before, "what the copy had read already was changed"
    assert "ada" in copied(path, first, second)
    shutil.copy(path.parent / "first", path.parent.parent / "copy" / f"{path.name}{first}")
    assert "ada" in copied(path, *order)


@pytest.mark.parametrize("closes", [True, False])
async def test_no_file_shrinks_or_vanishes(store: Database, path: Path, closes: bool) -> None:
    """Home Assistant would throw its whole backup away because of one file of ours."""

    def move() -> None:
        assert store._connection.checkpoint()

    await store.submit(add(large("bob")))
    sizes = {file: file.stat().st_size for file in path.parent.iterdir()}
    if closes:
        await store.close()
    else:
        await store._thread.run(move)  # now the log begins anew
        await store.submit(add("cid"))
    assert {file: max(size, file.stat().st_size) for file, size in sizes.items()} == {
        file: file.stat().st_size for file in path.parent.iterdir()
    }


async def test_after_closing_the_file_alone_holds_everything(store: Database, path: Path) -> None:
    """Who copies one file, as everybody would, would have nothing of the last days."""
    await store.submit(add("bob"))
    await store.close()
    assert copied(path, "") == ["ada", "bob"]


async def test_a_log_left_behind_does_not_spoil_a_file_put_in_its_place(store: Database, path: Path) -> None:
    """Somebody restores yesterday's file by hand, and pages of today's log would be written over it."""
    await store.close()
    yesterday = path.read_bytes()
    await store.open()
    for number in range(200):
        await store.submit(add(f"{number:0500}"))
    await store.close()
    path.write_bytes(yesterday)
    assert copied(path, "", "-wal") == ["ada"]
    await store.open()
    assert await store.submit(names) == ["ada"]


async def test_what_is_closed_while_it_stands_still_is_left_as_it_is(store: Database, path: Path) -> None:
    """The last connection is switched off during the backup, and the backup fails."""
    await store.stand_still()
    await store.submit(add(large("bob")))
    before = path.read_bytes()
    await store.close()
    assert path.read_bytes() == before
    again = Database(path)
    await again.stand_still()
    await again.open()
    assert path.read_bytes() == before
    await again.submit(add("cid"))
    assert copied(path, "-wal", "") == ["ada", large("bob"), "cid"]
    await again.move_on()
    assert len(await again.submit(names)) == 3
    await again.close()


async def test_the_log_is_cut_when_the_copy_is_made(store: Database, path: Path) -> None:
    """After each backup the disk of a house would be fuller by all that was sent during it."""
    await store.stand_still()
    await store.submit(add(large("bob")))
    await store.move_on()
    assert path.with_name("bach.db-wal").stat().st_size == 0
    assert copied(path, "") == ["ada", large("bob")]


async def test_a_large_log_moves_into_the_file_when_nobody_writes(
    store: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log would grow until the disk is full."""
    moved = threading.Event()
    checkpoint = Connection.checkpoint

    def watched(self: Connection, mode: str = "PASSIVE") -> bool:
        done = checkpoint(self, mode)
        moved.set()
        return done

    monkeypatch.setattr(Connection, "checkpoint", watched)
    await store.submit(add(large("bob")))
    assert await asyncio.to_thread(moved.wait, 60)
    assert copied(path, "") == ["ada", large("bob")]


async def test_something_unforeseen_in_a_request_costs_that_request_only(store: Database) -> None:
    """An interrupt in the wrong moment, and no message would ever be stored again."""

    def interrupted(tx: Transaction) -> None:
        add("half")(tx)
        raise KeyboardInterrupt

    bad, good = store.submit(interrupted), store.submit(add("bob"))
    with pytest.raises(StoreFailedError, match="KeyboardInterrupt"):
        await bad
    await good
    assert await store.submit(names) == ["ada", "bob"]
