"""The mark beside a database: what stands in it, when it is written, and what is made of it at the next opening."""

import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib.errors import StorageError, StoreLockedError
from bach_lib.storage import Transaction, restored
from bach_lib.storage.restored import (
    COPIED,
    NO_MARK,
    OLDER,
    OTHER_MARK,
    Marker,
    _identity,
    _is_same,
    _Mark,
    alone_as,
    read_mark,
)
from bach_lib.storage.runs import Runs
from bach_lib.storage.sqlite import Connection
from tests.lib.storage.work import add


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database lies."""
    (tmp_path / "live").mkdir()
    return tmp_path / "live" / "bach.db"


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    """An open database with one message that waits, which says nothing of itself yet."""
    connection = Connection(str(path))
    connection.do(add("home"))
    connection._sqlite.execute(
        "INSERT INTO messages (connection, recipient, status, text, format, silent, priority, delivery, created_at,"
        " max_retries) VALUES ('home', '42', 'pending', 'ding', 'text', 0, 0, 'normal', 1, 1)"
    )
    yield connection
    connection.close()


@pytest.fixture
def marker(path: Path, connection: Connection) -> Marker:
    """Its mark."""
    return Marker(path, connection)


def mark_of(path: Path) -> dict[str, str]:
    """What stands in the mark, but who the file may be without its log."""
    raw = path.with_name("bach.db.mark").read_bytes()
    assert (len(raw), raw[:4], raw[-1:]) == (128, b"old=", b"\n")
    found = dict(word.split("=") for word in raw.decode().split())
    found.pop("alone", None)
    return found


def alone_of(path: Path) -> list[str]:
    """Who the file may be without its log, as the mark has it."""
    words = path.with_name("bach.db.mark").read_text().split()
    return [name for word in words if word.startswith("alone=") for name in word.removeprefix("alone=").split(",")]


def test_a_mark_names_who_the_file_may_be_without_its_log_as_long_as_it_knows(marker: Marker, path: Path) -> None:
    """A log could not be told from another file's, or one of our own would be taken for that."""
    marker.open(is_copied=False, alone="before*")
    told = list[list[str]]()
    for _ in range(9):
        marker.renew()
        told.append(alone_of(path))
    tokens = [names[-1] for names in told[:3]]
    assert told[:3] == [["before*", "-", *tokens[: number + 1]] for number in range(3)]
    assert all(len(token) == 8 for token in tokens)
    assert told[-1] == [], "there is no room for all; and then the mark says nothing"


def test_a_mark_names_the_file_as_it_is_found(marker: Marker, connection: Connection, path: Path) -> None:
    """After a crash with the first write of a run, the log of that run would be taken for another file's."""
    connection.do(save("0123456789", None))
    marker.open(is_copied=False, alone="before*")
    marker.renew()
    assert alone_of(path)[:2] == ["before*", "01234567"]


@pytest.mark.parametrize(("letters", "has_room"), [(69, True), (70, False)])
def test_a_mark_is_never_longer_than_it_is(path: Path, letters: int, has_room: bool) -> None:
    """Its last letter would be lost, and every start take it for torn: no older copy would be noticed any more."""
    line = restored._line("0123456789abcdef", "0123456789abcdef", "", ["x" * letters])
    assert (f" alone={'x' * letters}" in line) is has_room
    write(path, line)
    assert path.with_name("bach.db.mark").stat().st_size == 128


def said(connection: Connection) -> dict[str, str]:
    """What the database says of itself."""
    rows = connection.do(lambda tx: tx.rows("all_meta"), writes=False)
    return {str(row["key"]): str(row["value"]) for row in rows if row["key"] in {"token", "copied"}}


def save(token: str | None, copied: str | None) -> Callable[[Transaction], None]:
    """Work that lets the database say this of itself."""
    return lambda tx: restored._save(tx, token, copied)


def write(path: Path, line: str) -> None:
    """Put this mark beside the database."""
    path.with_name("bach.db.mark").write_bytes(line.ljust(127).encode() + b"\n")


def held(connection: Connection) -> int:
    """How many messages are held."""
    [(number,)] = connection._sqlite.execute("SELECT count(*) FROM messages WHERE held")
    return int(number)


