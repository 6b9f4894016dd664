"""Both engines understand every query alike, and have the same tables."""

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing

import psycopg
import pytest

from bach_lib.storage import ServerDatabase
from bach_lib.storage.positions import by_position
from bach_lib.storage.postgresql.dialect import numbered, queries, sharing_queries
from bach_lib.storage.schema import load_queries, migrate

_ONLY_THERE = {"commits", "loans", "processes", "owners"}
"""What became of a commit that broke off, and who shares the database; a file has none of it."""


@pytest.fixture
def layout() -> Iterator[sqlite3.Connection]:
    """A file of the present layout."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection.execute)
        yield connection


@pytest.fixture
async def server(database_address: str) -> AsyncIterator[psycopg.Connection]:
    """A connection to a server with the present layout."""
    store = ServerDatabase(database_address)
    await store.open()
    await store.close()
    with psycopg.connect(database_address, autocommit=True) as connection:
        connection.execute("SET search_path TO bach")
        yield connection


def test_each_name_is_a_query_of_both(server: psycopg.Connection) -> None:
    """What one engine can do would fail on the other, when somebody comes by."""
    assert queries().keys() - sharing_queries().keys() == load_queries().keys()


def test_each_query_takes_and_brings_the_same(layout: sqlite3.Connection, server: psycopg.Connection) -> None:
    """A value would be given where another belongs, or a column be missing, on one of the two only."""
    here, there = load_queries(), queries()
    for name, query in here.items():
        sql, _ = by_position(there[name])
        if "pragma" not in query.lower():
            assert set(re.findall(r"\?(\d+)", by_position(query)[0])) == set(re.findall(r"\?(\d+)", sql)), name
        described = server.pgconn.prepare(b"", numbered(sql))
        assert described.error_message == b"", (name, described.error_message)
        columns = server.pgconn.describe_prepared(b"")
        found = [(columns.fname(place) or b"").decode() for place in range(columns.nfields)]
        values = dict.fromkeys(re.findall(r":([a-z]\w*)", query), 0)
        begins = next(line for line in query.splitlines() if not line.startswith("--"))
        if begins.startswith("SELECT"):
            expected = [column for column, *_ in layout.execute(query, values).description]
            assert sorted(found) == sorted(expected) or expected == ["1"], name
        assert bool(found) == ("RETURNING *" in query or begins.startswith(("SELECT", "PRAGMA"))), name


def test_the_tables_are_the_same(layout: sqlite3.Connection, server: psycopg.Connection) -> None:
    """A column that one migration adds would be missing in the other engine."""
    rows = server.execute(
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
        " WHERE table_schema = 'bach' GROUP BY table_name"
    )
    found: Mapping[str, set[str]] = {str(table): set(columns) for table, columns in rows}
    tables = [name for (name,) in layout.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    expected = {
        table: {column for (_, column, *_) in layout.execute(f"PRAGMA table_info({table})")}
        for table in tables
        if not table.startswith("sqlite_")
    }
    assert {table: columns for table, columns in found.items() if table not in _ONLY_THERE} == expected


def test_its_indexes_are_the_same(layout: sqlite3.Connection, server: psycopg.Connection) -> None:
    """Each start would read a year of finished messages on one of the two."""
    there = {str(name) for (name,) in server.execute("SELECT indexname FROM pg_indexes WHERE schemaname = 'bach'")}
    here = {str(name) for (name,) in layout.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {name for name in here if not name.startswith("sqlite_")} <= there


_SORTED = {
    "oldest_incoming": "only when there is too much, as in a file",
    "newest_waiting": "a page of each connection",
    "noted_messages": "those of a notice, and a page",
    "proofs_of": "of one message, of whom there are at most a thousand",
}
"""What sorts what it finds, and why."""


def test_its_listings_are_found_through_an_index(server: psycopg.Connection) -> None:
    """A page of twenty messages would cost a server of ten years a walk through all that was ever said, and a sort."""
    listings = [
        name for name, sql in queries().items() if "ORDER BY" in sql and "LIMIT" in sql and sql.startswith("SELECT")
    ]
    assert len(listings) > 15
    server.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")  # if there is a way
    server.execute("SET plan_cache_mode = force_generic_plan")
    walks = dict[str, list[str]]()
    for name in listings:
        sql, _ = by_position(queries()[name])
        values = ["NULL"] * len(set(re.findall(r"\?(\d+)", sql)))
        assert server.pgconn.prepare(b"listing", numbered(sql)).error_message == b"", name
        steps = server.execute(f"EXPLAIN EXECUTE listing({', '.join(values)})".encode()).fetchall()
        server.execute("DEALLOCATE listing")
        walks[name] = [step for (step,) in steps if re.search(r"Seq Scan on (messages|inbox|attempts)|Sort\b", step)]
    assert {name for name, steps in walks.items() if steps} == _SORTED.keys(), walks


_ROW = (
    "INSERT INTO messages (connection, recipient, status, text, format, silent, priority, delivery, created_at,"
    " max_retries) SELECT 'ada', 'bob', 'sent', '', 'plain', 0, 0, 'at_least_once', 0, 5 FROM generate_series(1, 2000)"
)


def test_messages_that_are_asked_for_by_their_ids_are_found_by_them(server: psycopg.Connection) -> None:
    """Where the server has counted while nothing waited, each claim in an outage would read all that waits by then."""
    server.execute(_ROW)
    server.execute("ANALYZE messages")
    by_id = re.compile(
        r"\b(FROM messages|UPDATE messages)\b[^;]*\bWHERE id (= \?|= ANY \()[^;]*\b(status|held)\b", re.DOTALL
    )
    asked = {name: by_position(sql)[0] for name, sql in queries().items() if by_id.search(by_position(sql)[0])}
    assert len(asked) >= 10
    server.execute("SET plan_cache_mode = force_generic_plan")
    found = dict[str, set[str]]()
    for name, sql in asked.items():
        values = ["NULL"] * len(set(re.findall(r"\?(\d+)", sql)))
        assert server.pgconn.prepare(b"by_id", numbered(sql)).error_message == b"", name
        steps = server.execute(f"EXPLAIN EXECUTE by_id({', '.join(values)})".encode()).fetchall()
        server.execute("DEALLOCATE by_id")
        found[name] = {index for (step,) in steps for index in re.findall(r"messages_\w+", step)}
    assert {name: names for name, names in found.items() if names != {"messages_pkey"}} == {}
