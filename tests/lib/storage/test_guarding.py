"""The guard of an open file, a step at a time: what it sees, says, refuses and leaves behind."""

import asyncio
import errno
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from bach_lib.errors import StorageError, StoreFailedError, StoreLostError
from bach_lib.storage import Transaction, rescue
from bach_lib.storage import guard as module
from bach_lib.storage.guard import Guard
from bach_lib.storage.place import LockedPath
from bach_lib.storage.request import Request, Single
from bach_lib.storage.saved import Saved
from bach_lib.storage.sqlite import Connection, ask_copy
from tests.lib.storage.work import add, fail, names


@dataclass
class Watched:
    """A real file with its guard, and whatever came of it."""

    path: Path
    place: LockedPath
    connection: Connection
    told: list[StorageError | None] = field(default_factory=list)
    delivered: list[Request[Transaction]] = field(default_factory=list)
    calls: int = 0
    """How often it was called before writing."""
    writes_itself: bool = False
    guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        """Begin to look at it."""
        self.guard = Guard([self.path], self.place, self.connection, self.told.append, self.before_writing)

    def before_writing(self) -> bool:
        """Write something if that is wanted."""
        self.calls += 1
        if self.writes_itself:
            self.connection.do(add(f"before {self.calls}"))
            self.connection.checkpoint()
        return self.writes_itself

    def ask(
        self, work: Callable[[Transaction], object], *, writes: bool = True, ends: bool = False
    ) -> Request[Transaction]:
        """One request, alone."""
        request = Request[Transaction](work, writes, cast("asyncio.Future[object]", None), ends)
        self.guard.run([request], self.delivered.extend)
        return request

    def lost(self) -> dict[str, str]:
        """Why nothing is taken."""
        error = self.guard.lost
        assert error is not None
        return {key: str(value) for key, value in error.placeholders.items()}

    def failed(self) -> list[str]:
        """What was told, in short."""
        return ["good" if error is None else error.code for error in self.told]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    (tmp_path / "live").mkdir()
    return tmp_path / "live" / "bach.db"


@pytest.fixture
def watched(path: Path) -> Iterator[Watched]:
    """A database with one row in the file and one in the log."""
    place = LockedPath([path])
    place.take()
    connection = Connection(str(path))
    connection.do(add("ada"))
    connection.checkpoint()
    connection.do(add("bob"))
    yield Watched(path, place, connection)
    connection.close(keeps_log=True)
    place.leave()


def people(copy: Path) -> list[object]:
    """Whom a closed database knows."""
    return [name for (name,) in ask_copy(copy, "SELECT name FROM connections ORDER BY name")]


# -- while all is well -------------------------------------------------------------------------------------------------


def test_what_there_is_to_look_at_after_a_commit_is_looked_at_before_anybody_is_told(watched: Watched) -> None:
    """The event loop would wake up and wait for the interpreter, with every message of somebody who is alone."""
    done: list[str] = []
    watched.connection.committed = lambda: done.append("looked")
    for one in (add("cid"), Single(add("dan"))):
        request = Request[Transaction](one, writes=True, future=cast("asyncio.Future[object]", None))
        watched.connection.run([request], lambda _: done.append("told"))
    assert done == ["looked", "told"] * 2


