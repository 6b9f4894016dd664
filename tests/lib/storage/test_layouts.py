"""A file that an older BACH left, of whatever layout, is one of today once it was opened, with all that was in it."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.storage import Database, schema
from bach_lib.storage.sqlite import ask_new
from bach_lib.testing import FakePlatform, fake_connector

_HINTS_IN_META = range(2, 12)
"""Layouts that have rules, but no column for their hints."""
_STAND: Mapping[str, str] = {
    "0001_initial.sql": "d50e436bac05d665",
    "0002_inbound_and_operations.sql": "31f4b613026bab62",
    "0003_requests_and_legacy.sql": "30f1e3e43e0bf121",
    "0004_thrown_away.sql": "57c1b67c521c1c50",
    "0005_the_file_is_who_it_seems.sql": "44eab64cbac8e066",
    "0006_attempts.sql": "4ffca09831e7616f",
    "0007_waits_and_strangers.sql": "00cb6abe4b95cc7a",
    "0008_ages_and_sizes.sql": "4dd23bef4d9ca1e1",
    "0009_conditions_without_lists.sql": "88057aaa51a8183b",
    "0010_what_words_go_without.sql": "826c8aebbd9cbb51",
    "0011_spellings.sql": "e246bae27d231b84",
    "0012_hints_of_rules.sql": "a25ae9281f3bfc89",
    "0013_places_of_the_inbox.sql": "33e653f785ab0728",
    "0014_amended.sql": "aeaaf7126f1679e3",
    "0015_under_way_to.sql": "fd4065f0e8d1f40c",
    "0016_proofs.sql": "7e4287ade35b99a6",
    "0017_sentences.sql": "1adc09f8270631a3",
    "0018_contents.sql": "479f04c4a3d87dfe",
    "0019_routes.sql": "419e71ccaa3bd3de",
    "0020_keys_of_runs.sql": "730acb33a174aada",
    "0021_bridges.sql": "0b58feb30c3ec152",
    "0022_rest.sql": "9e4897ab69eefc81",
    "0023_confidential.sql": "659fdf2e5f3ff22e",
    "0024_extras.sql": "d072eea14bb10707",
    "0025_files_of_runs.sql": "24532a8e8c9ade73",
    "postgresql/0001_initial.sql": "546b750c86a304d6",
    "postgresql/0002_owners.sql": "f80982d863628ae2",
    "postgresql/0003_loans.sql": "d51469df6e0e5ee5",
    "postgresql/0004_places_of_the_inbox.sql": "c326fc60b5412dd5",
    "postgresql/0005_amended.sql": "7711d0cf3c163ad8",
    "postgresql/0006_under_way_to.sql": "c82545a66242c967",
    "postgresql/0007_proofs.sql": "ea3e202a02e7664e",
    "postgresql/0008_sentences.sql": "1adc09f8270631a3",
    "postgresql/0009_contents.sql": "4bc975d576135d0e",
    "postgresql/0010_routes.sql": "2df647a4b8b3e851",
    "postgresql/0011_keys_of_runs.sql": "97e9bc30dd639702",
    "postgresql/0012_bridges.sql": "651f47f05982ee3d",
    "postgresql/0013_rest.sql": "1f227b2c27c9ad22",
    "postgresql/0014_confidential.sql": "c2bfbf054d0e3a11",
    "postgresql/0015_extras.sql": "e151f73b41f002da",
    "postgresql/0016_files_of_runs.sql": "e2ca569df7c4e9a8",
}
"""The beginnings of their hashes."""


def make(path: Path, layout: int) -> None:
    """A file of this layout with a connection, a message that waits and, where there can be one, a rule with a hint."""
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for script in schema._MIGRATIONS[:layout]:
            old.executescript(script)
        old.execute(f"PRAGMA user_version = {layout}")
        old.execute("PRAGMA journal_mode = WAL")
        old.execute(
            "INSERT INTO connections (name, type, category, is_active, auth_type, auth_config, allowed)"
            " VALUES ('home', 'fake', 'connector', 1, 'none', '{}', '[]')"
        )
        old.execute(
            "INSERT INTO messages"
            " (connection, recipient, status, text, format, silent, priority, delivery, created_at, max_retries)"
            " VALUES ('home', 'ada', 'pending', 'It rains', 'plain', 0, 0, 'at_least_once', 1700000000, 5)"
        )
        if layout in _HINTS_IN_META:
            old.execute("INSERT INTO rules VALUES ('water', NULL, '[\"leak\"]', '[]', 1)")
            old.execute("INSERT INTO rules VALUES ('hint', NULL, '[\"dry\"]', '[]', 0)")
            old.execute("INSERT INTO meta VALUES ('hint:water', 'Turn it; off;\n now'), ('hints', 'other')")


def shape(path: Path) -> set[tuple[str, str]]:
    """All tables and indexes."""
    with closing(sqlite3.connect(path)) as sqlite:
        return {(str(name), str(sql)) for name, sql in sqlite.execute("SELECT name, sql FROM sqlite_master")}


@pytest.mark.parametrize("layout", range(1, schema.LAYOUT))
async def test_a_file_of_every_layout_becomes_one_of_today(tmp_path: Path, layout: int) -> None:
    """Whoever skipped some releases would stand before a database that cannot be opened, or miss what waited in it."""
    make(path := tmp_path / "bach.db", layout)
    platform = FakePlatform()
    async with Bach(path, connectors={"fake": fake_connector(platform)}) as bach:
        message = await bach.wait(1, timeout=60)
        [row] = bach.registry.list()
        hints = {rule.name: rule.hint for rule in bach.rules.list()}
        await bach.registry.add(Connection(name="new", type="webhook", endpoint="http://127.0.0.1:9/", is_active=False))
    fresh = Database(tmp_path / "fresh.db")
    await fresh.open()
    await fresh.close()
    assert shape(path) == shape(tmp_path / "fresh.db")
    assert row.name == "home"
    assert (message.status, platform.texts) == (Status.SENT, ["It rains"])
    if layout in _HINTS_IN_META:
        assert hints == {"water": "Turn it; off;\n now", "hint": None}
        with closing(sqlite3.connect(path)) as sqlite:
            assert sqlite.execute("SELECT key FROM meta WHERE key LIKE 'hint%'").fetchall() == [("hints",)]


def test_a_migration_stands_as_it_was_published() -> None:
    """Files that it has been run on would differ from those that it will be run on, and nobody could tell which."""
    folder = files("bach_lib.storage") / "migrations"
    found = {
        f"{place}{file.name}": sha256(file.read_bytes()).hexdigest()[:16]
        for place, below in {"": folder, "postgresql/": folder / "postgresql"}.items()
        for file in below.iterdir()
        if file.name.endswith(".sql")
    }
    assert found == _STAND


# -- one transaction ---------------------------------------------------------------------------------------------------


def at_layout(layout: int) -> sqlite3.Connection:
    """A database of this layout; 0: of none yet."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    for script in schema._MIGRATIONS[:layout]:
        database.executescript(script)
    database.execute(f"PRAGMA user_version = {layout}")
    return database


