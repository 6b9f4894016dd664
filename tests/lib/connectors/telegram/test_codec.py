"""Reading updates, whatever they hold."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bach_lib.connectors.base import Batch, Incoming
from bach_lib.connectors.telegram import TelegramConnector, codec
from bach_lib.incoming import Kind
from bach_lib.models import Fault

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)

NAMES = [*codec.KINDS_OF_UPDATE, "update_id", "message_id", "chat", "id", "from", "sender_chat", "text", "caption"]
NAMES += ["date", "edit_date", "is_topic_message", "message_thread_id", "title", "first_name", "username", "photo"]
NAMES += ["reply_to_message", "new_chat_member", "status"]

NEARLY_UPDATES = st.recursive(
    JSON | st.integers(-(10**6), 10**6),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=8),
    max_leaves=30,
)
"""Objects with the right names and the wrong values are what a real mistake looks like."""

CHAT = {"id": -1001234567890, "type": "supergroup", "title": "  Our\nhome "}
ADA = {"id": 42, "is_bot": False, "first_name": "Ada", "last_name": "Lovelace", "username": "ada_l"}


def read(**message: object) -> Incoming:
    """The incoming message that a Telegram message becomes."""
    incoming = codec.incoming({"update_id": 5, "message": {"message_id": 9, "chat": CHAT, "from": ADA, **message}})
    assert incoming is not None
    return incoming


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of ours
@given(st.lists(JSON | NEARLY_UPDATES, max_size=5) | JSON)
def test_nothing_raises(updates: object) -> None:
    """A poison update would stop receiving for ever."""
    answer = codec.batch(updates, "1")
    for message in answer.messages if isinstance(answer, Batch) else ():
        assert TelegramConnector.normalize_recipient(message.recipient) == message.recipient
        assert message.remote_id
        assert len(message.text) <= 16_384


def test_a_whole_message() -> None:
    """Rules and automations would lack who wrote where."""
    message = read(text="Hello", date=1_700_000_000, reply_to_message={"message_id": 8})
    assert message == Incoming(
        remote_id="-1001234567890:9",
        recipient="-1001234567890",
        recipient_title="Our home",
        sender_id="42",
        sender_name="Ada Lovelace",
        kind=Kind.TEXT,
        text="Hello",
        sent_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC).timestamp(),
        metadata={"chat_type": "supergroup", "message_id": 9, "reply_to": 8, "username": "ada_l"},
    )


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ({"photo": [{}], "caption": "look"}, Kind.MEDIA, "look"),
        ({"voice": {}}, Kind.MEDIA, ""),
        ({"animation": {}, "document": {}}, Kind.MEDIA, ""),
        ({"venue": {}, "location": {}}, Kind.LOCATION, ""),
        ({"sticker": {}}, Kind.MEDIA, ""),
        ({"new_chat_members": []}, Kind.OTHER, ""),
        ({"something_new": {}}, Kind.OTHER, ""),
    ],
)
def test_kinds(content: dict[str, object], kind: Kind, text: str) -> None:
    """A voice message could not be told from a photo, and a new kind would vanish."""
    message = read(**content)
    assert (message.kind, message.text) == (kind, text)


def test_an_edit_is_news_of_its_own() -> None:
    """An edit would run a command again as if it were new, or be dropped as a duplicate."""
    message = {"message_id": 9, "chat": CHAT, "from": ADA, "text": "better", "date": 5, "edit_date": 7}
    edits = [codec.incoming({"update_id": number, "edited_message": message}) for number in (6, 7)]
    assert [edit and edit.remote_id for edit in edits] == ["-1001234567890:9#6", "-1001234567890:9#7"]
    assert edits[0] is not None
    assert (edits[0].kind, edits[0].sent_at, edits[0].metadata["content"]) == (Kind.EDITED, 7, "text")


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ({"message_thread_id": 7, "is_topic_message": True}, "-1001234567890/7"),
        ({"message_thread_id": 7}, "-1001234567890"),  # a chain of replies, no topic
        ({"message_thread_id": 1, "is_topic_message": True}, "-1001234567890"),  # "General" cannot be written to
    ],
)
def test_where_to_answer(fields: dict[str, object], recipient: str) -> None:
    """Answers in forums would be refused, or land in another topic."""
    assert read(text="x", **fields).recipient == recipient


@pytest.mark.parametrize(
    ("sender", "sender_id"),
    [
        ({"from": ADA}, "42"),
        ({"from": {"id": 1087968824, "first_name": "Group"}, "sender_chat": CHAT}, "-1001234567890"),
        ({"from": None}, "-1001234567890"),
    ],
)
def test_who_wrote(sender: dict[str, object], sender_id: str) -> None:
    """All anonymous administrators of the world would be one allowed sender."""
    assert read(text="x", **sender).sender_id == sender_id


def test_a_flood_of_text_is_cut() -> None:
    """A stranger could fill the disk."""
    message = read(text="x" * 100_000, chat={**CHAT, "title": "y" * 1000})
    assert (len(message.text), len(message.recipient_title)) == (16_384, 128)


@pytest.mark.parametrize("number", [0, True, 2**53, -(10**30), 4.5, "42", None])
def test_what_is_no_chat(number: object) -> None:
    """A mad id would go to the disk, to automations, and back to the platform as a recipient."""
    message = {"message_id": 9, "from": ADA, "chat": {"id": number}, "text": "x"}
    assert codec.incoming({"update_id": 5, "message": message}) is None
    assert codec.incoming({"update_id": 5, "my_chat_member": message}) is None


@pytest.mark.parametrize(
    ("updates", "cursor"),
    [
        ([{"update_id": 7}, {"update_id": 9, "message": {}}, "junk"], "10"),
        ([{"update_id": 9}, {"update_id": 7}], "10"),
        ([], "3"),
    ],
)
def test_the_cursor(updates: object, cursor: str) -> None:
    """Messages would be skipped, or come again and again."""
    answer = codec.batch(updates, "3")
    assert isinstance(answer, Batch)
    assert answer.cursor == cursor


@pytest.mark.parametrize("updates", [{}, None, "x", [{"message": {}}], [[]]])
def test_no_updates_at_all(updates: object) -> None:
    """A broken server would be called healthy, and nobody would learn why nothing comes in."""
    answer = codec.batch(updates, "3")
    assert isinstance(answer, Fault)
    assert answer.code == "bad_answer"