def test_while_all_is_well_nothing_is_said(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """Every house would have a repair that it does not need."""
    asked = [watched.ask(add("cid")), watched.ask(names, writes=False), watched.ask(fail)]
    watched.guard.look()
    assert watched.delivered == asked
    assert asked[1].result == ["ada", "bob", "cid"]
    assert isinstance(asked[2].error, StoreFailedError)
    assert isinstance(asked[2].error.__cause__, LookupError)
    assert (watched.told, watched.guard.lost, watched.guard.patience) == ([], None, 30.0)
    assert watched.calls == 2, "who only reads needs no mark"
    assert watched.guard.leave()
    assert caplog.messages == []


def test_what_is_written_before_writing_is_our_own(watched: Watched) -> None:
    """The first message after a start would take our own mark for somebody who writes over the file."""
    watched.writes_itself = True
    assert watched.ask(add("cid")).error is None
    assert watched.guard._seen.time == watched.path.stat().st_mtime_ns
    watched.guard.look()
    assert watched.told == []


def test_a_file_that_goes_while_its_mark_is_written_is_noticed_next_time(watched: Watched, path: Path) -> None:
    """The thread of the storage would end with an error, and everybody wait for ever."""

    def go() -> bool:
        path.unlink()
        return True

    watched.guard._before_writing = go
    assert watched.ask(add("cid")).error is None
    assert isinstance(watched.ask(add("dan")).error, StoreLostError)


def test_what_sqlite_writes_in_another_program_is_no_loss(watched: Watched) -> None:
    """Whoever looks into the file with another tool would stop all messages."""
    with closing(sqlite3.connect(watched.path)) as other:
        other.execute("INSERT INTO meta VALUES ('key', 'value')")
        other.commit()
        other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        watched.guard.look()
        os.utime(watched.path)
        watched.guard.look()
    assert watched.ask(add("cid")).error is None
    assert watched.told == []


# -- what it sees ------------------------------------------------------------------------------------------------------


def delete(path: Path) -> str:
    """`rm`."""
    path.unlink()
    return "was deleted"


def move(path: Path) -> str:
    """`mv`."""
    path.rename(path.parent.parent / "moved.db")
    return f"was moved to {path.parent.parent / 'moved.db'}"


def replace(path: Path) -> str:
    """Another file in its place, the old one is gone."""
    shutil.copy(path, path.with_name("new"))
    path.with_name("new").replace(path)
    return "was replaced by another file"


def move_and_replace(path: Path) -> str:
    """Another file in its place, the old one has another name."""
    path.rename(path.with_name("old.db"))
    path.touch()
    return f"was replaced by another file ({path.with_name('old.db')} is the old one)"


def write_over(path: Path) -> str:
    """`cp`: the same file, another content."""
    with path.open("rb+") as file:
        file.seek(4096)
        file.write(b"else")
    return "was overwritten by another program"


def cut(path: Path) -> str:
    """`truncate`."""
    os.truncate(path, path.stat().st_size - 4096)
    return "was overwritten by another program"


def cut_unseen(path: Path) -> str:
    """The same, by a program that gives the file its old time back."""
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    what = cut(path)
    os.utime(path, ns=times)
    return what


def delete_log(path: Path) -> str:
    """The log is gone."""
    Path(f"{path}-wal").unlink()
    return "lost its part bach.db-wal"


def replace_index(path: Path) -> str:
    """The index of the log is another one."""
    Path(f"{path}-shm").rename(path.with_name("old-shm"))
    shutil.copy(path.with_name("old-shm"), f"{path}-shm")
    return "lost its part bach.db-shm"


LOSSES = [delete, move, replace, move_and_replace, write_over, cut, cut_unseen, delete_log, replace_index]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_loss_is_told_once_with_what_to_do(
    watched: Watched, path: Path, caplog: pytest.LogCaptureFixture, lose: Callable[[Path], str]
) -> None:
    """Messages would be taken that nobody finds again, and nobody would know where they are or what to do."""
    what = lose(path)
    refused, ended = watched.ask(add("cid")), watched.ask(add("dan"), ends=True)
    copy = next(path.parent.glob("bach.db.saved"))
    if lose in {write_over, cut, cut_unseen}:
        advice = f"What of it could still be read is in {copy}, perhaps not all: stop BACH and restore a backup."
    elif lose in {delete_log, replace_index}:
        advice = f"Stop BACH and start it again; a copy of all it held is {copy}."
    else:
        advice = f"All it held is saved in {copy}: stop BACH, put that in its place, and start it again."
    assert watched.lost() == {"path": str(path), "what": what, "advice": advice}
    assert isinstance(refused.error, StoreLostError)
    assert refused.error is not watched.guard.lost, "each has a traceback of its own"
    assert refused.error.placeholders == watched.guard.lost.placeholders if watched.guard.lost else False
    assert ended.error is None
    assert watched.delivered == [refused, ended]
    assert watched.told == [watched.guard.lost]
    assert caplog.messages == [str(watched.guard.lost)]
    assert watched.guard.patience == 5.0
    assert watched.calls == 0
    assert {"ada", "bob"} <= {*people(copy)} or lose in {write_over, cut, cut_unseen}


def test_what_the_system_does_not_tell_is_said_as_it_is(watched: Watched, path: Path) -> None:
    """A disk that was pulled out would be called deleted."""
    place = SimpleNamespace(is_deleted=False, found_at=None, read=watched.place.read)
    watched.guard._place = cast("LockedPath", place)
    path.unlink()
    watched.guard.look()
    assert watched.lost()["what"] == "vanished with its folder or its disk"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EPERM, errno.ETIMEDOUT])
