"""Connections to one file: what is said when it cannot be read or written, what a lookup sees, what closing leaves."""

import asyncio
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from bach_lib.errors import StorageError, StoreDamagedError, StoreFailedError, StoreLockedError, StoreTooNewError
from bach_lib.storage import Transaction, sqlite
from bach_lib.storage.log_index import LOG_HEADER
from bach_lib.storage.request import Request
from bach_lib.storage.schema import LAYOUT
from bach_lib.storage.sqlite import (
    Connection,
    Reader,
    ask_copy,
    ask_file,
    change_meta,
    read_foreign,
    write_snapshot,
)
from tests.lib.storage.test_layouts import make
from tests.lib.storage.work import add, names

NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000)"
    " SELECT count(*) AS number FROM n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "bach.db"


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    """An open database with one row."""
    with closing(Connection(str(path))) as connection:
        connection.do(add("home"))
        yield connection


def asks(work: Callable[[Transaction], object], *, writes: bool = True) -> Request[Transaction]:
    """A request that nobody waits for."""
    return Request(work, writes, cast("asyncio.Future[object]", None))


def numbers(tx: Transaction) -> object:
    """A lookup that takes its time."""
    return tx._connection.execute(NUMBERS).fetchall()


def slip(_: Transaction) -> None:
    """A mistake of ours."""
    raise LookupError("no such thing")


# -- what is said ----------------------------------------------------------------------------------------------------


def test_whoever_is_in_the_way_is_named_to_all_of_a_batch(connection: Connection, path: Path) -> None:
    """A person would look for a broken disk, and some of those who asked wait for ever."""
    connection._sqlite.execute("PRAGMA busy_timeout = 0")
    told = list[object]()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        batch = [asks(add("a")), asks(add("b"))]
        connection.run(batch, told.append)
    assert told == [batch]
    for request in batch:
        assert isinstance(request.error, StoreLockedError)
        assert request.error.placeholders == {"path": str(path)}
    assert connection.do(names, writes=False) == ["home"]


def test_what_fails_names_the_file_and_costs_only_itself(connection: Connection, path: Path) -> None:
    """Who reads the log of three homes would not know which disk to look at; or others lose what they wrote."""
    batch = [asks(add("a")), asks(add("a")), asks(slip), asks(lambda tx: tx.run("no_such_query")), asks(add("b"))]
    told = list[object]()
    connection.run(batch, told.extend)
    assert told == batch
    assert [request.error is None for request in batch] == [True, False, False, False, True]
    for request in batch[1:4]:
        assert isinstance(request.error, StoreFailedError)
        assert request.error.placeholders["path"] == str(path)
    assert "UNIQUE" in str(batch[1].error)
    assert "LookupError" in str(batch[2].error)
    assert connection.do(names, writes=False) == ["a", "b", "home"]


def test_a_file_that_is_none_of_ours_is_named(path: Path) -> None:
    """Who mistypes a path would be told of a database that is broken, and not which."""
    path.write_bytes(b"no database, but a text that is long enough to be taken for a header" * 20)
    for ask in (lambda: Connection(str(path)), lambda: ask_file(path, False, lambda do: do("SELECT 1 FROM meta"))):
        with pytest.raises(StorageError) as caught:
            ask()
        assert caught.value.placeholders["path"] == str(path)
    with pytest.raises(StoreDamagedError) as damaged:
        read_foreign(path, ["messages"])
    assert damaged.value.placeholders == {"path": str(path)}
    for nothing in (path.with_name("nothing.db"), path.with_name("nothing") / "bach.db"):
        with pytest.raises(StoreFailedError) as failed:
            read_foreign(nothing, ["messages"])
        assert failed.value.placeholders["path"] == str(nothing)
        with pytest.raises(StoreFailedError) as failed:
            Reader(str(nothing), lambda: False)
        assert failed.value.placeholders["path"] == str(nothing)
        assert not nothing.exists(), "and it is not made"
    with pytest.raises(StoreDamagedError) as damaged:
        read_foreign(path.parent, ["messages"])
    assert damaged.value.placeholders == {"path": str(path.parent)}


