"""Copies of every kind that come back: what was under way in them, and why what waits is held."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Delivery, Status
from bach_lib.storage import Database, restored
from bach_lib.storage.births import birth_of
from bach_lib.storage.runs import Runs
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.storage.test_restored import bach_on, begun, copy, held


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """A folder for the database."""
    folder = tmp_path / "live"
    folder.mkdir()
    return folder


def working(folder: Path, platform: FakePlatform, clock: FakeClock, *, idempotent: bool) -> Bach:
    """A BACH whose connections are at work."""
    connectors = {"fake": fake_connector(platform, idempotent=idempotent)}
    return Bach(folder / "bach.db", clock=clock, connectors=connectors)


@pytest.mark.parametrize("idempotent", [False, True])
@pytest.mark.parametrize("delivery", [Delivery.AT_LEAST_ONCE, Delivery.AT_MOST_ONCE])
async def test_what_was_under_way_when_the_copy_was_made_is_not_sent_again(
    live: Path, tmp_path: Path, clock: FakeClock, delivery: Delivery, idempotent: bool
) -> None:
    """The message that was just being sent when the backup ran has most likely arrived days ago."""
    platform = FakePlatform()
    platform.hold = asyncio.Event()
    (tmp_path / "kept").mkdir()
    async with working(live, platform, clock, idempotent=idempotent) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        await clock.settle()
        receipt = await bach.send("home", "42", "ding", delivery=delivery)
        await clock.settle()
        assert (await bach.get(receipt.id)).status is Status.SENDING
        await bach.backup(tmp_path / "kept" / "bach.db")
        platform.hold.set()
        assert (await bach.wait(receipt.id, 60)).status is Status.SENT
    again = FakePlatform()
    async with working(tmp_path / "kept", again, clock, idempotent=idempotent) as bach:
        await clock.advance(7200)
        message, attempts = await bach.history(receipt.id)
        status = (await bach.queue_status())["home"]
        assert again.sent == [], "nobody has said that it shall go"
        assert message.error is not None
        assert message.error.code == "interrupted", "why nobody knows whether it arrived"
        assert [one.outcome for one in attempts] == ["uncertain"]
        if delivery is Delivery.AT_MOST_ONCE and not idempotent:
            assert (message.status, message.held, status.uncertain) == (Status.UNCERTAIN, False, 1)
            return
        assert (message.held, status.held, status.waiting) == (True, 1, 0)
        await bach.release("home")
        await clock.advance(7200)
        assert [one.id for one in again.sent] == [receipt.id], "its owner said so"


async def test_a_copy_made_while_bach_was_closed(live: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A nightly copy of the stopped service, put back after a day of sending, would send what waited then again."""
    await (await begun(live)).close()
    shutil.copytree(live, tmp_path / "kept")
    async with bach_on(live) as bach:
        await bach.send("home", "42", "later")
    shutil.copy(tmp_path / "kept" / "bach.db", live / "bach.db")
    assert await held(live) == 1, "put over the present one, whose mark is younger"
    assert "bach.db.mark beside it is not of the same moment" in caplog.text
    (tmp_path / "alone").mkdir()
    shutil.copy(tmp_path / "kept" / "bach.db", tmp_path / "alone")
    assert await held(tmp_path / "alone") == 1, "alone"
    # With its own mark it is exactly what was there that day. That is a move as well, and holding then would hold after
    # each; ADR 0023 names it among what is not noticed.
    assert await held(tmp_path / "kept") == 0


async def test_a_way_back_to_an_older_copy_is_held(live: Path, tmp_path: Path) -> None:
    """Whoever goes back to the copy that was kept before an update would get what was sent since a second time."""
    bach = await begun(live)
    await bach.backup(tmp_path / "bach.db.layout9")
    await bach.close()
    for _ in range(2):
        assert await held(live) == 0
    for name in ("bach.db", "bach.db-wal", "bach.db-shm"):
        (live / name).unlink(missing_ok=True)
    (tmp_path / "bach.db.layout9").rename(live / "bach.db")
    assert await held(live) == 1
    assert await held(live) == 1, "also after the next start, until its owner has decided"