# -- what is made of it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "token", "copied", "is_ours"),
    [
        (_Mark(("a", "b"), "", ""), "a", None, True),
        (_Mark(("a", "b"), "", ""), "b", None, True),
        (_Mark(("a", "b"), "", ""), "c", None, False),
        (_Mark(("a", "b"), "", ""), None, None, False),
        (_Mark(("-", "b"), "", ""), None, None, True),
        (_Mark((), "", ""), "c", None, True),
        (_Mark(("a",), "f", "1/2/3"), "a", "f 1/2/3", True),
        (_Mark(("a",), "f", "1/2/3"), "a", "g 1/2/3", False),
        (_Mark(("a",), "f", "1/2/3"), "a", "f 1/9/3", False),
        (_Mark(("a",), "", "1/2/3"), "a", " 1/2/3", False),
        (_Mark(("a",), "f", "1/2/3"), "a", "", False),
        (_Mark((), "", ""), "a", "by itself", False),
    ],
)
def test_a_mark_is_of_a_database_that_knows_its_token_or_was_copied_with_it(
    mark: _Mark, token: str | None, copied: str | None, is_ours: bool
) -> None:
    """What was sent would be sent again, or what waits wait for somebody who looks at it."""
    assert mark.is_of(token, copied) is is_ours


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("7/100/5", "7/100/5", True),
        ("7/100/5", "7/101/5", False),
        ("7/100/", "7/100/", True),
        ("7/100/5", "8/100/5", True),
        ("7/100/5", "8/300/5", True),
        ("7/100/5", "8/100/6", False),
        ("7/100/", "8/100/", False),
        ("", "7/100/5", False),
        ("7/100", "8/100/5", False),
        ("7/100/5/later", "7/100/5", True),
        ("7", "7/", True),
        ("7", "8", False),
    ],
)
def test_a_file_is_known_by_number_and_change_or_by_its_birth(one: str, other: str, same: bool) -> None:
    """On a memory card every crash would hold all messages, or no copy would be noticed."""
    assert _is_same(one, other) is same


