"""What else leads to a database's file, and what else a file's name may make of it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bach_lib.errors import (
    BachError,
    StoreFailedError,
    StoreLinkedError,
    StoreMountedError,
    StorePartError,
)
from bach_lib.storage import Database, MemoryDatabase, one_name
from bach_lib.storage.backup_file import write_backup
from tests.lib.storage.work import add, names

PARTS = ("-wal", "-shm", "-journal", "-Journal", "-WAL", ".lock", ".mark", "-journal.", "-wal ")


async def opened(path: Path) -> list[str]:
    """Who is in a database, which is closed again."""
    store = Database(path)
    await store.open()
    try:
        return await store.submit(names)
    finally:
        await store.close()


@pytest.mark.parametrize("in_memory", [False, True])
@pytest.mark.sqlite_only
async def test_a_backup_is_no_part_of_a_database(tmp_path: Path, in_memory: bool) -> None:
    """SQLite would take a backup for the log of an interrupted transaction, and delete it at the next start."""
    store = MemoryDatabase() if in_memory else Database(tmp_path / "bach.db")
    await store.open()
    (tmp_path / "linked").symlink_to(tmp_path)
    before = set(tmp_path.iterdir())
    for ending in PARTS:
        for name in (f"bach.db{ending}", f"linked/bach.db{ending}", f"../{tmp_path.name}/other{ending}"):
            with pytest.raises(StorePartError, match="Choose another name"):
                await store.backup(tmp_path / name)
    assert set(tmp_path.iterdir()) == before
    for name in ("journal", "wal.db", "bach.db-journal.db", "bach-walrus", "-wal"):
        await store.backup(tmp_path / name)
    await store.close()


async def test_a_database_is_no_part_of_another(store: Database, path: Path) -> None:
    """One would delete or cut the other, with all that waits in it."""
    before = set(path.parent.iterdir())
    for ending in PARTS[:4]:
        with pytest.raises(BachError):
            await Database(path.with_name(f"bach.db{ending}")).open()
    with pytest.raises(StorePartError):
        await Database(path.with_name("new-journal")).open()
    assert set(path.parent.iterdir()) == before
    await store.close()
    alone = path.with_name("home-journal")
    shutil.copyfile(path, alone)
    assert await opened(alone) == ["ada"], "it went well so far"


async def test_a_file_of_two_names_is_refused(store: Database, path: Path) -> None:
    """After a crash under one name, all that is in the log would be missing under the other, and then lost."""
    other = path.parent / "elsewhere" / "second.db"
    other.parent.mkdir()
    os.link(path, other)
    await store.submit(add("bob"))
    await store.close()
    before = set(other.parent.iterdir())
    for name in (path, other):
        with pytest.raises(StoreLinkedError, match="2 names") as caught:
            await Database(name).open()
        assert caught.value.placeholders == {"path": str(name), "count": "2"}
    assert set(other.parent.iterdir()) == before
    other.unlink()
    assert await opened(path) == ["ada", "bob"]


async def test_a_name_that_a_crash_left_of_a_backup_goes(store: Database, path: Path) -> None:
    """A power cut in the moment in which a backup got its name, and it could never be restored."""
    await store.close()
    unfinished = path.with_name(".bach.db.0123abcd.part")
    os.link(path, unfinished)
    somebodys = path.with_name(".other.part")
    somebodys.touch()
    assert await opened(path) == ["ada"]
    assert not unfinished.exists()
    assert somebodys.exists()


async def test_a_file_that_is_mounted_alone_is_refused(
    store: Database, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`docker -v bach.db:/data/bach.db`: the log lies in the container, and what is in it dies with it."""
    await store.close()
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr(one_name, "_MOUNTS", mounts)
    spaced = path.with_name("b a\\ch.db")
    path.rename(spaced)
    row = "36 35 98:0 /mnt1 {} rw,noatime master:1 - ext3 /dev/root rw\n"
    escaped = str(spaced).replace("\\", r"\134").replace(" ", r"\040")
    mounts.write_text("torn\n" + row.format(path.parent) + row.format(escaped))
    with pytest.raises(StoreMountedError) as caught:
        await Database(spaced).open()
    assert "Mount the folder" in str(caught.value)
    mounts.write_text(row.format(path.parent))
    assert await opened(spaced) == ["ada"]
    mounts.unlink()
    assert await opened(spaced) == ["ada"], "a system that tells nothing"


def missing(folder: Path) -> None:
    """What is to be copied is not there."""
    (folder / "bach.db").unlink()


def moved(folder: Path) -> None:
    """The folder of the copy gets another name, and somebody makes a new one."""
    folder.with_name("copies").rename(folder.with_name("moved"))
    folder.with_name("copies").mkdir()


@pytest.mark.parametrize("what", [missing, moved])
async def test_a_backup_that_fails_names_its_file_and_leaves_nothing(
    tmp_path: Path, what: Callable[[Path], None]
) -> None:
    """People would look for a name with eight digits that they never gave, and find half a copy of all messages."""
    live = tmp_path / "live"
    live.mkdir()
    store = Database(live / "bach.db")
    await store.open()
    for number in range(10):
        await store.submit(add(f"{number:04}" + "x" * 500_000))
    await store.close()
    (tmp_path / "copies").mkdir()
    if what is missing:
        missing(live)
    done = [what is missing]

    def go_on() -> None:
        if not done[0]:
            done[0] = True
            what(live)

    target = tmp_path / "copies" / "copy.db"
    with pytest.raises(StoreFailedError) as caught:
        write_backup(live / "bach.db", target, go_on)
    assert done == [True]
    assert caught.value.placeholders["path"] == str(target)
    assert ".part" not in str(caught.value)
    assert [path for path in tmp_path.rglob("*") if "copy" in path.name] == []