async def test_a_restored_copy_gives_no_id_again_that_was_given_since(live: Path, tmp_path: Path) -> None:
    """A platform that knows a message by its number would take a new one for one that it has, and swallow it."""
    bach = await begun(live)
    copy(live, tmp_path / "kept")
    given = [(await bach.send("home", "42", "since")).id for _ in range(3)]
    await bach.close()
    for begins in (1_000_001, 2_000_001):  # the first copy has given some by then
        copy(tmp_path / "kept", live)
        async with bach_on(live) as restored:
            later = await restored.send("home", "42", "new")
            assert later.id not in given
            assert later.id == begins
            assert (await restored.send("home", "42", "newer")).id == begins + 1
        copy(live, tmp_path / "kept")
        (live / "bach.db.mark").unlink()
    async with bach_on(live.rename(live.with_name("moved"))) as bach:
        assert (await bach.get(given[0] - 1)).held


@pytest.mark.parametrize("torn", [b"", bytes(128), b"old=12", b"\xff" * 128])
async def test_a_torn_mark_is_no_proof_of_a_copy(live: Path, torn: bytes) -> None:
    """After a power cut that left half a sector, a person would have to come."""
    await (await begun(live)).close()
    (live / "bach.db.mark").write_bytes(torn)
    assert await held(live) == 0


@pytest.mark.parametrize("with_mark", [True, False])
async def test_whoever_moves_the_database_is_told_why_messages_are_held(
    live: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, with_mark: bool
) -> None:
    """Nobody would know what became of the messages after the house got a new machine, nor what to do."""
    await (await begun(live)).close()
    shutil.copytree(live, tmp_path / "new")
    if not with_mark:
        (tmp_path / "new" / "bach.db.mark").unlink()
    assert await held(tmp_path / "new") == (0 if with_mark else 1)
    lines = [record.getMessage() for record in caplog.records if "are held" in record.getMessage()]
    assert len(lines) == (0 if with_mark else 1)
    if lines:
        assert "there is no bach.db.mark beside it" in lines[0]
        assert "If it was only moved, send them (bach msg release)" in lines[0]