@pytest.mark.parametrize("with_log", [True, False])
def test_a_file_that_is_only_asked_is_not_made(connection: Connection, path: Path, with_log: bool) -> None:
    """Who looks for the database of another home would find an empty one the next time."""
    nothing = path.with_name("nothing.db")
    with pytest.raises(StoreFailedError) as failed:
        ask_file(nothing, with_log, lambda do: do("SELECT name FROM connections"))
    assert failed.value.placeholders["path"] == str(nothing)
    assert ask_copy(nothing, "SELECT name FROM connections") == []
    assert not nothing.exists()
    assert ask_file(path, True, lambda do: [*do("SELECT name FROM connections")]) == [("home",)]
    with pytest.raises(StoreFailedError) as failed:
        change_meta(nothing / "bach.db", "copied", "yes")
    assert failed.value.placeholders["path"] == str(nothing / "bach.db")
    assert "unable to open" in str(failed.value)


def test_of_an_older_system_those_tables_are_read_that_are_there(path: Path) -> None:
    """Who comes from it would lose what stands in a table that is written in capitals."""
    with closing(sqlite3.connect(path)) as foreign:
        foreign.executescript(
            "CREATE TABLE Contacts (name); INSERT INTO Contacts VALUES ('ada'); CREATE TABLE other (a)"
        )
    assert read_foreign(path, ["contacts", "messages"]) == {"contacts": [{"name": "ada"}]}


# -- lookups ---------------------------------------------------------------------------------------------------------


def test_a_lookup_sees_what_is_committed_and_can_write_nothing(connection: Connection, path: Path) -> None:
    """A page of the history would hold up what is sent, or change it."""
    with closing(Reader(str(path), lambda: False)) as reader:
        look = asks(names, writes=False)
        assert reader.look_up(look)
        assert (look.result, look.error) == (["home"], None)
        connection.do(add("work"))
        assert reader.look_up(look)
        assert look.result == ["home", "work"]
        for wrong in (asks(add("a")), asks(slip)):
            assert reader.look_up(wrong)
            assert isinstance(wrong.error, StoreFailedError)
            assert wrong.error.placeholders["path"] == str(path)
        assert reader.look_up(look), "and it goes on"


def test_a_lookup_that_nobody_wants_any_more_is_ended(connection: Connection, path: Path) -> None:
    """A search through years would keep the home from shutting down."""
    is_wanted = True
    with closing(Reader(str(path), lambda: not is_wanted)) as reader:
        is_wanted = False
        assert not reader.look_up(asks(numbers, writes=False))
        is_wanted = True
        assert reader.look_up(asks(names, writes=False))


# -- copies and the log ----------------------------------------------------------------------------------------------


