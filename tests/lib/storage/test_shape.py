"""A file whose tables, indexes or triggers somebody has changed is refused before anything is written, and says why."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bach_lib import Bach
from bach_lib.errors import StoreAlteredError, StoreDamagedError
from bach_lib.storage import Database, schema
from tests.lib.storage.test_layouts import make
from tests.lib.storage.work import add


def rewritten(old: str, new: str) -> str:
    """Another text for the definition of the messages, as tools write it that cannot alter a table otherwise."""
    update = f"UPDATE sqlite_master SET sql = replace(sql, '{old}', '{new}') WHERE name = 'messages'"
    return f"PRAGMA writable_schema = ON; {update}"


ALTERED = (
    ("ALTER TABLE messages DROP COLUMN progress", 'TABLE "messages" was changed'),
    ("ALTER TABLE inbox ADD COLUMN mood TEXT NOT NULL", 'TABLE "inbox" was changed'),
    ("DROP TABLE attempts", 'TABLE "attempts" is missing'),
    ("DROP INDEX messages_to", 'INDEX "messages_to" is missing'),
    ("DROP INDEX inbox_from; CREATE INDEX inbox_from ON inbox (id)", 'INDEX "inbox_from" was changed'),
    ("CREATE TRIGGER tidy AFTER INSERT ON messages BEGIN DELETE FROM messages; END", 'TRIGGER "tidy" was added'),
    ("CREATE UNIQUE INDEX once ON messages (recipient)", 'INDEX "once" was added'),
    ("CREATE INDEX computed ON messages (json_extract(text, '$.a'))", 'INDEX "computed" was added'),
    ("CREATE TABLE notes (of_id INTEGER REFERENCES messages (id))", 'TABLE "notes" was added'),
    (rewritten("text TEXT", "text INTEGER"), 'TABLE "messages" was changed'),
    (rewritten("''send''", "''SEND''"), 'TABLE "messages" was changed'),
)
HARMLESS = (
    "CREATE INDEX mine ON messages (created_at, recipient)",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, words TEXT)",
    "CREATE VIEW waiting AS SELECT * FROM messages",
    "CREATE TABLE log (words); CREATE TRIGGER clean AFTER INSERT ON log BEGIN DELETE FROM log; END",
    "ANALYZE",
    rewritten(" TEXT", "  -- why not\n text"),
    rewritten("TABLE messages", 'TABLE "messages"'),
)


def alter(path: Path, statements: str) -> None:
    """What another program or a hand does to the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
        foreign.executescript(statements)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file with what is in it."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


async def opened(path: Path) -> None:
    """Open and close it."""
    store = Database(path)
    await store.open()
    await store.close()


@pytest.mark.parametrize(("statements", "difference"), ALTERED, ids=[one for _, one in ALTERED])
async def test_an_altered_file_is_refused_and_left_as_it_was(tmp_path: Path, statements: str, difference: str) -> None:
    """It would fail in the middle of a delivery, or lose rows, and whoever changed it would not know why."""
    await opened(path := tmp_path / "bach.db")
    alter(path, statements)
    before = contents(tmp_path)
    with pytest.raises(StoreAlteredError) as caught:
        await opened(path)
    assert isinstance(caught.value, StoreDamagedError)
    assert caught.value.difference == difference
    assert contents(tmp_path) == before


@pytest.mark.parametrize("statements", HARMLESS)
async def test_what_an_administrator_added_beside_ours_is_harmless(path: Path, statements: str) -> None:
    """Whoever has an index for a report of their own would lose their messenger by the next update."""
    await opened(path)
    alter(path, statements)
    store = Database(path)
    await store.open()
    await store.submit(add("ada"))
    await store.close()


@pytest.mark.parametrize("layout", range(1, schema.LAYOUT))
async def test_an_altered_file_of_an_older_layout_is_refused_before_it_is_migrated(tmp_path: Path, layout: int) -> None:
    """Half of its migrations would be done, and the way back to the older BACH gone."""
    make(path := tmp_path / "bach.db", layout)
    alter(path, "ALTER TABLE meta ADD COLUMN more TEXT")
    before = contents(tmp_path)
    with pytest.raises(StoreAlteredError):
        await opened(path)
    assert contents(tmp_path) == before


async def test_what_was_altered_in_the_log_is_seen(path: Path) -> None:
    """After a crash the newest of the schema is in the log alone."""
    await opened(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
        foreign.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, True)
        foreign.execute("DROP INDEX messages_to")
    file, log = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    with pytest.raises(StoreAlteredError):
        await opened(path)
    assert (path.read_bytes(), Path(f"{path}-wal").read_bytes()) == (file, log)


async def test_a_program_hears_what_is_wrong(path: Path) -> None:
    """People would read that the file is no database, and restore what only lacks an index."""
    await opened(path)
    alter(path, "DROP INDEX messages_to")
    with pytest.raises(StoreAlteredError, match=r'INDEX "messages_to" is missing\. It was left as it is'):
        await Bach(path).open()