def migrated_up_to(database: sqlite3.Connection, statement: int) -> bool:
    """Migrate, and let the process end before so many statements are done; whether that came to pass."""
    left = statement

    def execute(sql: str) -> sqlite3.Cursor:
        nonlocal left
        left -= 1
        if left < 0:
            raise InterruptedError
        return database.execute(sql)

    try:
        schema.bring_up_to_date(execute, ask_new)
    except InterruptedError:
        database.rollback()  # as whoever opens the file next finds it
        return True
    return False


def found_in(database: sqlite3.Connection) -> tuple[int, tuple[object, ...]]:
    """The layout that a database says it has, and the tables and indexes that it has."""
    rows = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name")
    return schema.layout_of(database.execute), tuple(rows)


@pytest.mark.parametrize("begins", [0, 1, schema.LAYOUT - 1])
def test_each_layout_is_whole_or_the_one_before(begins: int) -> None:
    """A power cut during an update, or in the first second of all, would leave what no BACH can read."""
    whole = set[tuple[int, tuple[object, ...]]]()
    for layout in range(begins, schema.LAYOUT + 1):
        with closing(at_layout(layout)) as database:
            whole.add(found_in(database))
    statement, is_cut, seen = 0, True, set[int]()
    while is_cut:
        with closing(at_layout(begins)) as database:
            is_cut = migrated_up_to(database, statement)
            found = found_in(database)
        assert found in whole, statement
        seen.add(found[0])
        statement += 1
    assert seen == ({0, schema.LAYOUT} if begins == 0 else set(range(begins, schema.LAYOUT + 1)))


def test_a_new_file_is_what_the_migrations_make() -> None:
    """A new home would have another database than an old one, which only an update finds out."""

    def made(database: sqlite3.Connection) -> object:
        rows = {
            name: [dict(row) for row in database.execute(f'SELECT * FROM "{name}"')]
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        }
        [instance] = rows["meta"]
        assert len(instance.pop("value")) == 8
        [(application,)] = database.execute("PRAGMA application_id")
        return found_in(database), rows, application

    found = list[object]()
    for start in (0, schema.LAYOUT):
        with closing(at_layout(start)) as database:
            database.row_factory = sqlite3.Row
            schema.bring_up_to_date(database.execute, ask_new)
            found.append(made(database))
    assert found[0] == found[1]


_UPDATED_BESIDE = """
import asyncio, shutil, sys
from pathlib import Path
from bach_lib import Bach, Connection
from bach_lib.storage import schema

folder = Path(schema.__file__).parent
migrations = sorted(folder.glob("migrations/*.sql"))
(folder / "migrations/9999_tomorrow.sql").write_text("CREATE TABLE tomorrow (a) STRICT;")
for file in (*migrations[:3], folder / "queries.sql"):
    file.unlink()
migrations[-1].write_text("CREATE TABLE half (a) STRI")

async def main():
    for name in sys.argv[1:]:
        async with Bach(name) as bach:
            new = Connection(name="new", type="webhook", endpoint="http://127.0.0.1:9/", is_active=False)
            await bach.registry.add(new)

asyncio.run(main())
"""


def test_a_running_bach_opens_with_its_own_layout_whatever_lies_beside_it(tmp_path: Path) -> None:
    """A restart in the middle of an update would bring the file to a layout that the running code misreads."""
    copied, new, older = tmp_path / "bach_lib", tmp_path / "new.db", tmp_path / "older.db"
    shutil.copytree(str(files("bach_lib")), copied, ignore=shutil.ignore_patterns("static"))
    make(older, 5)
    done = subprocess.run(
        [sys.executable, "-c", _UPDATED_BESIDE, str(new), str(older)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    with closing(at_layout(schema.LAYOUT)) as today:
        for name in (new, older):
            with closing(sqlite3.connect(name)) as database:
                assert found_in(database) == found_in(today)