@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_look_that_fails_says_nothing_about_the_file(
    watched: Watched, path: Path, monkeypatch: pytest.MonkeyPatch, number: int, suffix: str
) -> None:
    """A share that does not answer for a moment would stop all messages."""
    stat = os.stat

    def refused(name: str, **options: bool) -> os.stat_result:
        if str(name) == f"{path}{suffix}":
            raise OSError(number, "no answer")
        return stat(name, **options)

    monkeypatch.setattr(os, "stat", refused)
    watched.guard._look_for_it()
    monkeypatch.undo()
    assert watched.told == []


def test_a_file_that_cannot_be_read_any_more_is_lost(watched: Watched, path: Path) -> None:
    """The thread of the storage would end with an error, and everybody wait for ever."""

    def read(_size: int, _start: int) -> bytes:
        raise OSError(number, "gone")

    number = errno.EIO
    watched.guard._place = cast("LockedPath", SimpleNamespace(read=read, found_at=None, is_deleted=False))
    os.utime(path, (1, 1))
    watched.guard.look()
    assert watched.told == []
    number = errno.ESTALE
    watched.guard.look()
    assert watched.lost()["what"] == "cannot be found any more"


def test_of_a_large_file_some_pages_are_compared(watched: Watched) -> None:
    """A look at a file of a gigabyte would stop all messages for seconds."""
    starts: list[int] = []

    def read(size: int, start: int) -> bytes:
        starts.append(start)
        return f"{size} {start}".encode()

    watched.guard._place = cast("LockedPath", SimpleNamespace(read=read))

    def see(pages: int, time: int = 7) -> module._Seen:
        starts.clear()
        return watched.guard._see(cast("os.stat_result", SimpleNamespace(st_size=pages * 4096, st_mtime_ns=time)))

    first = see(10)
    assert starts == [page * 4096 for page in range(10)]
    assert (first.size, first.time, first.moves) == (40960, 7, watched.connection.log.moves)
    assert see(10, 8).samples == first.samples != see(9).samples
    see(256)
    assert starts == [page * 4096 for page in range(0, 256, 4)]
    see(255)
    assert starts == [page * 4096 for page in range(0, 255, 3)]
    see(0)
    assert starts == []


# -- when it comes back ------------------------------------------------------------------------------------------------


