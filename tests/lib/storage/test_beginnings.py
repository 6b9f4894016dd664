"""What a file is taken for by its first bytes, its name, its neighbours and its layout, before it is opened."""

import logging
import os
import tracemalloc
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from bach_lib.errors import StoreDamagedError, StoreForeignError, StoreIncompleteError, StoreInUseError
from bach_lib.storage import copies, place, schema
from bach_lib.storage.lock import FileLock
from bach_lib.storage.origin import APPLICATION_ID, OUR_TABLES, check_is_ours, check_is_whole, has_log
from bach_lib.storage.schema import LAYOUT, migrate

MAGIC = b"SQLite format 3\0"
LOG = bytes.fromhex("377f0682")
NOTHING: frozenset[str] = frozenset()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may lie."""
    return tmp_path / "bach.db"


def header(application: int = 0, size: int = 100) -> bytes:
    """The first bytes of a database."""
    return (MAGIC.ljust(68, b"\1") + application.to_bytes(4)).ljust(size, b"\1")[:size]


def write_log(path: Path, content: bytes) -> None:
    """Put a log beside a database."""
    Path(f"{path}-wal").write_bytes(content)


# -- what it is ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "counts"),
    [
        (LOG.ljust(33, b"\1"), True),
        (bytes.fromhex("377f0683").ljust(33, b"\1"), True),
        (LOG.ljust(32, b"\1"), False),
        (b"else".ljust(5000, b"\1"), False),
        (b"", False),
    ],
)
def test_a_log_without_its_database_is_not_thrown_away(path: Path, content: bytes, counts: bool) -> None:
    """SQLite would make an empty database, and delete what a copy had forgotten the other half of."""
    write_log(path, content)
    assert has_log(path) is counts
    for database in (None, b""):
        if database is not None:
            path.write_bytes(database)
        if counts:
            with pytest.raises(StoreIncompleteError) as caught:
                check_is_whole(path)
            assert caught.value.placeholders == {"path": str(path), "log": f"{path}-wal"}
        else:
            check_is_whole(path)
    path.write_bytes(header())
    check_is_whole(path)


@pytest.mark.parametrize(
    "content", [header(size=99), b"else".ljust(100), b"else", header(APPLICATION_ID, size=99)], ids=repr
)
def test_what_is_no_database_is_left_alone(path: Path, content: bytes) -> None:
    """A picture with a wrong name would be written over."""
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError) as caught:
        check_is_ours(path, lambda log: (1, OUR_TABLES))
    assert caught.value.placeholders["path"] == str(path)


def test_what_is_not_there_or_known_is_not_looked_into(path: Path) -> None:
    """Every start would open the file once more, and the first one of all fail."""

    def look(log: bool) -> tuple[int, frozenset[str]]:
        raise AssertionError(log)

    check_is_ours(path, look)
    path.write_bytes(b"")
    check_is_ours(path, look)
    path.write_bytes(header(APPLICATION_ID))
    check_is_ours(path, look)


@pytest.mark.parametrize(
    ("application", "log", "found", "looks", "ours"),
    [
        (0, False, [(1, OUR_TABLES)], [False], True),
        (0, True, [(1, OUR_TABLES)], [False], True),
        (0, False, [(1, OUR_TABLES | {"more"})], [False], True),
        (0, False, [(1, OUR_TABLES - {"inbox"})], [False], False),
        (0, False, [(0, OUR_TABLES)], [False], False),
        (0, False, [(0, NOTHING)], [False], True),
        (0, False, [(LAYOUT, NOTHING)], [False], False),
        (0, False, [(LAYOUT + 1, NOTHING)], [False], True),
        (0, True, [(0, NOTHING), (3, OUR_TABLES)], [False, True], True),
        (0, True, [(0, NOTHING), (3, frozenset({"notes"}))], [False, True], False),
        (7, True, [(3, OUR_TABLES)], [False], False),
        (7, True, [(0, NOTHING)], [False], False),
    ],
)
def test_only_ours_and_what_is_empty_is_opened(
    path: Path, *, application: int, log: bool, found: list[tuple[int, frozenset[str]]], looks: list[bool], ours: bool
) -> None:
    """Somebody else's database would get our tables, or one of an old BACH be refused."""
    path.write_bytes(header(application))
    if log:
        write_log(path, LOG.ljust(5000, b"\1"))
    left, asked = list(found), []

    def look(log: bool) -> tuple[int, frozenset[str]]:
        asked.append(log)
        return left.pop(0)

    if ours:
        check_is_ours(path, look)
    else:
        with pytest.raises(StoreForeignError) as caught:
            check_is_ours(path, look)
        assert caught.value.placeholders["path"] == str(path)
    assert asked == looks


