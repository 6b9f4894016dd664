"""Rows of the inbox: everything comes back, damage costs no more than itself, and a plain text takes little room."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bach_lib.inbound.rows import incoming_values, read_row, size_of
from bach_lib.models.incoming import Content, InboxStatus, IncomingMessage, Kind, Location, Media
from bach_lib.storage import Row, Value
from tests.lib.inbound.make import incoming

FULL = Content(
    command="open",
    args="the door",
    value="yes",
    reactions=("👍", "🔥"),
    media=Media(type="voice", reference="f1", name="ä.ogg", size=3, mime_type="audio/ogg", duration=1.5),
    location=Location(latitude=52.5, longitude=13.4),
)
GIVEN: Mapping[str, Value] = {
    "id": 7,
    "connection": "home",
    "message_id": 12,
    "status": "read",
    "routed_at": 1003.0,
    "received_at": 1002.0,
    "age": 2.0,
}


def row_of(**damage: Value) -> Row:
    """A row with a value in every column."""
    message = incoming(
        remote_id="42:1",
        recipient="-100/7",
        sender_id="43",
        sender_name="Ada",
        kind=Kind.COMMAND,
        text="Grüße",
        content=FULL,
        reply_to="41",
        sent_at=1000.0,
        metadata={"chat_type": "group", "more": [1, None]},
    )
    return {**GIVEN, **incoming_values(message), **damage}


READ = IncomingMessage(
    id=7,
    connection="home",
    remote_id="42:1",
    recipient="-100/7",
    sender_id="43",
    sender_name="Ada",
    kind=Kind.COMMAND,
    text="Grüße",
    content=FULL,
    reply_to="41",
    message_id=12,
    status=InboxStatus.READ,
    sent_at=1000.0,
    received_at=1002.0,
    age=2.0,
    routed_at=1003.0,
    metadata={"chat_type": "group", "more": [1, None]},
)


def test_every_column_comes_back() -> None:
    """Something of what people sent would be there until it is looked up."""
    assert read_row(row_of()) == READ


def test_what_is_not_there_comes_back_as_nothing() -> None:
    """A message would seem to answer another one, or to have been announced already."""
    nothing: dict[str, Value] = dict.fromkeys(("message_id", "routed_at", "age", "sent_at", "reply_to"))
    found = read_row(row_of(**nothing, content="{}", metadata="{}"))
    assert (found.message_id, found.routed_at, found.age, found.sent_at, found.reply_to) == (None,) * 5
    assert (found.content, found.metadata) == (Content(), {})


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        ({"content": "{"}, "JSONDecodeError"),
        ({"content": '{"color": 1}'}, "TypeError"),
        ({"kind": "tfxt"}, "ValueError"),
        ({"metadata": "5"}, "TypeError"),
        ({"message_id": "x"}, "ValueError"),
        ({"age": "x"}, "ValueError"),
    ],
)
def test_of_a_damaged_row_the_rest_is_there(damage: dict[str, Value], error: str) -> None:
    """One bit that flipped would cost the words, whom they are from, or when they came."""
    assert read_row(row_of(**damage)) == IncomingMessage(
        id=7,
        connection="home",
        remote_id="42:1",
        recipient="-100/7",
        sender_id="43",
        sender_name="Ada",
        kind=Kind.OTHER,
        text="Grüße",
        status=InboxStatus.READ,
        sent_at=1000.0,
        received_at=1002.0,
        routed_at=1003.0,
        metadata={"unreadable": f"This row of the database is damaged ({error})."},
    )


@pytest.mark.parametrize(
    ("damage", "field", "expected"),
    [
        ({"status": "rfad"}, "status", InboxStatus.UNREAD),
        ({"sent_at": "x"}, "sent_at", None),
        ({"sent_at": "x", "received_at": "x"}, "received_at", 0.0),
        ({"sent_at": "x", "received_at": 1002}, "received_at", 1002.0),
        ({"routed_at": "x"}, "routed_at", None),
        ({"received_at": None}, "received_at", 0.0),
    ],
)
def test_a_column_nobody_can_read_says_nothing(damage: dict[str, Value], field: str, expected: object) -> None:
    """The whole inbox could not be shown, or a message would have a time that nobody wrote down."""
    assert getattr(read_row(row_of(**damage)), field) == expected


def test_a_plain_text_is_stored_plainly() -> None:
    """Every message would take three times its room on the disk, most of it to say what it does not hold."""
    values = incoming_values(incoming(text="Grüße", metadata={"name": "ä"}))
    assert (values["content"], values["metadata"]) == ("{}", '{"name": "ä"}')
    assert incoming_values(incoming(content=Content(command="öffne")))["content"] == '{"command": "öffne"}'


def test_metadata_may_be_any_mapping() -> None:
    """A connector that protects its dictionaries would have its messages set aside."""
    nested = MappingProxyType({"one": MappingProxyType({"two": 2})})
    assert incoming_values(incoming(metadata={"nested": nested}))["metadata"] == '{"nested": {"one": {"two": 2}}}'


@example(text="half \ud83d")
@example(text="")
@given(text=st.text(st.characters(exclude_categories=()), max_size=50))
def test_every_text_can_be_written_and_counted(text: str) -> None:
    """Half of a character would keep back everything behind it, an empty value be none, or the disk fill unseen."""
    message = incoming(
        remote_id=f"1{text}",
        recipient=text,
        sender_id=text,
        sender_name=text,
        text=text,
        reply_to=text,
        content=Content(value=text, command=text),
        metadata={"any": text},
    )
    values = incoming_values(message)
    written = "".join(value for value in values.values() if isinstance(value, str)).encode()
    assert size_of(values) == len(written) + 200
    readable = text.encode(errors="replace").decode()
    found = read_row({**GIVEN, **values})
    assert (found.text, found.recipient, found.reply_to) == (readable,) * 3
    assert found.content == Content(value=readable, command=readable)
    assert found.metadata == {"any": readable}
