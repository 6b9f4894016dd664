"""What a request may do in a transaction: ask by the names of queries, add rows together, and count at the end."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import override

import pytest

from bach_lib.storage.numbered import statements_of
from bach_lib.storage.positions import by_position
from bach_lib.storage.together import Together
from bach_lib.storage.transaction import Transaction, Value

QUERIES = {
    "add": "INSERT INTO people (name, age)\nVALUES (:name, :age);",
    "add_pet": "INSERT INTO pets (name) VALUES (:name);",
    "people": "SELECT name, age FROM people ORDER BY name;",
    "named": "SELECT name, age FROM people WHERE name = :name ORDER BY age;",
    "rename": "UPDATE people SET name = :name WHERE age = :age;",
    "grow": "UPDATE people SET age = age + :years;",
    "count_delivered": "INSERT INTO counts VALUES (:name, :successes, :errors, :now);",
    "counts": "SELECT * FROM counts ORDER BY name;",
}


class Counted(sqlite3.Connection):
    """A connection that keeps what it was asked."""

    asked: list[tuple[str, int]]

    @override
    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        """Run one statement."""
        self.asked.append((sql.split(maxsplit=1)[0], sql.count("(?")))
        return super().execute(sql, parameters)  # type: ignore[arg-type] # whatever sqlite3 takes


@pytest.fixture
def connection() -> Iterator[Counted]:
    """Two tables whose ids never come twice."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Counted)) as connection:
        connection.asked = []
        connection.row_factory = sqlite3.Row
        connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, age INTEGER)")
        connection.execute("CREATE TABLE pets (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)")
        connection.execute("CREATE TABLE counts (name TEXT, successes INTEGER, errors INTEGER, now REAL)")
        connection.asked.clear()
        yield connection


@pytest.fixture
def tx(connection: Counted) -> Transaction:
    """A transaction that several requests share."""
    transaction = Transaction(statements_of(connection), QUERIES)
    transaction.begin(is_shared=True)
    return transaction


