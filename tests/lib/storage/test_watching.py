"""Who is told to read the database's files, and what becomes of the log while somebody does, a step at a time."""

import ctypes
import os
import sqlite3
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from bach_lib.storage import Transaction, log_index, log_keeper, readers
from bach_lib.storage.log_keeper import LogKeeper
from bach_lib.storage.readers import Readers
from bach_lib.storage.sqlite import Connection

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nobody else tells")


@dataclass
class Clock:
    """Turned by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        """What time it is."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """At some time."""
    return Clock()


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has read anything before."""
    monkeypatch.setattr(readers, "_LAST", {})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database lies, with a log."""
    for suffix in ("", "-wal"):
        (tmp_path / f"bach.db{suffix}").write_bytes(b"content")
    return tmp_path / "bach.db"


@pytest.fixture
def watched(path: Path, clock: Clock) -> Iterator[Readers]:
    """Those who read it."""
    watched = Readers(path, clock)
    yield watched
    watched.close()


def at_work(watched: Readers) -> bool:
    """Whether somebody reads."""
    return watched.are_at_work


# -- who reads ---------------------------------------------------------------------------------------------------------


def test_nobody_reads_before_somebody_does(watched: Readers, path: Path) -> None:
    """The log would never be moved."""
    assert watched.can_be_known
    assert not at_work(watched)
    path.with_name("another.db").write_bytes(b"content")
    path.read_bytes()
    assert at_work(watched)


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_who_has_read_one_file_may_come_for_the_other(watched: Readers, path: Path, clock: Clock, suffix: str) -> None:
    """The log would be moved between the two, and the copy be in pieces."""
    Path(f"{path}{suffix}").read_bytes()
    assert at_work(watched)
    clock.now += 119.5
    assert at_work(watched)
    clock.now += 0.5
    assert not at_work(watched)


def test_a_file_that_is_left_open_is_read_for_half_an_hour(watched: Readers, path: Path, clock: Clock) -> None:
    """A slow copy would be in pieces; or an editor that was forgotten stop the log for ever."""
    with path.open("rb"), Path(f"{path}-wal").open("rb"):
        assert at_work(watched)
        clock.now += 1799.5
        assert at_work(watched)
        clock.now += 0.5
        assert not at_work(watched)
    assert at_work(watched), "it was closed just now"
    clock.now += 120
    assert not at_work(watched)


def test_one_of_two_files_that_is_closed_leaves_the_other_open(watched: Readers, path: Path, clock: Clock) -> None:
    """A copy of two files would count as done with the first."""
    with path.open("rb"):
        Path(f"{path}-wal").read_bytes()
        assert at_work(watched)
        clock.now += 200
        assert at_work(watched)


def test_more_than_can_be_told_at_once_is_taken_in(
    watched: Readers, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not taken in fills the system's memory, and its age is not that of the last reading."""
    monkeypatch.setattr(readers, "_BUFFER", 32)
    for _ in range(5):
        path.read_bytes()
        Path(f"{path}-wal").read_bytes()
    file = path.open("rb")
    assert at_work(watched)
    with pytest.raises(BlockingIOError):
        os.read(watched._file or 0, 32)
    clock.now += 200
    assert at_work(watched), "the last of them is still open"
    file.close()


@contextmanager
def told(watched: Readers, *events: tuple[int, int, bytes]) -> Iterator[None]:
    """While the system has told this: of which file, what, and a name."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    for watch, what, name in events:
        os.write(writing, struct.pack("iIII", watch, what, 0, len(name)) + name)
    os.close(watched._file or 0)
    watched._file = reading
    yield
    os.close(writing)


def test_names_and_what_was_lost_are_read_over(watched: Readers, clock: Clock) -> None:
    """What the system could not tell any more would be taken for a file that stays open, or for nothing at all."""
    with told(watched, (1, 0x20, b"some name\0\0\0"), (2, 0x20, b""), (2, 0x10, b""), (1, 0x8, b"")):
        clock.now += 50
        assert at_work(watched)
        assert watched._open == set()
        clock.now += 119
        assert at_work(watched), "it counts from the time it was told"
    with told(watched, (1, 0x20, b""), (-1, 0x4000, b""), (2, 0x8000, b"")):
        assert at_work(watched)
        assert watched._open == {1}


def test_who_opens_it_again_knows_who_read_it_before(path: Path, clock: Clock) -> None:
    """A connection that is switched off and on during a backup would move the log under its hands."""
    first = Readers(path, clock)
    path.read_bytes()
    first.close()
    assert not first.can_be_known
    first.close()
    clock.now += 100
    second = Readers(path, clock)
    assert at_work(second)
    clock.now += 20
    assert not at_work(second)
    second.close()
    assert not Readers(path.with_name("bach.db-wal"), clock).are_at_work, "only of this one"
    assert dict(readers._LAST) == {path: 1000.0}


def test_who_was_never_read_leaves_nothing_behind(path: Path, clock: Clock) -> None:
    """The next opening would fail."""
    Readers(path, clock).close()
    assert readers._LAST == {}


def descriptors() -> int:
    """How many files this process has open."""
    return len([*Path("/proc/self/fd").iterdir()])


def test_what_cannot_be_watched_is_not_known_and_leaves_nothing_open(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BACH would not start where the system tells nothing, or run out of descriptors."""
    before = descriptors()
    assert not Readers(path.with_name("none.db"), clock).can_be_known
    path.with_name("bach.db-wal").unlink()
    assert not Readers(path, clock).can_be_known, "both of them, or nothing is sure"
    assert descriptors() == before

    def missing(_: object) -> None:
        raise OSError

    def refused(_: int) -> int:
        return -1

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert not Readers(path, clock).can_be_known

    for system in (SimpleNamespace(inotify_init1=refused), SimpleNamespace()):
        monkeypatch.setattr(ctypes, "CDLL", lambda _, system=system: system)
        assert not Readers(path, clock).can_be_known
    monkeypatch.undo()
    monkeypatch.setattr(sys, "platform", "darwin")
    path.with_name("bach.db-wal").touch()
    nobody = Readers(path, clock)
    path.read_bytes()
    assert (nobody.can_be_known, nobody.are_at_work) == (False, False)
    nobody.close()