def test_a_snapshot_is_of_one_moment_and_says_that_it_is_one(
    connection: Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup would hold half of what was sent, hold up everybody meanwhile, or pass for the database itself."""
    monkeypatch.setattr(sqlite, "_STEP", 5)
    copy, between = path.with_name("copy.db"), list[int]()

    def write() -> None:
        between.append(len(between))
        connection.do(add(f"n{len(between)}"))

    write_snapshot(path, copy, write)
    assert len(between) > 3, "a few pages at a time"
    assert not copy.with_name("copy.db-wal").exists()
    with closing(sqlite3.connect(copy)) as copied:
        assert copied.execute("SELECT name FROM connections").fetchall() == [("home",)]
        assert copied.execute("SELECT value FROM meta WHERE key = 'copied'").fetchall() == [("by itself",)]
        assert copied.execute("PRAGMA journal_mode").fetchall() == [("delete",)]


def test_a_snapshot_ends_where_it_is_given_up_and_says_where_it_cannot_be_written(
    connection: Connection, path: Path
) -> None:
    """Home Assistant would wait for a backup that somebody has cancelled, or not say which disk is full."""

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        write_snapshot(path, path.with_name("copy.db"), stop)
    nowhere = path.with_name("nowhere") / "copy.db"
    for target, source in ((nowhere, path), (path.with_name("copy.db"), nowhere)):
        with pytest.raises(StoreFailedError) as failed:
            write_snapshot(source, target, lambda: None)
        assert failed.value.placeholders["path"] == str(target)
    assert connection.do(names, writes=False) == ["home"]


def test_closing_brings_all_into_the_file_and_lets_nobody_read_the_log_again(path: Path) -> None:
    """Beside a file that is put back from a backup, the old log would spoil it; or who copies find it has shrunk."""
    connection, log = Connection(str(path)), path.with_name("bach.db-wal")
    connection.do(add("home"))
    size = log.stat().st_size
    connection.close()
    assert log.stat().st_size == size
    assert log.read_bytes()[:LOG_HEADER] == bytes(LOG_HEADER)
    log.unlink()
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT name FROM connections").fetchall() == [("home",)]


def test_closing_while_somebody_copies_leaves_the_log_as_it_is(path: Path) -> None:
    """A backup that is just being made would hold the file of before, and the log of after."""
    connection, log = Connection(str(path)), path.with_name("bach.db-wal")
    connection.do(add("home"))
    file_before, log_before = path.read_bytes(), log.read_bytes()
    connection.close(keeps_log=True)
    assert (path.read_bytes(), log.read_bytes()) == (file_before, log_before)


def asked(path: Path, pragma: str) -> object:
    """What a file says of itself."""
    with closing(sqlite3.connect(path)) as file:
        [(value,)] = file.execute(f"PRAGMA {pragma}")
        return value


def test_a_file_of_an_older_layout_is_kept_as_it_was_before_it_is_changed(path: Path) -> None:
    """Who goes back to yesterday's BACH would have no file that it can read; or anybody could read the one kept."""
    make(path, LAYOUT - 1)
    Connection(str(path)).close()
    kept = path.with_name(f"bach.db.layout{LAYOUT - 1}")
    assert (asked(path, "user_version"), asked(kept, "user_version")) == (LAYOUT, LAYOUT - 1)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with closing(sqlite3.connect(kept)) as old:
        assert old.execute("SELECT name FROM connections").fetchall() == [("home",)]
    kept.unlink()
    Connection(str(path)).close()
    assert not kept.exists(), "once is enough"


def test_a_file_gives_back_what_it_needs_no_more(path: Path) -> None:
    """A year of pictures would fill the disk for ever, although they were thrown away."""
    Connection(str(path)).close()
    assert asked(path, "auto_vacuum") == 2
    path.unlink()
    make(path, LAYOUT - 1)
    Connection(str(path)).close()
    assert asked(path, "auto_vacuum") == 2, "an older one, too"


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), sqlite3.OperationalError("disk I/O error")])
def test_a_log_that_cannot_be_taken_back_keeps_nobody_from_closing(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The end of a program on a broken card would be a traceback, and the file stay locked."""

    def broken(_: Connection) -> None:
        raise error

    connection = Connection(str(path))
    connection.do(add("home"))
    monkeypatch.setattr(Connection, "_spend_log", broken)
    connection.close()
    request = asks(names)
    connection.run([request])
    assert isinstance(request.error, StoreFailedError), "it is closed"
    assert "closed" in str(request.error)
    assert not connection.checkpoint()


def test_a_log_that_somebody_still_reads_is_not_called_moved(connection: Connection, path: Path) -> None:
    """The log would be cut below somebody who reads it, or grow for ever because nobody believes that it can be."""
    connection._sqlite.execute("PRAGMA busy_timeout = 0")
    assert connection.checkpoint("RESTART")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM connections").fetchall()
        connection.do(add("work"))
        assert not connection.checkpoint("RESTART")
        assert not connection.checkpoint(), "nor what was moved in part"
    assert connection.checkpoint("RESTART")


def test_what_could_not_be_taken_back_is_before_anything_else(connection: Connection) -> None:
    """After one bad moment of the disk nothing would be written any more."""
    connection._sqlite.execute("BEGIN")
    connection._sqlite.execute("DELETE FROM connections")
    assert connection.do(names) == ["home"]


def test_a_file_of_a_newer_bach_is_left_as_it_is_and_named(path: Path) -> None:
    """Who goes back to an older release would not learn which file it cannot read, or have it changed."""
    Connection(str(path)).close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(f"PRAGMA user_version = {LAYOUT + 7}")
    with pytest.raises(StoreTooNewError) as caught:
        Connection(str(path))
    told = caught.value.placeholders
    assert (told["path"], told["found"], told["known"]) == (str(path), str(LAYOUT + 7), str(LAYOUT))
    assert asked(path, "user_version") == LAYOUT + 7


def test_a_copy_says_of_itself_what_it_is_told_and_takes_it_back(path: Path) -> None:
    """A backup that is put back would hold what waits for ever, or what was sent since go again."""
    Connection(str(path)).close()
    for value in ("by itself", None):
        change_meta(path, "copied", value)
        with closing(sqlite3.connect(path)) as copy:
            rows = copy.execute("SELECT value FROM meta WHERE key = 'copied'").fetchall()
        assert rows == ([] if value is None else [(value,)])
