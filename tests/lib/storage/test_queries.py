"""The named queries: all are used, and none walks through the history to find the few rows it wants."""

import ast
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import bach_lib
from bach_lib.storage.postgresql.dialect import sharing_queries
from bach_lib.storage.schema import load_queries, migrate

LIBRARY = Path(bach_lib.__file__).parent

BY_PARTIAL_INDEX = {
    "count_unfinished": "messages_unfinished",
    "count_stopped": "messages_stopped",
    "oldest_unfinished": "messages_unfinished",
    "waiting_with_tag": "messages_tagged",
    "outdate": "messages_unfinished",
    "interrupted_messages": "messages_unfinished",
    "strange_messages": "messages_unfinished",
    "count_waiting": "messages_unfinished",
    "waiting_share": "messages_unfinished",
    "move_recipient": "messages_unfinished",
    "requested_message": "messages_requested",
    "list_messages_of": "messages_through",
    "follow_the_wall": "messages_unfinished",
    "unfinished_for": "messages_to",
    "unsent_to": "messages_to",
    "was_written_to": "messages_to",
    "dead_of": "messages_stopped",
    "held_of": "messages_held",
    "unrouted": "inbox_unrouted",
    "list_messages_to": "messages_to",
    "list_unsent": "messages_unsent",
    "newest_unfinished": "messages_unfinished",
    "newest_stopped": "messages_stopped",
    "list_incoming_from": "inbox_from",
    "list_incoming_at": "inbox_at",
    "list_incoming_of": "inbox_through",
    "messages_of": "messages_through",
}
"""Each query and the index that spares it the finished rows."""


def names_in_code() -> set[str]:
    """Every text in the library's code that could be the name of a query."""
    return {
        node.value
        for file in LIBRARY.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def names_asked_for() -> set[str]:
    """The names given to a transaction's methods, where they stand there as they are."""
    return {
        call.args[0].value
        for file in LIBRARY.rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "tx"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def test_every_query_is_used() -> None:
    """SQL that nobody runs would be kept up to date for ever."""
    assert (load_queries() | sharing_queries()).keys() - names_in_code() == set()


def test_every_name_in_the_code_is_a_query() -> None:
    """A misspelt name would fail only when a user comes by."""
    assert names_asked_for() - (load_queries() | sharing_queries()).keys() == set()
    assert len(names_asked_for()) > 10


@pytest.fixture(scope="module")
def layout() -> Iterator[sqlite3.Connection]:
    """An empty database of the present layout."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection.execute)
        yield connection


def plan(layout: sqlite3.Connection, name: str) -> list[str]:
    """How SQLite goes about a query."""
    sql = load_queries()[name]
    values = dict.fromkeys(re.findall(r":(\w+)", sql))
    return [step for *_, step in layout.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize(("name", "index"), BY_PARTIAL_INDEX.items())
def test_what_is_asked_for_is_found_through_its_index(layout: sqlite3.Connection, name: str, index: str) -> None:
    """Every start, every tag and every dashboard would read a year of finished messages."""
    assert any(re.search(rf"USING (COVERING )?INDEX {index}\b", step) for step in plan(layout, name)), plan(
        layout, name
    )


SORTED = {
    "count_waiting": "by priority what is to be sent, once a start",
    "count_held": "what a restored database holds, which is rarely anything",
    "strange_messages": "what is to be sent and cannot be, once a start",
    "list_spellings": "a few hundred, once a start",
    "oldest_incoming": "what may go first of one sender or connection, only when there is too much of it",
    "trim_thrown_away": "the same",
    "trim_early": "a few hundred, and only while a message is under way of which something is told",
    "count_content_bytes": "of the files that wait, for whoever looks",
    "parts_beside": "the ids of one message, when it is taken away",
    "proofs_of": "what is known of one message, for whoever looks at it",
    "copies_of": "what was made of one message, when that is changed or answered",
}
"""Queries that sort what they find, and when. An index for them would make every message that comes cost more."""


def test_only_what_is_rarely_asked_is_sorted(layout: sqlite3.Connection) -> None:
    """A page of twenty messages would cost a home of ten years a sort of all that it ever said."""
    assert {name for name in load_queries() if "TEMP B-TREE" in str(plan(layout, name))} == SORTED.keys()


FROM_AN_INDEX = {
    "count_stopped": "messages_stopped",
    "count_held": "messages_held",
    "count_scheduled": "messages_unfinished",
    "hold_unfinished": "messages_unfinished",
    "count_incoming": "inbox_by_sender",
}
"""What counts or changes all that an index has, and which one; the last has a row for each message that came in."""
KEPT_SHORT = {"count_thrown_away": "thrown_away", "purge_thrown_away": "thrown_away", "free_ended": "files"}
OF_FILES = dict.fromkeys(("content_bytes", "count_content_bytes"), "files")
"""What walks through a table that `trim_thrown_away` keeps short, or the room that files may take."""


def test_no_query_walks_through_a_whole_table(layout: sqlite3.Connection) -> None:
    """The older the house, the slower every step would be."""
    found = dict[str, str]()
    for name in load_queries():
        for step in plan(layout, name):
            if walk := re.match(r"SCAN (messages|inbox|attempts|files|thrown_away)\b(.*INDEX )?(\w*)", step):
                found[name] = walk[3] or walk[1]
    assert found == FROM_AN_INDEX | KEPT_SHORT | OF_FILES


def test_no_condition_of_an_index_holds_a_long_list(layout: sqlite3.Connection) -> None:
    """SQLite builds a table of such a list at every statement that writes a message: twice the work of the write."""
    conditions = [sql.partition("WHERE")[2] for (sql,) in layout.execute("SELECT sql FROM sqlite_master") if sql]
    assert [condition for condition in conditions if re.search(r"IN \([^)]*,[^)]*,", condition)] == []


def test_a_name_is_given_once() -> None:
    """The second query of a name would silently replace the first."""
    text = (LIBRARY / "storage" / "queries.sql").read_text("utf-8")
    names = re.findall(r"^-- (\w+):", text, re.MULTILINE)
    assert sorted(names) == sorted(load_queries())
