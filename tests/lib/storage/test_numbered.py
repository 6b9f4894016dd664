"""Python 3.12 of Ubuntu 24.04 warns of values that are given in turn to numbers; there they are given by number."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from bach_lib.storage import numbered
from bach_lib.storage.numbered import Numbered, statements_of


@pytest.fixture
def sqlite() -> Iterator[sqlite3.Connection]:
    """An empty database."""
    with closing(sqlite3.connect(":memory:")) as sqlite:
        sqlite.execute("CREATE TABLE kept (name, size, note)")
        yield sqlite


def test_each_value_finds_its_number(sqlite: sqlite3.Connection) -> None:
    """A message would be stored with its fields mixed up."""
    statements = Numbered(sqlite)
    statements.execute("INSERT INTO kept VALUES (?2, ?1, ?2)", (1, "one"))
    statements.executemany("INSERT INTO kept VALUES (?1, ?2, ?3)", [("two", 2, "b"), ("three", 3, "c")])
    statements.execute("INSERT INTO kept VALUES (?, ?, ?)", ("four", 4, "d"))
    statements.executemany("INSERT INTO kept VALUES (?, ?, ?)", [("five", 5, "e")])
    statements.execute(
        "INSERT INTO kept SELECT ?12, ?1 + ?11, ?2 WHERE ?3 + ?4 + ?5 + ?6 + ?7 + ?8 + ?9 + ?10", range(12)
    )
    assert list(sqlite.execute("SELECT * FROM kept ORDER BY size")) == [
        ("one", 1, "one"), ("two", 2, "b"), ("three", 3, "c"), ("four", 4, "d"), ("five", 5, "e"),
        (11, 10, 1),
    ]  # fmt: skip


def test_only_a_python_that_warns_pays_for_it(sqlite: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """All others would make a dictionary for each statement; and that one could not be used with `-W error`."""
    monkeypatch.setattr(numbered, "_WARNS", False)
    assert statements_of(sqlite) is sqlite
    monkeypatch.setattr(numbered, "_WARNS", True)
    assert isinstance(statements_of(sqlite), Numbered)
