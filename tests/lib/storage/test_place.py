"""Whose file it is: one database, one BACH, and nothing of anybody else's is touched."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib.errors import (
    StoreDamagedError,
    StoreForbiddenError,
    StoreForeignError,
    StoreIncompleteError,
    StoreInUseError,
    StoreTooNewError,
)
from bach_lib.storage import Database, schema
from tests.lib.storage.work import add, names


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    (tmp_path / "live").mkdir()
    return tmp_path / "live" / "bach.db"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in a folder."""
    return {file.name: file.read_bytes() for file in folder.iterdir()}


# -- one BACH at a time ------------------------------------------------------------------------------------------------


def by_link(path: Path) -> Path:
    """A symbolic link to the file, in another folder."""
    other = path.parent.parent / "by another name.db"
    other.symlink_to(path)
    return other


def by_linked_folder(path: Path) -> Path:
    """A symbolic link to the folder."""
    other = path.parent.parent / "elsewhere"
    other.symlink_to(path.parent)
    return other / path.name


def by_hard_link(path: Path) -> Path:
    """A second name of the file itself."""
    other = path.parent.parent / "second.db"
    os.link(path, other)
    return other


def without_lock_file(path: Path) -> Path:
    """The same name, after somebody removed a "stale" lock."""
    path.with_name("bach.db.lock").unlink()
    return path


@pytest.mark.parametrize("other", [by_link, by_linked_folder, by_hard_link, without_lock_file])
async def test_no_name_leads_a_second_bach_to_the_file(
    store: Database, path: Path, other: Callable[[Path], Path]
) -> None:
    """Two BACHs would deliver every message twice."""
    with pytest.raises(StoreInUseError):
        await Database(other(path)).open()
    assert await store.submit(add("bob")) == 2
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:  # SQLite's own locks hold as well
        assert shell.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert await store.submit(names) == ["ada", "bob"]


async def test_a_link_leads_to_the_same_messages(store: Database, path: Path) -> None:
    """The log would lie beside the link, and what is in it would be missing under the other name."""
    await store.close()
    again = Database(by_link(path))
    await again.open()
    await again.submit(add("bob"))
    await again.close()
    await store.open()
    assert await store.submit(names) == ["ada", "bob"]


async def test_the_lock_of_another_account_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one `sudo bach` a person would be told to check the disk, and look at the wrong file."""
    real = os.open

    def refuse(file: os.PathLike[str] | str, flags: int, mode: int = 0o777) -> int:
        if os.fspath(file).endswith(".lock"):
            raise PermissionError(13, "Permission denied", os.fspath(file))
        return real(file, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StoreForbiddenError) as caught:
        await Database(path).open()
    assert str(caught.value).startswith(f"{path}.lock may not be opened")
    assert "disk" not in str(caught.value)


# -- nothing of anybody else's -----------------------------------------------------------------------------------------


def notes(sqlite: sqlite3.Connection) -> None:
    """Another program that numbers no layout."""
    sqlite.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, t TEXT)")


def numbered(sqlite: sqlite3.Connection) -> None:
    """Another program that numbers its layouts as well, and has a table of messages."""
    sqlite.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, t TEXT)")
    sqlite.execute("PRAGMA user_version = 3")


def signed(sqlite: sqlite3.Connection) -> None:
    """Another program that signs its files, and has nothing in it yet."""
    sqlite.execute("PRAGMA application_id = 252006674")
    sqlite.execute("PRAGMA user_version = 3")


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("make", [notes, numbered, signed])
async def test_another_programs_file_is_refused_and_left_as_it_is(
    path: Path, make: Callable[[sqlite3.Connection], None], journal: str
) -> None:
    """A slip of the tab key, and another program's database would be full of our tables."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sqlite:
        sqlite.execute(f"PRAGMA journal_mode = {journal}")
        make(sqlite)
    before = contents(path.parent)
    with pytest.raises(StoreForeignError):
        await Database(path).open()
    assert contents(path.parent) == before


async def test_another_programs_file_is_known_by_its_log(path: Path) -> None:
    """A program that has only just begun, or crashed, has all it wrote in the log."""
    with closing(sqlite3.connect(path.parent / "live.db", isolation_level=None)) as sqlite:
        sqlite.execute("PRAGMA journal_mode = wal")
        notes(sqlite)
        for suffix in ("", "-wal"):
            shutil.copy(path.parent / f"live.db{suffix}", f"{path}{suffix}")
    before = {name: data for name, data in contents(path.parent).items() if name in ("bach.db", "bach.db-wal")}
    with pytest.raises(StoreForeignError):
        await Database(path).open()
    assert {name: contents(path.parent)[name] for name in before} == before


