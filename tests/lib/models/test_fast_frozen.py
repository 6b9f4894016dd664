"""Objects made the quick way are the objects that the slow way makes, or none."""

import copy
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import FrozenInstanceError, dataclass, fields, replace

import pytest

from bach_lib.models import Fault, Message, Status
from bach_lib.models.fast_frozen import changer, maker
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.rows import CLAIMED, UnreadableRowError, draft_values, message_from_row, plain_message
from bach_lib.storage.schema import load_queries, migrate
from tests.lib.outbound.make import draft

MESSAGE = Message(id=7, nonce="n", connection="home", recipient="ada", text="words", error=Fault(code="a", text="b"))
QUERIES = load_queries()
NOW = 1_800_000_000.0
VALUES = (None, 0, 1, -3, 2.5, "", "odd", "html", "sent", "edit", "[[[]]]", b"\xff\x00")


@pytest.fixture
def sqlite() -> Iterator[sqlite3.Connection]:
    """A database with one message in it, number 1."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        migrate(connection.execute)
        connection.execute(QUERIES["put_message"], draft_values(draft(), Status.SENDING, NOW))
        yield connection


def test_a_made_object_is_what_the_class_itself_makes() -> None:
    """Somebody's comparison, set or copy of messages would tell two apart that are the same."""
    make = maker(Message)
    made = make(id=7, nonce="n", connection="home", recipient="ada", text="words", error=Fault(code="a", text="b"))
    assert made == MESSAGE
    assert type(made) is Message
    assert hash(made) == hash(MESSAGE)
    assert repr(made) == repr(MESSAGE)
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == replace(made) == MESSAGE


def test_a_made_object_is_frozen() -> None:
    """A subscriber could change the message that the next one is told of."""
    made = maker(Settlement)(id=1, status=Status.SENT)
    with pytest.raises(FrozenInstanceError):
        made.id = 2  # type: ignore[misc] # that is the point


def test_a_changed_object_has_the_new_values_and_all_the_others() -> None:
    """A sent message would lose its text, or keep the state from before."""
    changed = changer(Message, "status", "id", "error")(MESSAGE, Status.DEAD, 9, None)
    assert changed == replace(MESSAGE, status=Status.DEAD, id=9, error=None)
    assert MESSAGE.id == 7


def test_a_class_that_checks_its_values_is_not_made_without_that() -> None:
    """A rule that an object was made under would hold for some of its kind only."""

    @dataclass(frozen=True, slots=True)
    class Checked:
        number: int

        def __post_init__(self) -> None:
            raise ValueError

    with pytest.raises(TypeError):
        maker(Checked)


@pytest.mark.parametrize(("query", "asked"), [("claimed_message", {"id": 1}), ("claimable_messages", {"ids": "[1]"})])
def test_a_claimed_message_is_read_in_the_order_of_its_fields(
    sqlite: sqlite3.Connection, query: str, asked: dict[str, int | str]
) -> None:
    """The title would be sent as the text."""
    columns = [one[0] for one in sqlite.execute(QUERIES[query], asked).description]
    assert columns == [*CLAIMED]
    assert columns == [one.name for one in fields(Message) if one.name in columns]


def claimed(sqlite: sqlite3.Connection) -> Message | None:
    """The first message, read the quick way as it is claimed; None if it has to be read the slow way."""
    row = sqlite.execute(QUERIES["claimed_message"], {"id": 1}).fetchone()
    return plain_message(tuple(row), "0123abcd", NOW) if row else None


def test_what_was_written_by_us_is_read_at_once(sqlite: sqlite3.Connection) -> None:
    """Every message would be read twice; or as another one, where it says all that most messages say."""
    said = {
        "title": "title",
        "silent": True,
        "reply_to": "5",
        "priority": 2,
        "tag": "tag",
        "context": "c",
        "target": "9",
    }
    whole = {**draft_values(draft(), Status.SENDING, NOW), **said, "expires_at": 2.5}
    sqlite.execute("DELETE FROM messages")
    sqlite.execute(QUERIES["put_message"], whole)
    sqlite.execute("UPDATE messages SET id = 1")
    row = sqlite.execute(QUERIES["get_message"], {"id": 1}).fetchone()
    assert claimed(sqlite) == message_from_row(row, "0123abcd")


@pytest.mark.parametrize(
    "column",
    [
        *(
            one.name
            for one in fields(Message)
            if one.name not in {"id", "nonce", "error", "status", "attempted_at", "parts"}
        ),
        *("error_code", "error_text", "error_said"),
    ],  # but what claiming itself writes, and what no row has
)
def test_whatever_stands_in_a_row_both_ways_of_reading_it_agree(sqlite: sqlite3.Connection, column: str) -> None:
    """A damaged row would be sent as something that nobody wrote."""
    for value in VALUES:
        for code in (None, "busy"):
            try:
                sqlite.execute("UPDATE messages SET error_code = ?", (code,))
                sqlite.execute(f"UPDATE messages SET {column} = ?", (value,))
            except sqlite3.IntegrityError:
                continue
            row = sqlite.execute(QUERIES["get_message"], {"id": 1}).fetchone()
            found = claimed(sqlite)
            try:
                read = message_from_row(row, "0123abcd")
            except UnreadableRowError:
                assert found is None
            else:
                assert found in (None, read)
