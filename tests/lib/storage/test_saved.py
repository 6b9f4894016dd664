"""The copy that is saved of a lost database: where it lies, what it says of itself, and how it comes back."""

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bach_lib.errors import StoreDamagedError, StoreFailedError
from bach_lib.storage import saved as module
from bach_lib.storage.saved import Saved, bring_back, put_back, save, saved_copies
from bach_lib.storage.sqlite import Connection, ask_copy, change_meta
from tests.lib.storage.work import add

LOG = bytes.fromhex("377f0682").ljust(40, b"\1")
"""A log that SQLite would read."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the database is; the folders that are always there are below it, too."""
    for name in ("home", "temporary", "live/inner"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "temporary"))
    return tmp_path / "live" / "inner" / "bach.db"


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    """An open database with one row."""
    connection = Connection(str(path))
    connection.do(add("ada"))
    yield connection
    connection.close()


def rows(copy: Path) -> list[object]:
    """Whom the copy knows."""
    return [name for (name,) in ask_copy(copy, "SELECT name FROM connections ORDER BY name")]


def said(copy: Path) -> dict[object, object]:
    """What the copy says of itself."""
    return {key: value for key, value in ask_copy(copy, "SELECT key, value FROM meta") if key in {"saved", "token"}}


def refuse(monkeypatch: pytest.MonkeyPatch, folder: Path, error: Exception) -> None:
    """Let nothing be written into this folder."""
    copy_to = Connection.copy_to

    def refusing(self: Connection, target: Path) -> None:
        if target.parent == folder:
            raise error
        copy_to(self, target)

    monkeypatch.setattr(Connection, "copy_to", refusing)


# -- where it lies, and what it says -----------------------------------------------------------------------------------


def test_a_copy_lies_beside_the_file_for_its_owner_alone(connection: Connection, path: Path) -> None:
    """Who looks for his database would find nothing, or everybody would read his messages."""
    alias = path.with_name("alias.db")
    copy = save(connection, [path, alias], None, is_doubtful=False)
    assert copy.path == path.with_name("bach.db.saved")
    assert copy.path.stat().st_mode & 0o777 == 0o600
    assert rows(copy.path) == ["ada"]
    assert said(copy.path) == {"saved": f"{path}\n{alias}"}
    assert {file.name for file in path.parent.iterdir()} == {"bach.db", "bach.db-wal", "bach.db-shm", "bach.db.saved"}


def test_no_copy_takes_the_place_of_another_and_there_is_an_end(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older loss would be lost for good, or a disk that comes and goes be filled with copies."""
    monkeypatch.setattr(module, "_MOST", 3)
    monkeypatch.setattr(module, "_folders", lambda *_: [path.parent])
    copies = [save(connection, [path], None, is_doubtful=False).path.name for _ in range(3)]
    assert copies == ["bach.db.saved", "bach.db.saved-2", "bach.db.saved-3"]
    with pytest.raises(StoreFailedError) as caught:
        save(connection, [path], None, is_doubtful=False)
    assert caught.value.placeholders == {"path": str(path.parent), "reason": "there are 3 saved copies already"}
    assert not [*path.parent.glob("*.part*")]


def test_where_a_copy_may_go_is_tried_from_near_to_far(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody would look for the copy where his file was, while it lies at the end of the world."""
    top = path.parents[2]
    moved = top / "moved" / "bach.db"
    moved.parent.mkdir()
    near = [*path.parents][:-1]
    expected = [*near, moved.parent, top / "home", top / "temporary"]
    assert list(module._folders(path, moved)) == expected
    assert list(module._folders(path, None)) == [*near, *expected[-2:]]
    (top / "home").rmdir()
    assert list(module._folders(path, None)) == [*near, top / "temporary"], "a folder that is not there takes nothing"

    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    assert list(module._folders(path, None)) == [*near, top / "temporary"]
    found: list[object] = []

    def none(*asked: object) -> list[Path]:
        found.append(asked)
        return []

    monkeypatch.setattr(module, "_folders", none)
    with pytest.raises(StoreFailedError) as caught:
        save(connection, [path], moved, is_doubtful=False)
    assert found == [(path, moved)]
    assert caught.value.placeholders == {"path": str(path), "reason": "there is no folder for a copy"}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), ("live/inner", "No space left on device")),
        (OSError("odd"), ("live/inner", "odd")),
        (StoreFailedError(path="copy.part", reason="disk is full"), ("live/inner", "disk is full")),
    ],
)
def test_a_folder_that_takes_nothing_leads_to_the_next_and_the_last_says_why(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: tuple[str, str]
) -> None:
    """Nothing would be saved because of one full disk, or nobody be told what is wrong with it."""
    refuse(monkeypatch, path.parent, error)
    copy = save(connection, [path], None, is_doubtful=False)
    assert copy.path == path.parents[1] / "bach.db.saved"
    assert rows(copy.path) == ["ada"]
    assert not [*path.parent.glob("*.part*")]
    monkeypatch.setattr(module, "_folders", lambda *_: [path.parent])
    with pytest.raises(StoreFailedError) as caught:
        save(connection, [path], None, is_doubtful=False)
    assert str(caught.value.placeholders["path"]).removeprefix(f"{path.parents[2]}/") == told[0]
    assert caught.value.placeholders["reason"] == told[1]