def test_programs_that_are_started_do_not_watch_with_us(watched: Readers) -> None:
    """Every signal-cli would hold a watch of its own, and the first read wait for ever."""
    assert not os.get_inheritable(watched._file or 0)
    assert not os.get_blocking(watched._file or 0)


# -- what becomes of the log -------------------------------------------------------------------------------------------


_NUMBERS = count()


def _note(tx: Transaction) -> None:
    """Work that writes a page or two."""
    tx.run("save_meta", key=f"note {next(_NUMBERS)}", value="x" * 1000)


@dataclass
class Log:
    """A real database with a log, whose readers, clock and lookups are turned by hand."""

    connection: Connection
    keeper: LogKeeper
    is_read: bool = False
    comes: bool = False
    """Whether somebody begins to read while the log is moved."""
    may_move: bool = True
    moved: list[tuple[str, bool]] = field(default_factory=list)
    """How the log was moved, and whether it was kept from beginning anew meanwhile."""
    pauses: list[str] = field(default_factory=list)
    """What happened to the lookups."""

    def holds(self) -> bool:
        """Whether the log is kept from beginning anew."""
        return self.keeper._pin.holds

    def may_be_emptied(self) -> bool:
        """Whether nobody reads."""
        return self.keeper.may_be_emptied

    def is_watched(self) -> bool:
        """Whether the system tells who reads."""
        return self.keeper._readers.can_be_known

    def write(self, pages: int) -> None:
        """Let the log grow by about so many pages."""
        until = self.connection.log.length + pages
        while self.connection.log.length < until:
            self.connection.do(_note)

    def begins_anew(self) -> bool:
        """Whether what is written next is written over the log's beginning."""
        length = self.connection.log.length
        self.connection.do(_note)
        return self.connection.log.length < length


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """A log that nobody reads; twenty pages are many."""
    monkeypatch.setattr(log_index, "_SMALL", 8)
    monkeypatch.setattr(log_index, "LARGE", 20)
    path = tmp_path / "live" / "bach.db"
    path.parent.mkdir()
    connection = Connection(str(path))
    connection.checkpoint()
    connection.do(_note)  # the log begins anew

    @contextmanager
    def pause() -> Iterator[None]:
        log.pauses.append("paused")
        yield
        log.pauses.append(f"moved {len(log.moved)}")

    def watched(mode: str = "PASSIVE") -> bool:
        log.moved.append((mode, log.holds()))
        log.is_read = log.is_read or log.comes
        return checkpoint(mode)

    log = Log(connection, LogKeeper(path, connection, lambda: log.may_move, pause))
    checkpoint = connection.checkpoint
    monkeypatch.setattr(connection, "checkpoint", watched)
    monkeypatch.setattr(Readers, "are_at_work", property(lambda _: log.is_read))
    yield log
    log.keeper.close()
    connection.close()


def test_a_log_is_moved_when_it_has_become_too_long(log: Log) -> None:
    """It would fill the disk, or be moved with every message."""
    log.write(15)
    log.keeper.after_writing()
    assert log.moved == []
    log.write(6)
    log.keeper.after_writing()
    assert log.moved == [("PASSIVE", True)]
    assert not log.holds()
    assert log.begins_anew()
    assert log.pauses == [], "nobody who looks something up has to wait for it"


def test_a_log_of_some_length_is_moved_when_nobody_writes(log: Log) -> None:
    """After a busy hour the log would stay until the next one, or a quiet house wear out its card."""
    log.keeper.when_quiet()
    assert log.moved == []
    log.write(10)
    log.may_move = False
    log.keeper.when_quiet()
    log.may_move, log.is_read = True, True
    log.keeper.when_quiet()
    assert log.moved == []
    log.is_read = False
    log.keeper.when_quiet()
    log.keeper.when_quiet()
    assert log.moved == [("PASSIVE", True)]