def test_looking_at_a_file_reads_its_beginning_only(path: Path) -> None:
    """A database of some gigabytes would be read into memory at every start."""
    for name in (path, Path(f"{path}-wal")):
        name.write_bytes(header(APPLICATION_ID) if name == path else LOG)
        os.truncate(name, 64 << 20)
    tracemalloc.start()
    try:
        check_is_ours(path, lambda log: (0, NOTHING))
        assert has_log(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


# -- its place -----------------------------------------------------------------------------------------------------


def beside(path: Path) -> Path:
    """The lock that keeps the name."""
    return path.with_name("bach.db.lock")


@pytest.mark.parametrize("which", ["name", "file"])
def test_a_place_that_somebody_has_is_told_and_left_as_it_was(path: Path, which: str) -> None:
    """Two programs would send each message twice; or the first one's lock be deleted by the second."""
    held = FileLock(beside(path) if which == "name" else path)
    assert held.acquire()
    with pytest.raises(StoreInUseError) as caught:
        place.LockedPath([path]).take()
    assert caught.value.placeholders["path"] == str(path)
    assert beside(path).exists() is (which == "name")
    held.release()


def test_the_lock_of_a_place_stays_beside_its_file(path: Path) -> None:
    """The next one would make another, and two at the same time hold one each."""
    path.write_bytes(b"0123456789")
    taken = place.LockedPath([path])
    taken.take()
    assert taken.read(4, 2) == b"2345"
    taken.leave()
    assert beside(path).exists()
    write_log(path, LOG.ljust(5000, b"\1"))
    path.unlink()
    with pytest.raises(StoreIncompleteError):
        place.LockedPath([path]).take()
    assert beside(path).exists(), "it was there before"
    beside(path).unlink()
    with pytest.raises(StoreIncompleteError):
        place.LockedPath([path]).take()
    assert not beside(path).exists()


def test_a_copy_that_takes_the_place_of_a_lost_file_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody would know that the database is not the one of yesterday."""
    saved = path.with_name("saved.db")
    asked: list[object] = []

    def bring_back(names: object) -> Path:
        asked.append(names)
        return saved

    monkeypatch.setattr(place, "bring_back", bring_back)
    taken = place.LockedPath([path])
    with caplog.at_level(logging.WARNING):
        taken.take()
    taken.leave()
    assert asked == [[path]]
    assert caplog.messages == [f"{path} was not there. Its saved copy {saved} is in its place now"]


def test_a_place_that_nobody_has_holds_nothing_to_read(path: Path) -> None:
    """A watcher would compare a file with what was never there."""
    lock = FileLock(path)
    assert lock.read(4, 0) == b""
    path.write_bytes(b"0123456789")
    assert lock.acquire()
    assert lock.read(4, 2) == b"2345"
    lock.release()
    assert lock.read(4, 0) == b""


# -- its layout ----------------------------------------------------------------------------------------------------


def test_queries_and_migrations_are_read_as_they_stand() -> None:
    """A query would run with half of its words, or a migration before the one that it builds on."""
    text = (files("bach_lib.storage") / "queries.sql").read_text("utf-8")
    queries, migrations = schema.named_queries(text), schema._read_migrations()
    assert (queries, migrations) == (schema.load_queries(), schema._MIGRATIONS)
    assert queries["instance"] == "SELECT value FROM meta WHERE key = 'instance';"
    assert all(text.rstrip().endswith(";") and "XX" not in text for text in queries.values())
    assert len(migrations) == LAYOUT
    assert all("CREATE" in text or "ALTER" in text or "UPDATE" in text for text in migrations)


def write(content: str) -> Callable[[Path], None]:
    """Something that copies."""

    def copy(target: Path) -> None:
        target.write_text(content, "utf-8")

    return copy


def test_before_a_new_layout_the_old_one_is_kept_and_none_that_is_older(path: Path) -> None:
    """After a bad update there would be no way back; or the disk be filled by one copy an update."""
    for layout in (1, 4):
        path.with_name(f"bach.db.layout{layout}").write_text("old", "utf-8")
    path.with_name("bach.db.layout3.part").write_text("unfinished", "utf-8")
    copies.keep_copy(path, 3, write("three"))
    assert {file.name for file in path.parent.iterdir()} == {"bach.db.layout3", "bach.db.layout4"}
    assert path.with_name("bach.db.layout3").read_text("utf-8") == "three"


def test_a_copy_that_cannot_be_made_takes_nothing_away(path: Path) -> None:
    """A full disk during an update would cost the last way back."""
    old = path.with_name("bach.db.layout2")
    old.write_text("old", "utf-8")

    def fail(target: Path) -> None:
        assert target.name == "bach.db.layout3.part"
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        copies.keep_copy(path, 3, fail)
    assert [file.name for file in path.parent.iterdir()] == [old.name]


def test_the_way_back_names_the_newest_copy_that_can_be_read(path: Path) -> None:
    """Who has to go back would put a file in place that this BACH cannot read, or an older one than there is."""
    assert copies.way_back(path) == "to stay with this one, restore a backup of before the update"
    names = {}
    for layout in (LAYOUT + 1, 1, LAYOUT - 1, LAYOUT):
        names[layout] = path.with_name(f"bach.db.layout{layout}")
        names[layout].touch()
        if layout > LAYOUT:
            assert "restore a backup" in copies.way_back(path)
        else:
            told = copies.way_back(path)
            assert told == (
                f"to stay with this one, put {names[layout]} in its place: it is of the time before the update"
            )


@pytest.mark.parametrize(("found", "steps"), [(0, 1), (1, LAYOUT - 1), (3, LAYOUT - 3), (LAYOUT, 0)])
def test_a_new_file_gets_its_layout_at_once_and_an_older_one_step_by_step(found: int, steps: int) -> None:
    """A power cut in the first second would leave a file of an old layout, or one in a large step all of it undone."""
    asked: list[str] = []

    def execute(sql: str) -> list[tuple[int]]:
        asked.append(sql)
        return [(found,)] if sql == "PRAGMA user_version" else []

    migrate(execute)
    assert asked.count("BEGIN IMMEDIATE") == asked.count("COMMIT") == steps
    said = [sql for sql in asked if sql.startswith("PRAGMA user_version = ")]
    expected = range(LAYOUT, LAYOUT + 1) if found == 0 else range(found + 1, LAYOUT + 1)
    assert said == [f"PRAGMA user_version = {layout}" for layout in expected]
