"""A restored database holds what waited in it; one whose process merely died does not."""

import asyncio
import errno
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from functools import partial
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.storage import Database, Transaction
from bach_lib.storage.restored import Marker
from bach_lib.testing import FakeClock, FakePlatform, fake_connector


def bach_on(folder: Path, clock: FakeClock | None = None) -> Bach:
    """A BACH whose connections rest."""
    connectors = {"fake": fake_connector(FakePlatform())}
    return Bach(folder / "bach.db", clock=clock or FakeClock(), connectors=connectors, autostart=False)


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """A folder for the database."""
    folder = tmp_path / "live"
    folder.mkdir()
    return folder


async def begun(folder: Path) -> Bach:
    """A BACH with one message that waits."""
    bach = bach_on(folder)
    await bach.open()
    await bach.registry.add(Connection(name="home", type="fake"))
    await bach.send("home", "42", "ding")
    return bach


async def begun_again(folder: Path) -> Bach:
    """One that was opened before."""
    bach = bach_on(folder)
    await bach.open()
    return bach


def copy(source: Path, target: Path) -> None:
    """Copy database and log as they are at this moment."""
    target.mkdir(exist_ok=True)
    for name in ("bach.db", "bach.db-wal"):
        shutil.copy(source / name, target / name)


async def held(folder: Path) -> int:
    """How many messages are held after the next start."""
    async with bach_on(folder) as bach:
        status = (await bach.queue_status())["home"]
        assert status.held + status.pending == 1
        return status.held


async def test_a_stop_and_a_move_hold_nothing(live: Path) -> None:
    """Every start would keep all messages back."""
    await (await begun(live)).close()
    assert await held(live) == 0
    assert await held(live.rename(live.with_name("moved"))) == 0


@pytest.mark.parametrize("copied", ["", "copied"])
def test_a_crash_holds_nothing(live: Path, copied: str) -> None:
    """After each power cut a person would have to come, also if it came during a backup."""
    words = [sys.executable, "-m", "tests.lib.storage.dying", str(live), copied]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    assert asyncio.run(held(live)) == 0


async def test_a_copy_opened_elsewhere_or_in_the_same_place_is_held(live: Path, tmp_path: Path) -> None:
    """What was sent since the copy was made would be sent a second time."""
    bach = await begun(live)
    copy(live, tmp_path / "kept")
    await bach.close()
    copy(tmp_path / "kept", tmp_path / "elsewhere")
    assert await held(tmp_path / "elsewhere") == 1
    copy(tmp_path / "kept", live)
    assert await held(live) == 1
    assert await held(live) == 1


async def test_a_folder_restored_from_the_homes_backup_is_held(live: Path, tmp_path: Path) -> None:
    """A home that is restored would ring with what it said days ago."""
    bach = await begun(live)
    await bach.begin_backup()
    with tarfile.open(tmp_path / "backup.tar", "w") as tar:
        tar.add(live, arcname="live")
    await bach.end_backup()
    await bach.close()
    assert await held(live) == 0
    shutil.rmtree(live)
    with tarfile.open(tmp_path / "backup.tar") as tar:
        tar.extractall(tmp_path, filter="tar")
    assert await held(live) == 1


async def test_a_backup_is_held_until_its_owner_has_said_what_to_do(live: Path, tmp_path: Path) -> None:
    """The messages of a restored home would be lost, or sent without being asked."""
    bach = await begun(live)
    for name in ("copy", "other"):
        (tmp_path / name).mkdir()
        await bach.backup(tmp_path / name / "bach.db")
    await bach.close()
    async with bach_on(tmp_path / "copy") as restored:
        assert (await restored.get(1)).held
        assert await restored.release("home") == 1
        assert (await restored.queue_status())["home"].pending == 1
    assert await held(tmp_path / "copy") == 0
    async with bach_on(tmp_path / "other") as restored:
        assert await restored.discard_held() == 1
        assert (await restored.get(1)).status is Status.CANCELLED
        assert not (await restored.get(1)).held
        assert (await restored.queue_status())["home"].held == 0


async def test_what_is_held_has_its_time_and_its_ways_out(live: Path, tmp_path: Path) -> None:
    """Last month's "dinner is ready" would go out when the owner says go, or one message could not be told apart."""
    clock = FakeClock()
    async with bach_on(live, clock) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        old = await bach.send("home", "42", "dinner", time_to_live=60)
        unwanted = await bach.send("home", "42", "unwanted")
        wanted = await bach.send("home", "42", "wanted")
        (tmp_path / "copy").mkdir()
        await bach.backup(tmp_path / "copy" / "bach.db")
    await clock.advance(3600)
    async with bach_on(tmp_path / "copy", clock) as restored:
        assert (await restored.cancel(unwanted.id)).status is Status.CANCELLED
        assert not (await restored.retry(wanted.id)).held
        assert await restored.release() == 1
        assert (await restored.wait(old.id, 60)).status is Status.EXPIRED
        assert (await restored.queue_status())["home"].pending == 1


async def test_a_full_disk_keeps_nobody_from_opening(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A house whose disk is full would not even see what waits, since the mark could not be renewed."""

    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    def save(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    await (await begun(live)).close()
    monkeypatch.setattr("bach_lib.storage.restored._save", save)
    assert await held(live) == 0
    monkeypatch.setattr("bach_lib.storage.restored.Marker._write", full)
    assert await held(live) == 0
    monkeypatch.undo()
    assert await held(live) == 0


@pytest.fixture
def urgent(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Each writing of the mark: whether it waited for the disk."""
    seen: list[bool] = []
    write = Marker._write

    def counted(self: Marker, old: str, token: str, flag: str, *, is_urgent: bool = True) -> str:
        seen.append(is_urgent)
        return write(self, old, token, flag, is_urgent=is_urgent)

    monkeypatch.setattr(Marker, "_write", counted)
    return seen


async def test_a_run_that_writes_nothing_leaves_the_mark_alone(live: Path, urgent: list[bool]) -> None:
    """Every look with the command would wear out the card, and wait ten times for it."""
    await (await begun(live)).close()
    urgent.clear()
    before = (live / "bach.db.mark").read_bytes()
    for _ in range(3):
        store = Database(live / "bach.db")
        await store.open()
        await store.read(lambda tx: tx.rows("all_meta"))
        await store.close()
    assert urgent == []
    assert (live / "bach.db.mark").read_bytes() == before
    assert await held(live) == 0


async def test_a_run_that_writes_renews_the_mark_twice_and_waits_twice(live: Path, urgent: list[bool]) -> None:
    """More would be spent for nothing; with less, an older copy would pass for what was there."""
    store = Database(live / "bach.db")
    await store.open()
    assert urgent == []
    for value in ("one", "two"):
        await store.submit(partial(_remember, value))
    assert urgent == [True, False]
    await store.close()
    assert urgent == [True, False, True, False]


async def test_a_copy_of_before_the_first_write_of_a_run_that_was_killed_is_held(live: Path, tmp_path: Path) -> None:
    """What was sent in that run would be sent again."""
    await (await begun(live)).close()
    copy(live, tmp_path / "copy")
    bach = await begun_again(live)
    await bach.send("home", "42", "dong")
    copy(live, tmp_path / "killed")
    shutil.copy(live / "bach.db.mark", tmp_path / "killed")
    await bach.close()
    copy(tmp_path / "copy", tmp_path / "killed")
    assert await held(tmp_path / "killed") == 1


def _remember(value: str, tx: Transaction) -> None:
    tx.run("save_meta", key="something", value=value)