def people(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """All of them, with their ids."""
    return [tuple(row) for row in connection.execute("SELECT id, name, age FROM people ORDER BY id")]


def test_what_is_asked_comes_back_by_name_and_in_order(connection: Counted, tx: Transaction) -> None:
    """A status would be that of another message, or what is not there an error."""
    assert tx.rows("people") == []
    assert tx.row("named", name="ada") is None
    assert tx.first("named", name="ada") is None
    for values in (["bob", 7], ["ada", 36], ["ada", 40]):
        connection.execute("INSERT INTO people (name, age) VALUES (?, ?)", values)
    assert [row["name"] for row in tx.rows("people")] == ["ada", "ada", "bob"]
    row = tx.row("named", name="ada")
    assert row is not None
    assert row["age"] == 36
    assert tx.first("named", name="ada") == ("ada", 36)
    assert tx.run("grow", years=2) == 3
    assert tx.first("named", name="bob") == ("bob", 9)


@pytest.mark.parametrize(
    ("count", "statements"), [(1, [1]), (3, [1, 1, 1]), (4, [4]), (16, [16]), (37, [16, 16, 4, 1])]
)
def test_rows_that_follow_each_other_are_written_together(
    connection: Counted, tx: Transaction, count: int, statements: list[int]
) -> None:
    """A receipt would name somebody else's message, or each of a hundred cost a statement."""
    for number in range(1, count + 1):
        assert tx.insert("add", [f"name {number}", number]) == number
    assert connection.asked == [("SELECT", 0)]
    tx.end()
    assert connection.asked[1:] == [("INSERT", size) for size in statements]
    assert people(connection) == [(number, f"name {number}", number) for number in range(1, count + 1)]
    tx.end()
    assert len(people(connection)) == count, "nothing is written twice"


def test_ids_go_on_where_they_were_and_none_comes_twice(connection: Counted, tx: Transaction) -> None:
    """A message would have the id of one that was removed, and its replies go there."""
    connection.execute("INSERT INTO people (id, name) VALUES (41, 'gone')")
    connection.execute("DELETE FROM people")
    assert tx.insert("add", ["ada", 1]) == 42
    tx.end()
    tx.begin(is_shared=True)
    connection.execute("INSERT INTO people (name) VALUES ('between')")
    assert tx.insert("add", ["bob", 2]) == 44
    tx.end()
    assert [row[:2] for row in people(connection)] == [(42, "ada"), (43, "between"), (44, "bob")]


def test_whatever_is_asked_finds_what_was_added_before(connection: Counted, tx: Transaction) -> None:
    """A message would not be found by the very request that added it, or be written after what was said of it."""
    tx.insert("add", ["ada", 1])
    assert tx.run("grow", years=1) == 1
    tx.insert("add", ["bob", 5])
    assert [row["age"] for row in tx.rows("people")] == [2, 5]
    assert tx.insert("add", ["cid", 7]) == 3
    assert tx.insert("add_pet", ["rex"]) == 1
    assert [row[1] for row in people(connection)] == ["ada", "bob", "cid"], "what comes first is written first"
    assert tx.insert("add", ["dan", 8]) == 4
    assert connection.execute("SELECT count(*) FROM pets").fetchone()[0] == 1
    tx.end()
    assert len(people(connection)) == 4


def test_who_is_alone_writes_at_once(connection: Counted, tx: Transaction) -> None:
    """One message would cost the look at the last id as well."""
    tx.begin(is_shared=False)
    assert tx.insert("add", ["ada", 1]) == 1
    assert people(connection) == [(1, "ada", 1)]
    assert [word for word, _ in connection.asked] == ["INSERT", "SELECT"]
    assert tx.insert("add", ["bob", 2]) == 2
    tx.end()
    assert people(connection) == [(1, "ada", 1), (2, "bob", 2)]
    fresh = Transaction(statements_of(connection), QUERIES)
    assert fresh.insert("add", ["cid", 3]) == 3
    assert len(people(connection)) == 3


def test_what_was_taken_back_is_forgotten(connection: Counted, tx: Transaction) -> None:
    """The next request would write what belonged to one that failed, and count what never happened."""
    tx.insert("add", ["ada", 1])
    tx.tally("home", delivered=True, now=1.0)
    tx.begin(is_shared=True)
    assert tx.insert("add", ["bob", 2]) == 1
    tx.end()
    assert people(connection) == [(1, "bob", 2)]
    assert tx.rows("counts") == []
    tx.begin(is_shared=True)
    tx.end()
    assert len(people(connection)) == 1


def test_what_cannot_be_written_is_not_tried_again(connection: Counted, tx: Transaction) -> None:
    """Two messages with one key would make every later transaction fail."""
    tx.insert("add_pet", ["rex"])
    tx.insert("add_pet", ["rex"])
    with pytest.raises(sqlite3.IntegrityError):
        tx.rows("people")
    tx.begin(is_shared=True)
    connection.execute("DELETE FROM pets")
    assert tx.insert("add_pet", ["tom"]) == 2
    tx.end()
    assert [row[0] for row in connection.execute("SELECT name FROM pets")] == ["tom"]


def test_successes_and_errors_are_written_once_at_the_end(connection: Counted, tx: Transaction) -> None:
    """A hundred messages of one connection would write a hundred times into its row."""
    for delivered, now in ((True, 1.0), (False, 2.0), (True, 3.0)):
        tx.tally("home", delivered=delivered, now=now)
    tx.tally("work", delivered=False, now=4.0)
    assert connection.asked == []
    tx.insert("add", ["ada", 1])
    tx.end()
    counts = [tuple(dict(row).values()) for row in tx.rows("counts")]
    assert counts == [("home", 2, 1, 3.0), ("work", 0, 1, 4.0)]
    assert len(people(connection)) == 1


def test_another_form_of_query_is_a_mistake_of_ours(connection: Counted) -> None:
    """Rows would be written in a wrong order of columns, without a word."""
    with pytest.raises(ValueError, match="SELECT 1"):
        Together(connection.execute, "SELECT 1")


def test_a_value_that_a_query_names_twice_is_given_once(connection: Counted) -> None:
    """Values would move by one place, and a message have the text of its title."""
    named = "SELECT :b AS b, ':' || :a AS a, :b || :long_name_2 AS both, '12:30' AS hour;"
    sql, in_order = by_position(named)
    assert ":" not in sql.replace("':'", "").replace("12:30", "")
    values: dict[str, Value] = {"a": "1", "b": "2", "long_name_2": "3", "not asked for": 4}
    [found] = statements_of(connection).execute(sql, in_order(values)).fetchall()
    assert [found[name] for name in ("b", "a", "both", "hour")] == ["2", ":1", "23", "12:30"]
    assert by_position("SELECT 1")[1](values) == ()
    assert by_position("SELECT :a")[1](values) == ("1",)
    with pytest.raises(KeyError):
        in_order({"a": "1"})


def test_a_query_is_run_with_many_values(tx: Transaction, connection: Counted) -> None:
    """What the first of a hundred messages was settled as would be written for all."""
    tx.insert("add", ["ada", 1])
    assert tx.run_all("rename", [{"age": 1, "name": "eve"}, {"age": 2, "name": "nobody"}]) == 1
    assert tx.run_all("rename", []) == 0
    assert people(connection) == [(1, "eve", 1)]


def test_a_statement_that_has_no_name_finds_what_was_added_before(connection: Counted, tx: Transaction) -> None:
    """Who moves a database to a server would leave behind what was put in the same transaction."""
    tx.insert("add", ("ada", 36))
    assert [tuple(row) for row in tx.ask("SELECT name FROM people WHERE age = :age", age=36)] == [("ada",)]
    tx.insert("add", ("bob", 9))
    assert tx.change("UPDATE people SET age = ?1 WHERE name = ?2", [(37, "ada"), (10, "bob"), (1, "cyd")]) == 2
    assert people(connection) == [(1, "ada", 37), (2, "bob", 10)]


def test_what_can_wait_for_the_next_statement_is_handed_on_with_its_values(connection: Counted) -> None:
    """A server would be asked once more for each message of a hundred, or change what was not added yet."""
    waits: list[tuple[str, Sequence[Value]]] = []
    tx = Transaction(statements_of(connection), QUERIES, later=lambda sql, values: waits.append((sql, values)))
    tx.begin(is_shared=True)
    tx.insert("add", ("ada", 36))
    tx.run_later("rename", [])
    assert people(connection) == [], "there is nothing to run"
    tx.run_later("rename", [{"name": "eve", "age": 36}, {"age": 9, "name": "bob"}])
    sql = "UPDATE people SET name = ?1 WHERE age = ?2;"
    assert [(one, [*values]) for one, values in waits] == [(sql, ["eve", 36]), (sql, ["bob", 9])]
    assert people(connection) == [(1, "ada", 36)], "what was added before is there before it is changed"
    at_once = Transaction(statements_of(connection), QUERIES)
    at_once.begin(is_shared=True)
    at_once.run_later("rename", [{"name": "eve", "age": 36}])
    assert people(connection) == [(1, "eve", 36)]