def test_another_refusal_is_told_in_its_own_words(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks for the reason would read of a folder only."""
    error = StoreDamagedError(path="copy")
    refuse(monkeypatch, path.parent, error)
    monkeypatch.setattr(module, "_folders", lambda *_: [path.parent])
    with pytest.raises(StoreFailedError) as caught:
        save(connection, [path], None, is_doubtful=False)
    assert caught.value.placeholders == {"path": str(path.parent), "reason": str(error).removesuffix(".")}


def test_a_doubtful_copy_is_looked_through_and_never_put_back_unasked(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another program wrote over would be in the place of the messages at the next start."""
    change_meta_of(connection, "saved", "of old")
    copy = save(connection, [path], None, is_doubtful=True)
    assert rows(copy.path) == ["ada"]
    assert said(copy.path) == {}
    assert saved_copies([path]) == []
    monkeypatch.setattr(module, "_folders", lambda *_: [path.parent])
    monkeypatch.setattr(module, "ask_copy", lambda *_: [("row 3 missing from index",)])
    with pytest.raises(StoreFailedError) as caught:
        save(connection, [path], None, is_doubtful=True)
    assert caught.value.placeholders == {
        "path": str(path),
        "reason": "what was written over it is in the middle of it",
    }
    assert len(list(path.parent.glob("*.saved*"))) == 1
    assert not [*path.parent.glob("*.part*")]


def change_meta_of(connection: Connection, key: str, value: str) -> None:
    """Let the open database say something of itself."""
    connection.do(lambda tx: tx.run("save_meta", key=key, value=value))


# -- while it is kept --------------------------------------------------------------------------------------------------


def test_a_copy_is_written_anew_in_its_place(connection: Connection, path: Path) -> None:
    """What was sent after the loss would be sent again after the next start."""
    copy = save(connection, [path], None, is_doubtful=False)
    for name in ("bob", "cid"):  # it knows itself again after the first time
        connection.do(add(name))
        copy.renew(connection)
    assert rows(copy.path) == ["ada", "bob", "cid"]
    assert said(copy.path) == {"saved": str(path)}
    assert [file.name for file in path.parent.glob("*.saved*")] == ["bach.db.saved"]
    copy.remove()
    assert not copy.path.exists()


def test_what_somebody_put_in_the_place_of_a_copy_is_his(connection: Connection, path: Path) -> None:
    """BACH would write over, or delete, a file that is none of its business."""
    copy = save(connection, [path], None, is_doubtful=False)
    copy.path.rename(path.with_name("kept"))
    copy.path.write_text("his")
    copy.renew(connection)
    copy.remove()
    assert copy.path.read_text() == "his"
    copy.path.unlink()
    copy.renew(connection)
    copy.remove()
    assert not copy.path.exists()


def test_a_copy_that_cannot_be_removed_stays(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that has become read-only would keep the storage from going on."""
    copy = save(connection, [path], None, is_doubtful=False)

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refused)
    copy.remove()
    assert copy.path.exists()


def test_a_copy_is_known_by_its_number_and_by_its_disk(connection: Connection, path: Path) -> None:
    """A file of another disk with the same number would be taken for ours."""
    copy = save(connection, [path], None, is_doubtful=False)
    found = copy.path.stat()
    assert copy.key == (found.st_dev, found.st_ino)
    for other in ((found.st_dev + 1, found.st_ino), (found.st_dev, found.st_ino + 1)):
        Saved(copy.path, other, [path]).remove()
        assert copy.path.exists()


# -- how it comes back -------------------------------------------------------------------------------------------------


@pytest.fixture
def copies(connection: Connection, path: Path) -> list[Path]:
    """Two saved copies, the older one beside the lost file and the newer one above it; the file is gone."""
    copies = [save(connection, [path], None, is_doubtful=False).path]
    connection.do(add("bob"))
    copies.append(copies[0].rename(path.parents[1] / "bach.db.saved"))
    copies[0] = save(connection, [path], None, is_doubtful=False).path
    os.utime(copies[0], (1000, 1000))
    os.utime(copies[1], (2000, 2000))
    for file in path.parent.glob("bach.db*"):
        if file != copies[0]:
            file.unlink()
    return copies


def test_the_newest_copy_of_this_database_is_found(path: Path, copies: list[Path]) -> None:
    """The messages of the day before yesterday would come back, or those of somebody else."""
    older, newer = copies
    alias = path.parents[2] / "the alias.db"
    assert saved_copies([path]) == [newer, older]
    os.utime(older, (3000, 3000))
    assert saved_copies([path]) == [older, newer]
    assert saved_copies([path.with_name("other.db")]) == []
    change_meta(older, "saved", f"{alias}\n{path.with_name('elsewhere.db')}")
    assert saved_copies([path]) == [newer]
    assert saved_copies([path, alias]) == [older, newer]
    elsewhere = path.parents[2] / "bach.db.saved-2"
    newer.rename(elsewhere)
    assert saved_copies([path]) == [elsewhere], "also above"


def test_what_only_has_such_a_name_is_no_copy(path: Path, copies: list[Path]) -> None:
    """A folder or a text of that name would keep BACH from starting."""
    path.with_name("bach.db.saved-2").mkdir()
    path.with_name("bach.db.saved-3").write_text("not at all")
    change_meta(copies[0], "token", str(path))
    change_meta(copies[0], "saved", None)
    assert saved_copies([path]) == [copies[1]], "nothing but what it says of being a copy counts"


def test_a_copy_comes_back_where_nothing_is(path: Path, copies: list[Path]) -> None:
    """BACH would begin with an empty database, or write an old one over what is there."""
    path.write_bytes(b"messages")
    assert bring_back([path]) is None
    assert path.read_bytes() == b"messages"
    path.write_bytes(b"")
    assert bring_back([path]) == copies[1]
    assert rows(path) == ["ada"]
    path.unlink()
    assert bring_back([path]) == copies[0]
    assert rows(path) == ["ada", "bob"]
    path.unlink()
    assert bring_back([path]) is None
    assert not path.exists()


def test_what_lies_in_the_way_of_a_copy_is_put_aside(path: Path, copies: list[Path]) -> None:
    """A log of before would be written over the copy, or thrown away with all that only it holds."""
    for suffix, content in (("", b"old"), ("-wal", LOG), ("-shm", b"index")):
        Path(f"{path}{suffix}").write_bytes(content)
    put_back(copies[1], path)
    assert rows(path) == ["ada"]
    assert not Path(f"{path}-wal").exists()
    assert not Path(f"{path}-shm").exists()
    kept = path.with_name("bach.db.before")
    assert [Path(f"{kept}{suffix}").read_bytes() for suffix in ("", "-wal", "-shm")] == [b"old", LOG, b"index"]
    Path(f"{kept}").unlink()
    Path(f"{path}-wal").write_bytes(b"no log at all")
    path.write_bytes(b"later")
    put_back(copies[0], path)
    assert not Path(f"{path}-wal").exists(), "an empty log holds nothing that is worth keeping"
    assert Path(f"{kept}-2").read_bytes() == b"later", "the name of a log that was kept is taken, too"
    assert Path(f"{kept}-wal").read_bytes() == LOG
    assert not Path(f"{kept}-2-wal").exists()


def test_a_copy_that_is_back_is_none_any_more(path: Path, copies: list[Path]) -> None:
    """At the next loss, the database of today would be taken for the copy of it; or every message would be held."""
    for copy in copies:
        change_meta(copy, "token", "abc")
    put_back(copies[1], path)
    assert said(path) == {}, "where no mark is left, nothing was sent since"
    path.with_name("bach.db.mark").touch()
    put_back(copies[0], path)
    assert said(path) == {"token": "abc"}


def test_a_copy_comes_back_into_a_folder_that_is_gone(path: Path, copies: list[Path]) -> None:
    """Whoever deleted the whole folder would have to make it again himself."""
    copies[0].unlink()
    path.parent.rmdir()
    path.parents[1].joinpath("bach.db.saved").rename(path.parents[2] / "bach.db.saved")
    path.parents[1].rmdir()
    assert bring_back([path]) == path.parents[2] / "bach.db.saved"
    assert rows(path) == ["ada"]


def test_a_copy_comes_back_from_another_disk(path: Path, copies: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy in the home folder could not be put into a share of the network."""
    failing = errno.EACCES
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if self in copies:
            raise OSError(failing, "no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OSError, match="no"):
        put_back(copies[1], path)
    assert copies[1].exists()
    assert not path.exists()
    failing = errno.EXDEV
    put_back(copies[1], path)
    assert not copies[1].exists()
    assert rows(path) == ["ada"]
    assert path.stat().st_mode & 0o777 == 0o600
