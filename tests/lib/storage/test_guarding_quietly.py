"""The guard between two whole looks: what it need not look at again, and how it follows the log."""

import errno
import os
from pathlib import Path
from typing import cast

import pytest

from bach_lib.errors import StoreLostError
from bach_lib.storage import folder as folder_module
from bach_lib.storage.guard import Guard
from bach_lib.storage.log_index import LogIndex
from bach_lib.storage.place import LockedPath
from tests.lib.storage.test_guarding import Watched, path, watched
from tests.lib.storage.work import add

__all__ = ["path", "watched"]

OLD, NEW = b"old salt" + bytes(8), b"new salt" + bytes(8)
"""What the log's index shows of a log before and after it has begun anew; nothing is moved yet."""


class Looks:
    """How often the names are looked at one by one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        what = Guard._what

        def counted(guard: Guard) -> str | None:
            self.number += 1
            return what(guard)

        monkeypatch.setattr(Guard, "_what", counted)
        monkeypatch.setattr(folder_module, "_SETTLED", -1.0)  # the folder of a test is young
        monkeypatch.setattr(folder_module, "_SETTLED_IN_SECONDS", -1.0)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Count them."""
    return Looks(monkeypatch)


class Fleeting:
    """A place of which the system tells nothing, as a share that does not answer."""

    def __init__(self, place: LockedPath) -> None:
        self.read = place.read
        self.found_at = None
        self.is_deleted = False

    def stat(self) -> os.stat_result:
        """No answer."""
        raise OSError(errno.EIO, "no answer")


def test_while_nothing_happens_in_the_folder_no_name_is_looked_at(watched: Watched, looks: Looks) -> None:
    """Every commit would take some calls of the system more, on each name."""
    watched.guard.look()
    for number in range(5):
        assert watched.ask(add(f"{number}")).error is None
    assert looks.number == 1


def test_a_link_has_a_folder_of_its_own(watched: Watched, path: Path, looks: Looks) -> None:
    """A link that was turned to another file lies in a folder that nobody looked at."""
    link = path.parent.parent / "link.db"
    link.symlink_to(path)
    guard = Guard([path, link], watched.place, watched.connection, watched.told.append)
    guard.look()
    assert not guard._is_nothing_new()


@pytest.mark.parametrize("keeps", ["size", "time"])
def test_what_is_written_over_the_file_is_noticed_although_its_folder_is_quiet(
    watched: Watched, path: Path, looks: Looks, keeps: str
) -> None:
    """Messages would go into a file that another program writes over, for as long as a second."""
    watched.guard.look()
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    if keeps == "size":
        with path.open("rb+") as file:
            file.seek(4096)
            file.write(b"else")
        os.utime(path, (1, 1))
    else:
        os.truncate(path, path.stat().st_size - 4096)
        os.utime(path, ns=times)
    assert isinstance(watched.ask(add("cid")).error, StoreLostError)
    assert looks.number == 2


def test_a_file_that_tells_nothing_is_looked_at_by_its_names(watched: Watched, looks: Looks) -> None:
    """A loss would pass for nothing new."""
    watched.guard.look()
    watched.guard._place = cast("LockedPath", Fleeting(watched.place))
    assert watched.ask(add("cid")).error is None
    assert looks.number == 2


def test_a_log_that_has_begun_anew_is_no_move(watched: Watched, path: Path) -> None:
    """What another program writes over the file after that would pass for what SQLite moved into it."""
    watched.connection.checkpoint()  # the next commit begins the log anew
    watched.guard.look()
    before = watched.guard._seen.moves
    assert watched.ask(add("cid")).error is None
    assert watched.guard._seen.moves == watched.connection.log.moves != before
    with path.open("rb+") as file:
        file.seek(4096)
        file.write(b"else")
    os.utime(path, (1, 1))
    watched.guard.look()
    assert watched.lost()["what"] == "was overwritten by another program"


@pytest.mark.parametrize(
    ("moves", "change", "is_followed"),
    [
        (NEW, "", True),
        (NEW[:8] + b"\1" + NEW[9:], "", False),
        (OLD[:8] + b"\1" + OLD[9:], "", False),
        (NEW, "time", False),
        (NEW, "size", False),
    ],
)
def test_only_a_log_that_has_moved_nothing_is_followed(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, moves: bytes, change: str, is_followed: bool
) -> None:
    """What SQLite moved would pass for what another program wrote, and all messages stop."""
    seen = watched.guard._seen
    seen.moves = OLD
    monkeypatch.setattr(LogIndex, "moves", moves)
    if change == "time":
        seen.time -= 1
    elif change == "size":
        seen.size += 4096
    watched.guard._follow_log()
    assert seen.moves == (moves if is_followed else OLD)


def test_a_log_that_cannot_be_followed_keeps_nobody_waiting(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share that does not answer for a moment would fail what is on the disk already."""
    watched.guard._seen.moves = OLD
    monkeypatch.setattr(LogIndex, "moves", NEW)
    watched.guard._place = cast("LockedPath", Fleeting(watched.place))
    watched.guard._follow_log()
    assert watched.guard._seen.moves == OLD