async def test_a_move_in_the_middle_of_a_backup_says_what_it_looks_like(
    live: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The folder that a backup copied cannot be told from one that was moved then; the line has to say both."""
    bach = await begun(live)
    await bach.begin_backup()
    shutil.copytree(live, tmp_path / "new")
    await bach.close()
    assert await held(tmp_path / "new") == 1
    assert "it was copied while it was open, as backups do" in caplog.text


def killed_while_copied(folder: Path) -> None:
    """A power cut in the middle of a backup."""
    words = [sys.executable, "-m", "tests.lib.storage.dying", str(folder), "copied"]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL


def test_a_crash_during_a_backup_holds_nothing_where_numbers_of_files_do_not_last(
    live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a stick with FAT each power cut at night would keep all messages back, though nothing was restored."""
    killed_while_copied(live)
    shutil.copytree(live, tmp_path / "restored")
    fstat = os.fstat

    class Other:
        """The same file after the next mount."""

        def __init__(self, file: int) -> None:
            found = fstat(file)
            self.st_ino, self.st_ctime_ns = found.st_ino + 4711, found.st_ctime_ns // 10**9 * 10**9

    with monkeypatch.context() as patched:
        patched.setattr(restored, "_stat", Other)
        assert asyncio.run(held(live)) == 0
        assert asyncio.run(held(tmp_path / "restored")) == 1


def test_without_times_of_birth_a_doubtful_copy_is_held(live: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be told from a restored copy would be sent twice."""
    killed_while_copied(live)
    monkeypatch.setattr(restored, "_identity", lambda file: f"{os.fstat(file).st_ino + 1}/0/")
    assert asyncio.run(held(live)) == 1


def test_no_copy_has_the_birth_of_its_original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restored copy would pass for the original; and where nothing is told, nothing may be made up."""
    original, other = tmp_path / "a", tmp_path / "b"
    original.touch()
    with original.open() as one:
        born = birth_of(one.fileno())
        assert born is not None
        while born == (copied := born_of_copy(original, other)):  # the kernel counts some milliseconds as one moment
            other.unlink()
        assert copied is not None
        assert copied > born
        monkeypatch.setattr("bach_lib.storage.births.ctypes.CDLL", lambda _: None)
        assert birth_of(one.fileno()) is None


def born_of_copy(original: Path, other: Path) -> int | None:
    """The birth of a copy with all that can be copied."""
    shutil.copy2(original, other)
    with other.open() as file:
        return birth_of(file.fileno())


async def test_a_copy_over_the_open_files_of_a_killed_run_is_held(live: Path, tmp_path: Path) -> None:
    """A restore that writes into the files that are there keeps their numbers; their time of change gives it away."""
    bach = await begun(live)
    await bach.begin_backup()
    shutil.copytree(live, tmp_path / "kept")
    await bach.close()
    copy(tmp_path / "kept", live)
    shutil.copy(tmp_path / "kept" / "bach.db.mark", live / "bach.db.mark")
    assert await held(live) == 1


# -- what was noted outside -------------------------------------------------------------------------------------------


def noted(folder: Path) -> Bach:
    """A BACH whose connections rest, with a note outside of its folder."""
    store = Database(folder / "bach.db", runs_file=folder.parent / "state" / folder.name)
    return Bach(store, clock=FakeClock(), connectors={"fake": fake_connector(FakePlatform())}, autostart=False)


async def say(folder: Path, text: str) -> None:
    """A run that writes and is closed."""
    async with noted(folder) as bach:
        if not bach.registry.list():
            await bach.registry.add(Connection(name="home", type="fake"))
        await bach.send("home", "42", text)


async def held_there(folder: Path) -> int:
    """How many messages are held after the next start."""
    async with noted(folder) as bach:
        return (await bach.queue_status())["home"].held


async def test_a_whole_folder_that_is_put_back_is_held_until_its_owner_says_go(
    live: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder copied while BACH was stopped, and put back after days of sending, would send what waited again."""
    await say(live, "ding")
    shutil.copytree(live, tmp_path / "kept")
    await say(live, "dong")
    shutil.rmtree(live)
    shutil.copytree(tmp_path / "kept", live)
    assert await held_there(live) == 1
    assert "it has gone further here before" in caplog.text
    assert await held_there(live) == 1, "also after the next start, until its owner has decided"
    async with noted(live) as bach:
        assert await bach.release() == 1
    assert await held_there(live) == 0
    await say(live, "ping")
    assert await held_there(live) == 0, "and from then on it is what is here"


async def test_the_newest_holds_nothing_wherever_it_is_put(live: Path, tmp_path: Path) -> None:
    """After a move to a new machine and back, or to another folder, a person would have to come."""
    await say(live, "ding")
    shutil.copytree(live, tmp_path / "kept")
    shutil.rmtree(live)
    shutil.copytree(tmp_path / "kept", live)
    assert await held_there(live) == 0, "nothing has happened since"
    moved = live.rename(tmp_path / "moved")
    assert await held_there(moved) == 0
    await say(moved, "dong")
    await say(moved, "dong")
    moved.rename(live)
    assert await held_there(live) == 0
    await say(tmp_path / "kept", "somewhere else")
    assert await held_there(live) == 0, "a copy that works in another place is somebody else"


@pytest.mark.parametrize("kept", [b"", bytes(128), b"somebody 99 .".ljust(127) + b"\n", b"\xff" * 128, None])
async def test_a_note_that_is_lost_or_torn_holds_nothing(live: Path, tmp_path: Path, kept: bytes | None) -> None:
    """After a power cut or a new home folder, a person would have to come."""
    await say(live, "ding")
    note = tmp_path / "state" / "live"
    if kept is None:
        note.unlink()
        note.mkdir()  # what cannot be read or written at all
    else:
        note.write_bytes(kept)
    assert await held_there(live) == 0
    await say(live, "dong")
    assert await held_there(live) == 0


@pytest.mark.parametrize("copied", ["", "copied"])
def test_a_crash_leaves_the_note_behind_or_even(live: Path, tmp_path: Path, copied: str) -> None:
    """After each power cut a person would have to come."""
    for _ in range(2):
        words = [sys.executable, "-m", "tests.lib.storage.dying", str(live), copied, "noted"]
        assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
        assert (tmp_path / "state" / "live").exists()
        assert asyncio.run(held_there(live)) == 0


async def test_a_power_cut_at_any_moment_leaves_the_note_behind_or_even(
    live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note that is on the disk before the number that it notes would make each such database an older copy."""
    found: list[bool] = []
    note = Runs.note

    def looked_at(self: Runs, instance: str, number: int) -> None:
        copy(live, tmp_path / "now")  # what a power cut leaves at this moment
        [(there,)] = ask_copy_of(tmp_path / "now" / "bach.db")
        found.append(int(str(there)) >= number)
        note(self, instance, number)

    monkeypatch.setattr(Runs, "note", looked_at)
    await say(live, "ding")
    await say(live, "dong")
    assert found == [True] * 4


def ask_copy_of(path: Path) -> list[tuple[object, ...]]:
    """The number that a copy says of itself, with what is in its log."""
    with closing(sqlite3.connect(path)) as sqlite:
        return sqlite.execute("SELECT value FROM meta WHERE key = 'runs'").fetchall()