def test_a_file_names_its_number_its_change_and_its_birth(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark would not be known again after a crash, or that of a copy be taken for it."""
    path.touch()
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        for born, told in ((12, "12"), (None, "")):
            monkeypatch.setattr(restored, "birth_of", lambda _, born=born: born)
            assert _identity(file.fileno()) == f"{found.st_ino}/{found.st_ctime_ns}/{told}"


@pytest.mark.parametrize(
    ("database", "line", "why"),
    [
        ((None, None), None, None),
        (("a", None), "old= token=a copied=", None),
        (("a", None), "old=a token=b copied=", None),
        (("b", None), "old=a token=b copied=", None),
        (("a", None), "token=a and something later", None),
        (("a", None), "old=\0\0 token=a\0\0 copied=", None),
        (("a", None), "token=a=b copied=", OTHER_MARK),
        (("a=b", None), "token=a=b copied=", None),
        (("a", None), None, NO_MARK),
        (("a", None), "old=b token=c copied=", OTHER_MARK),
        ((None, None), "old= token=c copied=", OTHER_MARK),
        ((None, None), "old=- token=c copied=", None),
        ((None, "by itself"), None, COPIED),
        (("a", "f 1/2/3"), "old= token=a copied=f", COPIED),
        (("a", "f 1/2/3"), None, COPIED),
    ],
)
def test_what_waits_is_held_where_mark_and_database_are_not_of_one_moment(
    marker: Marker, path: Path, database: tuple[str | None, str | None], line: str | None, why: str | None
) -> None:
    """What was sent would be sent again, or what waits wait for somebody who looks at it."""
    connection = marker._connection
    connection.do(save(*database))
    if line is not None:
        write(path, line)
    number, reason = marker.open(is_copied=False)
    assert number == held(connection) == (why is not None)
    if why is not None:
        assert reason == why.format(mark="bach.db.mark")
        assert mark_of(path) == {"old": "", "token": said(connection)["token"], "copied": ""}
        assert said(connection).keys() == {"token"}, "the next start holds nothing for the same reason"
    elif line is not None:
        assert path.with_name("bach.db.mark").read_text().startswith(line), "and nothing is written"


@pytest.mark.parametrize(
    "torn", [b"", b"old= token=b copied=", b"old= token=b copied=".ljust(128), b"\0" * 128, b"\xff" * 127 + b"\n"]
)
def test_what_a_power_cut_left_of_a_mark_is_no_proof(
    marker: Marker, connection: Connection, path: Path, torn: bytes
) -> None:
    """After a power cut somebody would have to look at every message."""
    connection.do(save("a", None))
    path.with_name("bach.db.mark").write_bytes(torn)
    assert marker.open(is_copied=False)[0] == 0


def test_a_mark_that_cannot_be_read_is_no_proof(
    marker: Marker, connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad block would keep the database from being opened, or hold all messages."""
    connection.do(save("a", None))
    write(path, "old= token=b copied=")

    def bad(*_: object) -> bytes:
        raise OSError(errno.EIO, "bad block")

    monkeypatch.setattr(os, "read", bad)
    assert marker.open(is_copied=False)[0] == 0


def test_a_folder_that_was_put_back_as_a_whole_is_told_by_what_was_noted_outside_of_it(
    path: Path, connection: Connection, tmp_path: Path
) -> None:
    """What was sent since the snapshot of a virtual machine's folder would be sent again: database and mark agree."""
    runs = Runs(tmp_path / "runs")
    connection.do(lambda tx: tx.run("save_meta", key="instance", value="0123abcd"))
    first = Marker(path, connection, runs)
    assert first.open(is_copied=False)[0] == 0
    first.before_writing()
    assert runs.number("0123abcd") == 1
    copy = Path(shutil.copytree(path.parent, path.parent.with_name("copy"))) / "bach.db"
    first.close()
    assert runs.number("0123abcd") == 2
    assert Marker(path, connection, runs).open(is_copied=False)[0] == 0
    with closing(Connection(str(copy))) as copied:
        older = Marker(copy, copied, runs)
        assert older.open(is_copied=False) == (1, OLDER.format(mark="bach.db.mark"))
        assert runs.number("0123abcd") == 3, "further than whatever is elsewhere"
        assert Marker(copy, copied, runs).open(is_copied=False)[0] == 0, "it is the newest now"


def test_a_disk_that_took_nothing_notes_nothing_outside_of_it(
    path: Path, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a full disk or a power cut every start would hold all messages, as if it were an older copy."""
    runs = Runs(tmp_path / "runs")
    connection.do(lambda tx: tx.run("save_meta", key="instance", value="0123abcd"))
    with monkeypatch.context() as full:
        full.setattr(restored, "_save", locked)
        Marker(path, connection, runs).before_writing()
    assert runs.number("0123abcd") == 0
    assert Marker(path, connection, runs).open(is_copied=False)[0] == 0


@pytest.mark.parametrize(
    ("line", "alone"),
    [
        ("old=abcdefghij token=0123456789 copied= alone=x,,y*", {"x", "y*", "abcdefgh", "01234567"}),
        ("old= token=0123456789 copied= alone=x", {"x", "01234567"}),
        ("old=abcdefghij token=0123456789 copied=", set()),
        ("old=abcdefghij token=0123456789 copied= alone=", set()),
    ],
)
def test_a_mark_says_who_the_file_may_be_without_its_log_or_nothing(path: Path, line: str, alone: set[str]) -> None:
    """A log of another file would be laid into this one, or its own be set aside with all that was not sent."""
    write(path, line)
    mark = read_mark(path.with_name("bach.db.mark"))
    assert mark
    assert mark.alone == alone
    assert read_mark(path) is None, "there is none"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (("0123456789", None), "01234567"),
        (("0123456789", "by itself"), "01234567*"),
        (("0123456789", "flag 1/2/3"), "01234567"),
        ((None, "by itself"), "-*"),
        ((None, None), ""),
    ],
)
def test_a_database_says_who_it_is_without_its_log(path: Path, said: tuple[str | None, str | None], name: str) -> None:
    """A log could not be told from another file's."""
    with closing(Connection(str(path))) as connection:
        connection.do(lambda tx: tx.change("DELETE FROM meta", [()]))
        connection.do(save(*said))
    assert alone_as(path) == name
    assert alone_as(path.with_name("nothing.db")) == ""


# -- when it is written ------------------------------------------------------------------------------------------------


def test_mark_and_database_change_together_and_a_crash_between_them_holds_nothing(
    marker: Marker, connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process killed in the first commit of its life would hold all messages, or an old copy pass for today's."""
    between: list[tuple[dict[str, str], dict[str, str]]] = []
    original = restored._save

    def watched(tx: Transaction, token: str | None, copied: str | None) -> None:
        between.append((mark_of(path), {"token": str(token), "copied": str(copied)}))
        original(tx, token, copied)

    monkeypatch.setattr(restored, "_save", watched)
    assert marker.open(is_copied=False)[0] == 0
    assert not path.with_name("bach.db.mark").exists(), "nothing is written before somebody writes"
    assert marker.before_writing()
    first = said(connection)["token"]
    assert between == [({"old": "-", "token": first, "copied": ""}, {"token": first, "copied": "None"})]
    assert mark_of(path) == {"old": "", "token": first, "copied": ""}
    assert len(bytes.fromhex(first)) == 8
    assert stat.S_IMODE(path.with_name("bach.db.mark").stat().st_mode) == 0o600
    assert not marker.before_writing(), "once is enough"
    assert said(connection) == {"token": first}
    marker.close()
    second = said(connection)["token"]
    assert second != first
    assert between[1:] == [({"old": first, "token": second, "copied": ""}, {"token": second, "copied": "None"})]
    assert mark_of(path) == {"old": "", "token": second, "copied": ""}


def test_a_run_that_wrote_nothing_changes_nothing_at_its_end(
    marker: Marker, connection: Connection, path: Path
) -> None:
    """A copy of yesterday would be held although nothing was sent since."""
    marker.open(is_copied=False)
    marker.close()
    assert said(connection) == {}
    assert not path.with_name("bach.db.mark").exists()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was brought to the disk, except by SQLite."""
    synced: list[str] = []

    def fsync(file: int) -> None:
        found = os.fstat(file)
        synced.append("folder" if stat.S_ISDIR(found.st_mode) else f"{found.st_size} bytes")

    monkeypatch.setattr(os, "fsync", fsync)
    return synced


def test_only_what_a_power_cut_may_not_take_waits_for_the_disk(marker: Marker, synced: list[str]) -> None:
    """Every opening would wear out the card; or, with less, a copy pass for what was there before the power cut."""
    marker.renew()
    assert synced == ["128 bytes", "folder"]
    synced.clear()
    marker.renew()
    assert synced == ["128 bytes"]
    synced.clear()
    marker.begin_copying()
    marker.end_copying()
    assert synced == ["128 bytes", "128 bytes"]
    synced.clear()
    marker.renew(is_copied=True)
    assert synced == ["128 bytes"], "while it is copied, both tokens stay good"


def test_a_system_without_folders_to_sync_writes_the_mark_all_the_same(
    marker: Marker, path: Path, synced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows the first message would be refused."""
    monkeypatch.setattr(restored, "birth_of", lambda _: None)  # ctypes, too, looks at the name
    monkeypatch.setattr(os, "name", "nt")
    marker.renew()
    monkeypatch.undo()
    assert synced == ["128 bytes"]
    assert mark_of(path)["token"]


def failing(*_: object, **__: object) -> str:
    """The disk is full."""
    raise OSError(errno.ENOSPC, "No space left on device")


def locked(*_: object) -> None:
    """Somebody else writes."""
    raise StoreLockedError(path="bach.db")


@pytest.mark.parametrize("refuse", [failing, locked])
def test_a_disk_that_takes_no_mark_leaves_the_old_token_good(
    marker: Marker, connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch, refuse: Callable[..., object]
) -> None:
    """A full disk would keep messages from being sent, or hold all of them once there is space again."""
    marker.renew()
    before, token = mark_of(path), said(connection)
    monkeypatch.setattr(restored, "_save", refuse)
    marker.renew()
    assert said(connection) == token
    assert token["token"] in mark_of(path).values()
    write(path, f"old= token={before['token']} copied=")
    monkeypatch.setattr(Marker, "_write", failing)
    marker.renew()
    assert said(connection) == token
    assert mark_of(path) == before


def test_a_disk_that_took_no_token_holds_nothing_after_the_next_copy(
    marker: Marker, connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that was full for a moment would hold all messages after the next backup."""
    with monkeypatch.context() as full:
        full.setattr(Marker, "_write", failing)
        marker.before_writing()
    marker.begin_copying()
    marker.end_copying()
    assert mark_of(path) == {"old": "", "token": "", "copied": ""}
    assert Marker(path, connection).open(is_copied=False)[0] == 0


def test_a_database_that_could_not_be_given_its_first_token_holds_nothing(
    marker: Marker, connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at the first start, or at the first after an update, would hold all messages at the next."""
    with monkeypatch.context() as full:
        full.setattr(restored, "_save", failing)
        marker.before_writing()
    assert said(connection).keys() == set()
    assert Marker(path, connection).open(is_copied=False)[0] == 0
    Marker(path, connection).before_writing()
    connection.do(save(None, None))
    assert Marker(path, connection).open(is_copied=False)[0] == 1, "a copy of before the first token is told as one"


def test_an_opening_that_changes_nothing_waits_for_nobody_who_writes(marker: Marker, path: Path) -> None:
    """A person who looks into the file with another tool would keep BACH from starting."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert marker.open(is_copied=False)[0] == 0


# -- while somebody copies both ----------------------------------------------------------------------------------------


def test_who_copies_while_it_is_announced_has_a_copy_that_says_so(
    marker: Marker, connection: Connection, path: Path
) -> None:
    """What was sent after Home Assistant's backup would be sent again from it."""
    marker.open(is_copied=False)
    marker.begin_copying()
    mark, database = mark_of(path), said(connection)
    with path.with_name("bach.db.mark").open("rb") as file:
        assert database["copied"] == f"{mark['copied']} {_identity(file.fileno())}"
    assert len(bytes.fromhex(mark["copied"])) == 8
    assert (mark["old"], mark["token"]) == ("", database["token"])
    assert not marker.before_writing(), "it would take back what is said"
    marker.end_copying()
    assert said(connection) == {"token": database["token"]}
    assert mark_of(path) == {"old": "", "token": database["token"], "copied": ""}


def test_a_process_that_died_during_a_copy_finds_its_own_mark(
    marker: Marker, connection: Connection, path: Path
) -> None:
    """A power cut in the night of the backup would hold all messages."""
    marker.begin_copying()
    before = said(connection)["token"]
    again = Marker(path, connection)
    assert again.open(is_copied=True)[0] == 0
    database, mark = said(connection), mark_of(path)
    assert database["token"] != before, "the copy that is made just now is another one than that of before"
    assert database["copied"].split(" ")[0] == mark["copied"] != ""
    assert (mark["old"], mark["token"]) == (before, database["token"])
    assert Marker(path, connection).open(is_copied=False)[0] == 0
    assert said(connection).keys() == {"token"}


def test_an_opening_during_a_copy_says_so_even_where_nothing_was_written(
    marker: Marker, connection: Connection, path: Path
) -> None:
    """Home Assistant restarts in the middle of a backup, and the copy of what it opens then says nothing."""
    assert marker.open(is_copied=True) == (0, NO_MARK.format(mark="bach.db.mark"))
    assert said(connection).keys() == {"token", "copied"}
    assert mark_of(path)["copied"]
    marker.end_copying()
    assert said(connection).keys() == {"token"}


def test_a_database_that_cannot_say_that_it_is_copied_has_a_mark_of_another_moment(
    marker: Marker, connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the copy would pass for the database itself, and what was sent since be sent again."""
    marker.open(is_copied=False)
    marker.before_writing()
    token = said(connection)["token"]
    with monkeypatch.context() as patched:
        patched.setattr(restored, "_save", locked)
        with pytest.raises(StorageError):
            marker.begin_copying()
        mark = mark_of(path)
        assert mark["token"] not in {"", token}
        assert (mark["old"], mark["copied"]) == ("", "")
        copy = Path(shutil.copytree(path.parent, path.parent.with_name("copy"))) / "bach.db"
        marker.end_copying()  # has nothing to take back in the database, and so nothing that could fail
    assert mark_of(path) == {"old": "", "token": token, "copied": ""}
    copied = Connection(str(copy))
    assert Marker(copy, copied).open(is_copied=False) == (1, OTHER_MARK.format(mark="bach.db.mark"))
    copied.close()
    marker.begin_copying()
    assert said(connection).keys() == {"token", "copied"}
    marker.end_copying()
    assert said(connection).keys() == {"token"}, "the next copy is announced and ended as ever"


def test_a_mark_that_cannot_be_written_keeps_nobody_from_copying(
    marker: Marker, connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nightly backup would fail because of one small file, or its copy say nothing."""
    marker.open(is_copied=False)
    marker.before_writing()
    token = said(connection)["token"]
    monkeypatch.setattr(Marker, "_write", failing)
    marker.begin_copying()
    flag, _, identity = said(connection)["copied"].partition(" ")
    assert (len(flag), identity, said(connection)["token"]) == (16, "", token)
    marker.end_copying()
    assert said(connection) == {"token": token}
    monkeypatch.setattr(restored, "_save", locked)
    with pytest.raises(StorageError):
        marker.begin_copying()
    marker.end_copying()
