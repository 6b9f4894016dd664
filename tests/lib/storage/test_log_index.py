"""What SQLite notes of its log, read from the file in which it notes it, and what is made of that."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from bach_lib.storage import log_index
from bach_lib.storage.log_index import LogIndex


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten pages are many."""
    monkeypatch.setattr(log_index, "_SMALL", 4)
    monkeypatch.setattr(log_index, "LARGE", 10)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database lies whose log nothing is in."""
    path = tmp_path / "bach.db"
    note(path, 0, 0)
    return path


@pytest.fixture
def log(path: Path) -> Iterator[LogIndex]:
    """Its log."""
    log = LogIndex(str(path))
    yield log
    log.close()


def note(path: Path, written: int, moved: int, size: int = 136) -> None:
    """Let SQLite have written and moved so many pages."""
    content = bytearray(range(136))
    struct.pack_into("=I", content, 16, written)
    struct.pack_into("=I", content, 96, moved)
    Path(f"{path}-shm").write_bytes(content[:size])


def test_pages_are_counted_where_sqlite_counts_them(log: LogIndex, path: Path) -> None:
    """The log would be moved with every message, or never."""
    for written, moved, wanted in ((4, 0, False), (5, 0, True), (5, 1, False), (300_000, 299_995, True)):
        note(path, written, moved)
        assert (log.length, log.wants_quiet) == (written, wanted)


@pytest.mark.parametrize(
    ("written", "moved", "found"),
    [(10, 0, (False, False)), (11, 0, (True, True)), (11, 1, (True, False)), (21, 10, (True, True))],
)
def test_a_log_is_crowded_by_what_is_not_moved(
    log: LogIndex, path: Path, written: int, moved: int, found: tuple[bool, bool]
) -> None:
    """The log would fill the disk in a busy hour, or be moved twice."""
    note(path, written, moved)
    assert (log.is_crowded, log.was_long()) == found[::-1]


def overlong(log: LogIndex, path: Path, written: int) -> bool:
    """Whether a log of this length is overlong now."""
    note(path, written, written)
    return log.is_overlong()


def test_an_overlong_log_is_said_again_only_when_it_has_grown(log: LogIndex, path: Path) -> None:
    """All lookups would be interrupted with every message as long as one of them takes."""
    assert not overlong(log, path, 20)
    assert overlong(log, path, 21)
    assert not overlong(log, path, 31)
    assert overlong(log, path, 32)
    assert not overlong(log, path, 42)
    assert not overlong(log, path, 20), "it has begun anew"
    assert overlong(log, path, 21)
    assert not overlong(log, path, 25)
    for written, again in ((21, False), (20, True)):
        note(path, written, written)
        assert log.moves, "looked at, as after a commit"
        assert log.was_long()
        assert overlong(log, path, 22) is again
    assert overlong(LogIndex(str(path)), path, 21), "a new one begins with what it may bear"


def test_what_is_not_there_or_not_whole_counts_nothing(log: LogIndex, path: Path) -> None:
    """A database that was just made would fail to open."""
    assert LogIndex(f"{path}-none").length == 0
    assert LogIndex(f"{path}-none").moves == b""
    for size, length in ((131, 0), (132, 7), (0, 0)):
        note(path, 7, 0, size)
        assert (log.length, log.wants_quiet) == (length, length > 0)
    note(path, 7, 0)
    log.close()
    assert log.length == 0
    log.close()


def test_what_changes_when_the_file_is_written_is_known(log: LogIndex, path: Path) -> None:
    """Another program's moving of the log would be taken for somebody who writes over the file."""
    content = bytes(range(136))
    Path(f"{path}-shm").write_bytes(content)
    assert log.moves == content[32:40] + content[96:100] + content[128:132]


def test_programs_that_are_started_do_not_hold_it(log: LogIndex) -> None:
    """Their end would drop SQLite's locks on it."""
    assert log._file is not None
    assert not os.get_inheritable(log._file)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(log._file, b"x")