def test_a_file_that_comes_back_is_used_again_and_saved_again(
    watched: Watched, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing would be taken until the next start, or an old copy be taken for the newest."""
    for name in ("cid", "dan"):
        path.rename(path.with_name("away"))
        watched.guard.look()
        assert watched.guard.lost
        copies = [*path.parent.glob("*.saved*")]
        assert copies == [path.with_name("bach.db.saved")]
        path.with_name("away").rename(path)
        caplog.clear()
        assert watched.ask(add(name)).error is None
        assert caplog.messages == [f"{path} is in its place again: BACH goes on"]
        assert watched.guard.lost is None
    assert watched.failed() == ["store_lost", "good"] * 2
    assert people(copies[0]) == ["ada", "bob", "cid"]
    assert watched.guard.leave()


def test_a_copy_has_what_ended_meanwhile(watched: Watched, path: Path) -> None:
    """What was sent after the loss would be sent again."""
    path.unlink()
    watched.ask(names, writes=False)
    assert watched.guard.lost is None, "who only reads looks at nothing"
    watched.ask(add("cid"))
    copy = path.with_name("bach.db.saved")
    before = copy.stat().st_ino
    watched.guard.look()
    watched.ask(names, writes=False)
    watched.guard.look()
    assert copy.stat().st_ino == before, "and is not written anew for nothing"
    watched.ask(add("cid"), ends=True)
    assert people(copy) == ["ada", "bob"]
    watched.guard.look()
    assert people(copy) == ["ada", "bob", "cid"]
    before = copy.stat().st_ino
    watched.guard.look()
    assert copy.stat().st_ino == before
    watched.ask(add("eve"), ends=True)
    watched.ask(add("refused"))
    watched.guard.look()
    assert people(copy) == ["ada", "bob", "cid", "eve"]
    watched.ask(add("dan"), ends=True)
    assert not watched.guard.leave()
    assert people(copy) == ["ada", "bob", "cid", "dan", "eve"]


def test_a_copy_may_lie_where_the_file_is_now(watched: Watched, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every other folder is full, nothing would be saved."""
    asked: list[tuple[object, ...]] = []

    def save(*args: object, is_doubtful: bool) -> None:
        asked.append((*args, is_doubtful))
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(rescue, "save", save)
    move(path)
    watched.guard.look()
    assert asked == [(watched.connection, [path], path.parent.parent / "moved.db", False)]


@pytest.mark.parametrize("error", [OSError(errno.EIO, "bad"), StoreFailedError(path="copy", reason="full")])
def test_a_copy_that_cannot_be_written_is_said(
    watched: Watched, path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Somebody would look for a copy that is not there."""

    def save(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(rescue, "save", save)
    path.unlink()
    watched.guard.look()
    advice = f"What it held could not be saved: {error} Put it back, or stop BACH and restore a backup."
    assert watched.lost()["advice"] == advice
    watched.guard.look()
    assert not watched.guard.leave()


@pytest.mark.parametrize("error", [OSError(errno.EIO, "bad"), StoreFailedError(path="copy", reason="full")])
def test_a_copy_that_cannot_be_written_anew_ends_nothing(
    watched: Watched, path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The thread of the storage would end, and everybody wait for ever."""

    def renew(*_: object) -> None:
        raise error

    monkeypatch.setattr(Saved, "renew", renew)
    path.unlink()
    watched.guard.look()
    watched.ask(add("cid"), ends=True)
    watched.guard.look()
    assert not watched.guard.leave()


# -- what it leaves behind ---------------------------------------------------------------------------------------------


def log_of(path: Path) -> bytes:
    """The beginning of the log, which SQLite takes for empty if it is zero."""
    return Path(f"{path}-wal").read_bytes()[:32]


def test_beside_another_file_the_log_is_spent(watched: Watched, path: Path) -> None:
    """Our log would be written over the database that somebody put there."""
    replace(path)
    assert not watched.guard.leave()
    assert log_of(path) == bytes(32)


def test_where_no_file_is_the_log_is_spent(watched: Watched, path: Path) -> None:
    """It would be written over the copy that somebody puts there."""
    delete(path)
    assert not watched.guard.leave()
    assert log_of(path) == bytes(32)


@pytest.mark.parametrize("lose", [replace, write_over])
def test_a_log_that_is_gone_as_well_ends_nothing(watched: Watched, path: Path, lose: Callable[[Path], str]) -> None:
    """Closing would fail, and leave the lock of the file behind."""
    lose(path)
    watched.guard.look()
    delete_log(path)
    assert not watched.guard.leave()


def test_a_log_that_cannot_be_emptied_or_set_aside_ends_nothing(watched: Watched, path: Path) -> None:
    """A disk that fails would keep BACH from closing, and the lock of the file be left behind."""
    rescued = rescue.Rescue(watched.connection, [path], path.parent / "no folder" / "log")
    assert "All it held is saved" in rescued.save(watched.place, is_torn=False, is_doubtful=False)
    before = sorted(path.parent.iterdir())
    rescued.spend_log()
    rescued.set_log_aside(path)
    assert sorted(path.parent.iterdir()) == before


def test_into_a_file_that_cannot_be_read_nothing_is_written(watched: Watched, path: Path) -> None:
    """Somebody's file would be spoilt because nobody could see that it is his."""
    delete_log(path)
    watched.guard.look()
    watched.ask(add("cid"), ends=True)

    def read(_size: int, _start: int) -> bytes:
        raise OSError(errno.EIO, "bad block")

    watched.guard._place = cast("LockedPath", SimpleNamespace(read=read, found_at=None, is_deleted=False))
    assert not watched.guard.leave()
    assert people(path) == ["ada", "bob"]


def test_a_log_that_is_not_ours_is_left(watched: Watched, path: Path) -> None:
    """The newest messages of a database that somebody put there, with its log, would be gone."""
    replace(path)
    Path(f"{path}-wal").rename(path.with_name("old"))
    shutil.copy(path.with_name("old"), f"{path}-wal")
    before = log_of(path)
    assert not watched.guard.leave()
    assert log_of(path) == before != bytes(32)


def test_a_log_of_which_there_is_no_copy_is_left(watched: Watched, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is left would be thrown away."""

    def save(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(rescue, "save", save)
    replace(path)
    assert not watched.guard.leave()
    assert log_of(path) != bytes(32)


def test_beside_a_file_that_was_written_over_the_log_is_set_aside(watched: Watched, path: Path) -> None:
    """It would be written over what somebody put there; beside an empty file it is noticed."""
    before = log_of(path)
    write_over(path)
    assert not watched.guard.leave()
    assert not Path(f"{path}-wal").exists()
    assert Path(f"{path}.before-wal").read_bytes()[:32] == before


def test_beside_an_empty_file_the_log_stays(watched: Watched, path: Path) -> None:
    """The next start would begin with nothing, instead of saying that something is missing."""
    os.truncate(path, 0)
    assert not watched.guard.leave()
    assert Path(f"{path}-wal").exists()


def test_a_file_whose_log_is_lost_has_everything_at_the_end(watched: Watched, path: Path) -> None:
    """What was in the log would be nowhere but in the copy."""
    delete_log(path)
    watched.guard.look()
    watched.ask(add("cid"), ends=True)
    assert not watched.guard.leave()
    assert people(path) == ["ada", "bob", "cid"]


# -- a disk that takes nothing -----------------------------------------------------------------------------------------


@pytest.fixture
def disk(watched: Watched) -> Callable[[bool], None]:
    """Whether the disk takes something."""

    def set_full(is_full: bool) -> None:
        watched.connection._sqlite.execute(f"PRAGMA query_only = {is_full}")

    return set_full


def test_a_disk_that_takes_nothing_is_said_once_and_taken_back(
    watched: Watched, path: Path, disk: Callable[[bool], None], caplog: pytest.LogCaptureFixture
) -> None:
    """The repair would come back with every message, or stay for ever."""
    for end in (watched.guard.look, lambda: watched.ask(add("dan"))):
        disk(True)
        for _ in range(2):
            assert isinstance(watched.ask(add("cid")).error, StoreFailedError)
            watched.guard.look()
        assert watched.failed() == ["store_failed"]
        assert caplog.messages == [str(watched.told[0])]
        assert watched.guard.patience == 5.0
        watched.ask(names, writes=False)
        assert watched.failed() == ["store_failed"], "that it can be read says nothing"
        disk(False)
        end()
        assert watched.failed() == ["store_failed", "good"]
        assert caplog.messages[1:] == [f"{path} can be written again"]
        assert watched.guard.patience == 30.0
        watched.guard.look()
        watched.ask(add("eve"))
        assert watched.failed() == ["store_failed", "good"]
        watched.told.clear()
        caplog.clear()
    assert watched.connection._sqlite.execute("SELECT count(*) FROM meta WHERE key = 'probe'").fetchone()[0] == 0


def test_what_only_somebody_elses_lock_or_one_request_prevents_is_no_matter_of_the_disk(
    watched: Watched, path: Path
) -> None:
    """A person who looks into the file, or one bad message, would raise an alarm."""

    def refuse(_: Transaction) -> None:
        raise StoreFailedError(path="elsewhere", reason="no")

    assert watched.ask(refuse).error
    assert watched.ask(refuse, writes=False).error
    watched.connection._sqlite.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert watched.ask(add("cid")).error
    assert watched.told == []


def test_a_loss_on_a_full_disk_leaves_the_full_disk(
    watched: Watched, path: Path, disk: Callable[[bool], None], caplog: pytest.LogCaptureFixture
) -> None:
    """The repair about the disk would be gone although nothing can be written."""
    disk(True)
    watched.ask(add("cid"))
    path.rename(path.with_name("away"))
    with caplog.at_level(logging.WARNING):
        watched.guard.look()
        path.with_name("away").rename(path)
        watched.guard.look()
    assert watched.failed() == ["store_failed", "store_lost", "store_failed"]
    assert watched.told[0] is watched.told[2]
    assert not any("can be written again" in message for message in caplog.messages)
    disk(False)
    watched.guard.look()
    assert watched.failed()[3:] == ["good"]