async def test_a_young_database_of_ours_is_known_by_its_log(store: Database, path: Path) -> None:
    """A power cut soon after the first start, and BACH would refuse its own file."""
    copy = path.parent.parent / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", copy / f"bach.db{suffix}")
    again = Database(copy / "bach.db")
    await again.open()
    assert await again.submit(names) == ["ada"]
    await again.close()


@pytest.mark.parametrize("what", ["empty", "missing"])
async def test_a_log_without_its_database_is_refused_and_left_as_it_is(store: Database, path: Path, what: str) -> None:
    """SQLite would throw the log away, and with it all that was committed last."""
    copy = path.parent.parent / "copy"
    copy.mkdir()
    shutil.copy(f"{path}-wal", copy / "bach.db-wal")
    if what == "empty":
        (copy / "bach.db").touch()
    before = contents(copy)
    with pytest.raises(StoreIncompleteError) as caught:
        await Database(copy / "bach.db").open()
    assert "bach.db-wal" in str(caught.value)
    assert contents(copy) == before


async def test_a_file_that_was_never_ours_is_left_without_a_trace(path: Path) -> None:
    """Beside somebody's letter there would lie a log and a lock that they cannot explain."""
    path.write_bytes(b"Dear Ada, " * 500)
    before = contents(path.parent)
    with pytest.raises(StoreDamagedError):
        await Database(path).open()
    assert contents(path.parent) == before


# -- layouts -----------------------------------------------------------------------------------------------------------


def make_older(path: Path) -> int:
    """A database as the version before this one left it; returns its layout."""
    older = schema.LAYOUT - 1
    with closing(sqlite3.connect(path, isolation_level=None)) as sqlite:
        schema.migrate(sqlite.execute, older)
        sqlite.execute("PRAGMA journal_mode = WAL")
        sqlite.execute(
            "INSERT INTO connections (name, type, category, is_active, auth_type, auth_config, allowed)"
            " VALUES ('ada', 'fake', 'connector', 1, 'none', '{}', '[]')"
        )
    return older


async def test_a_copy_is_kept_before_the_layout_changes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update that disappoints would be one without a way back."""
    older = make_older(path)
    store = Database(path)
    await store.open()
    await store.submit(add("bob"))
    await store.close()
    copy = path.with_name(f"bach.db.layout{older}")
    assert oct(copy.stat().st_mode & 0o777) == oct(0o600)
    with closing(sqlite3.connect(copy)) as sqlite:
        assert sqlite.execute("PRAGMA user_version").fetchone() == (older,)
        assert sqlite.execute("SELECT name FROM connections").fetchall() == [("ada",)]


async def test_a_newer_layout_is_refused_with_the_way_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes back to the version of before would stand before a closed door."""
    store = Database(path)
    await store.open()
    await store.close()
    with closing(sqlite3.connect(path)) as sqlite:
        sqlite.execute("PRAGMA user_version = 1000")
    with pytest.raises(StoreTooNewError, match="restore a backup"):
        await Database(path).open()
    copy = path.with_name(f"bach.db.layout{schema.LAYOUT}")
    copy.touch()
    before = path.read_bytes()
    with pytest.raises(StoreTooNewError) as caught:
        await Database(path).open()
    assert str(copy) in str(caught.value)
    assert path.read_bytes() == before


async def test_an_older_file_learns_to_shrink(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Homes that have BACH already would keep a large file for ever."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sqlite:
        for script in schema._MIGRATIONS:
            sqlite.executescript(script)
        sqlite.execute(f"PRAGMA user_version = {schema.LAYOUT}")
        assert sqlite.execute("PRAGMA auto_vacuum").fetchone() == (0,)
    store = Database(path)
    await store.open()
    await store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as sqlite:
        assert sqlite.execute("PRAGMA auto_vacuum").fetchone() == (2,)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, asyncio.CancelledError])
async def test_opening_ends_whatever_happens(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """Home Assistant would wait for BACH at every start, for ever."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("bach_lib.storage.sqlite.bring_up_to_date", fail)
    async with asyncio.timeout(60):
        with pytest.raises(RuntimeError):
            await Database(path).open()
    monkeypatch.undo()
    store = Database(path)
    await store.open()
    await store.close()


async def test_one_bad_byte_spoils_one_text(store: Database) -> None:
    """A flipped bit on a dying card would make a whole list unreadable."""
    await store.submit(lambda tx: tx._connection.execute("UPDATE connections SET endpoint = CAST(x'41FF42' AS TEXT)"))
    rows = await store.submit(lambda tx: tx.rows("list_connections"))
    assert [row["endpoint"] for row in rows] == ["A\ufffdB"]
