"""Giving a finished backup its name, and giving back the space of what is no more."""

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Unpack

import pytest

from bach_lib.errors import BackupExistsError, StoreFailedError
from bach_lib.storage import MemoryDatabase, Transaction
from bach_lib.storage import portions as portions_module
from bach_lib.storage import purge as purge_module
from bach_lib.storage.backup_file import give_name, write_backup
from bach_lib.storage.portions import shares
from bach_lib.storage.purge import give_space_back, purge
from bach_lib.storage.sqlite import Connection
from bach_lib.storage.values import integer
from tests.lib.storage.work import How


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """A backup under the name that it has while it is written."""
    path = tmp_path / ".copy.part"
    path.write_text("all of it", "utf-8")
    return path


@pytest.fixture
async def store() -> MemoryDatabase:
    """An open, empty storage."""
    store = MemoryDatabase()
    await store.open()
    return store


def no_links(*_: object, **__: object) -> None:
    """As FAT, and some shares."""
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize("has_links", [True, False])
def test_a_backup_writes_over_nothing(unfinished: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool) -> None:
    """Whoever types the name of something else would lose it, on some disks only."""
    if not has_links:
        monkeypatch.setattr(os, "link", no_links)
    target = unfinished.with_name("copy.db")
    target.write_text("somebody's", "utf-8")
    with pytest.raises(BackupExistsError) as caught:
        give_name(unfinished, target)
    assert caught.value.placeholders["path"] == str(target)
    assert target.read_text("utf-8") == "somebody's"
    target.unlink()
    give_name(unfinished, target)
    assert target.read_text("utf-8") == "all of it"


@pytest.mark.parametrize("takes_it", [True, False])
def test_the_name_of_a_backup_is_on_disk_as_well(
    unfinished: Path, monkeypatch: pytest.MonkeyPatch, takes_it: bool
) -> None:
    """After a power cut there would be a backup that nobody finds; or none be made where folders cannot be synced."""
    synced: list[bool] = []

    def fsync(file: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(file).st_mode))
        if not takes_it:
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", fsync)
    give_name(unfinished, unfinished.with_name("copy.db"))
    assert synced == [True]


@pytest.mark.parametrize(
    ("name", "shown", "reason"),
    [("nowhere/copy.db", "{folder}/nowhere/copy.db", "No such file or directory"), ("a\0b", None, "null")],
)
def test_a_backup_that_cannot_be_written_says_where_and_why(
    tmp_path: Path, name: str, shown: str | None, reason: str
) -> None:
    """Who made a mistake in a path would look for a fault of the disk."""
    target = tmp_path / name
    with pytest.raises(StoreFailedError) as caught:
        write_backup(tmp_path / "bach.db", target, lambda: None)
    path = shown.format(folder=tmp_path) if shown else ascii(str(target))
    assert caught.value.placeholders["path"] == path
    assert reason in str(caught.value.placeholders["reason"])
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_told_before_anything_is_written(tmp_path: Path) -> None:
    """A backup of gigabytes would be written in vain."""
    target = tmp_path / "copy.db"
    target.touch()
    with pytest.raises(BackupExistsError) as caught:
        write_backup(tmp_path / "bach.db", target, lambda: None)
    assert caught.value.placeholders["path"] == str(target)


async def fill(store: MemoryDatabase, count: int, *, size: int = 1, created_at: float = 0.0) -> None:
    """Messages of that size and age."""

    def work(tx: Transaction) -> None:
        for _ in range(count):
            tx._connection.execute(
                "INSERT INTO messages (connection, recipient, status, text, format, silent, priority, delivery,"
                " operation, created_at, max_retries)"
                " VALUES ('home', 'ada', 'sent', ?, 'plain', 0, 0, 'at_most_once', 'send', ?, 5)",
                ["x" * size, created_at],
            )

    await store.submit(work)


async def number(store: MemoryDatabase, query: str) -> int:
    """What a query counts."""

    def work(tx: Transaction) -> int:
        [row] = tx._connection.execute(query).fetchall()
        return integer(row["number"])

    return await store.submit(work)


FREE = "SELECT freelist_count AS number FROM pragma_freelist_count"


@pytest.mark.parametrize("spare", ["none", "all"])
@pytest.mark.sqlite_only
async def test_what_is_free_is_given_back_but_for_some(
    store: MemoryDatabase, monkeypatch: pytest.MonkeyPatch, spare: str
) -> None:
    """A file that was large once would stay so for ever; or be made shorter and longer again each day."""
    await fill(store, 600, size=5000)
    await store.submit(lambda tx: tx._connection.execute("DELETE FROM messages").rowcount)
    free = await number(store, FREE)
    assert free > 500, "more than one transaction gives back"
    monkeypatch.setattr(purge_module, "_SPARE", 0 if spare == "none" else free)
    await give_space_back(store)
    assert await number(store, FREE) == (0 if spare == "none" else free)
    await store.close()


def counted(store: MemoryDatabase, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each transaction."""
    turns: list[int] = []
    submit = store.submit

    def noted[T](work: Callable[[Transaction], T], **how: Unpack[How]) -> asyncio.Future[T]:
        turns.append(1)
        assert len(turns) < 10, "it turns in circles"
        return submit(work, **how)

    monkeypatch.setattr(store, "submit", noted)
    return turns


@pytest.mark.sqlite_only
async def test_a_file_that_cannot_shrink_is_left(store: MemoryDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tidying up would never end with a file of before, and hold up all that is to be written."""
    await fill(store, 20, size=5000)
    await store.submit(lambda tx: tx._connection.execute("DELETE FROM messages").rowcount)
    monkeypatch.setattr(purge_module, "_SPARE", 1)
    connection = store._connection
    assert isinstance(connection, Connection)
    transaction = connection._transaction
    monkeypatch.setattr(transaction, "_queries", {**transaction._queries, "give_pages_back": "SELECT 1"})
    turns = counted(store, monkeypatch)
    await give_space_back(store)
    assert len(turns) == 1
    await store.close()


@pytest.mark.parametrize(("kept", "removed"), [([], 25), ([3], 24), (range(200), 0)])
@pytest.mark.sqlite_only
async def test_a_purge_stops_where_nothing_is_old(
    store: MemoryDatabase, monkeypatch: pytest.MonkeyPatch, kept: Sequence[int], removed: int
) -> None:
    """Each night it would walk through all that ever was; or take what is to stay, or is no older than that."""
    await fill(store, 25, created_at=0.0)
    await fill(store, 100, created_at=0.5)
    turns = counted(store, monkeypatch)
    monkeypatch.setattr(portions_module, "_LARGEST", 20)
    monkeypatch.setattr(portions_module, "_GOAL", 60.0)  # however slow the machine is
    found = await purge(store, "page_messages_by_age", "delete_messages", 0.5, lambda row: row["id"] not in kept)
    assert (found, len(turns)) == (removed, 3)
    assert await number(store, "SELECT count(*) AS number FROM messages") == 125 - removed
    await store.close()


@pytest.mark.sqlite_only
async def test_each_share_of_a_lookup_begins_where_the_last_one_ended(
    store: MemoryDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is done to many would be done to some of them twice, and take longer the more there are."""
    monkeypatch.setattr(portions_module, "_SHARE", 3)
    await fill(store, 7)
    assert [ids async for ids in shares(store, "messages_of", name="home")] == [[1, 2, 3], [4, 5, 6], [7]]
    await store.close()