def test_a_log_that_is_copied_only_grows(log: Log) -> None:
    """The copy would be in pieces."""
    for log.may_move, log.is_read in ((False, False), (True, True)):
        log.write(30)
        log.keeper.after_writing()
        log.keeper.when_quiet()
    assert log.moved == []
    assert not log.may_be_emptied()
    log.is_read = False
    assert log.may_be_emptied()


def test_who_comes_while_the_log_is_moved_keeps_it_from_beginning_anew(log: Log) -> None:
    """He has read the file as it was before, and would read the log as it is afterwards."""
    log.comes = True
    log.write(21)
    log.keeper.after_writing()
    assert log.moved == [("PASSIVE", True)]
    assert log.holds()
    assert not log.begins_anew()
    log.keeper.after_writing()
    assert len(log.moved) == 1, "he still reads"
    log.is_read = log.comes = False
    log.may_move = False
    log.keeper.after_writing()
    assert len(log.moved) == 1
    log.may_move = True
    log.keeper.after_writing()
    assert len(log.moved) == 2
    assert not log.holds()
    assert log.begins_anew()
    log.keeper.after_writing()
    assert len(log.moved) == 2


def test_where_nobody_can_be_known_nothing_is_kept(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log would be kept for somebody whose end nobody tells."""
    monkeypatch.setattr(Readers, "can_be_known", property(lambda _: False))
    log.write(21)
    log.keeper.after_writing()
    assert log.moved == [("PASSIVE", False)]


def test_lookups_pause_when_they_have_kept_the_log_for_too_long(log: Log) -> None:
    """Somebody who looks through years of messages would let the log fill the disk."""
    reader = sqlite3.connect(f"{log.keeper._path.as_uri()}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM meta").fetchall()
    log.write(21)
    log.keeper.after_writing()
    assert log.pauses == []
    log.write(20)
    log.is_read = True
    log.keeper.after_writing()
    assert log.pauses == []
    log.is_read = False
    log.write(21)
    log.keeper.after_writing()
    assert log.pauses == ["paused", f"moved {len(log.moved)}"]
    assert log.moved[-1] == ("PASSIVE", False)
    log.keeper.after_writing()
    assert len(log.pauses) == 2, "it would be asked again with every message as long as the lookup takes"
    reader.close()


def test_all_of_the_log_can_be_moved_at_once(log: Log) -> None:
    """After a copy that was announced, the log would stay as long as it has become."""
    log.comes = True
    log.write(21)
    log.keeper.after_writing()
    assert log.holds()
    log.keeper.move_all("TRUNCATE")
    assert log.moved[1:] == [("TRUNCATE", False)]
    assert log.pauses == ["paused", "moved 2"]
    assert log.connection.log.length == 0 or log.begins_anew()
    assert Path(f"{log.keeper._path}-wal").stat().st_size < 30_000


def test_a_log_that_fills_the_disk_is_moved_whoever_reads(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that hangs would stop all messages; or one on a small disk be in pieces without need."""
    log.is_read = True
    log.write(3)
    length, free, asked = log.connection.log.length, 4, list[Path]()

    def statvfs(path: Path) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(f_bavail=free, f_frsize=1024)

    monkeypatch.setattr(os, "statvfs", statvfs)
    free = 4 * length
    assert not log.may_be_emptied(), "the disk takes as much once more"
    free -= 1
    assert log.may_be_emptied()
    free += 2
    assert not log.may_be_emptied()
    assert set(asked) == {log.keeper._path.parent}
    monkeypatch.setattr(log_keeper, "_MOST", length)
    assert not log.may_be_emptied()
    monkeypatch.setattr(log_keeper, "_MOST", length - 1)
    assert log.may_be_emptied()


@pytest.mark.parametrize("error", [OSError, AttributeError])
def test_a_disk_that_tells_nothing_leaves_the_length_to_count(
    log: Log, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """On Windows, and on a share that is away, every commit would fail."""

    def statvfs(_: Path) -> None:
        raise error

    monkeypatch.setattr(os, "statvfs", statvfs)
    log.is_read = True
    log.write(3)
    length = log.connection.log.length
    monkeypatch.setattr(log_keeper, "_MOST", length)
    assert not log.may_be_emptied()
    monkeypatch.setattr(log_keeper, "_MOST", length - 1)
    assert log.may_be_emptied()


def test_after_closing_nothing_is_watched_or_held(log: Log) -> None:
    """Every connection that is switched off and on would leave files open behind it."""
    assert log.is_watched()
    log.keeper.close()
    assert not log.is_watched()
    with pytest.raises(sqlite3.ProgrammingError):
        log.keeper._pin.hold()
