"""Every update that Telegram knows, whole and broken: receiving goes on, and what is understood is fit to be stored."""

import json
from copy import deepcopy
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telegram import Update
from telegram.constants import MessageType

from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.telegram import TelegramConnector, codec
from bach_lib.models.incoming import Kind
from bach_lib.testing.faults import Effect
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.lib.connectors.telegram.conftest import CHAT

GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Our home", "is_forum": True}
CHANNEL = {"id": -1009876543210, "type": "channel", "title": "News"}
ADA = {"id": 42, "is_bot": False, "first_name": "Ada", "username": "ada_l", "language_code": "en"}
BOT = {"id": 123456789, "is_bot": True, "first_name": "Home", "username": "home_bot"}
PRIVATE = {"id": CHAT, "type": "private", "first_name": "Ada"}
OPTION = {"text": "Yes", "voter_count": 0, "persistent_id": "o1"}
POLL: dict[str, object] = {"id": "7", "question": "Open?", "options": [OPTION], "total_voter_count": 0}
POLL |= {"is_closed": False, "is_anonymous": True, "allows_multiple_answers": False, "type": "regular"}
POLL |= {"allows_revoting": True, "members_only": False}
PHOTO = [{"file_id": "s", "file_unique_id": "us", "width": 9, "height": 9, "file_size": 10}]
PLACE = {"country_code": "GB", "state": "", "city": "London", "post_code": "SW1"}
ADDRESS = PLACE | {"street_line1": "12 St James's Square", "street_line2": ""}
STARS = {"currency": "XTR", "total_amount": 5, "invoice_payload": "x"}
BOOST = {"boost_id": "1", "add_date": 5, "expiration_date": 9, "source": {"source": "premium", "user": ADA}}


def message(**content: object) -> dict[str, object]:
    """A message in a topic, with everything that may be around it."""
    return {
        "message_id": 9,
        "message_thread_id": 7,
        "is_topic_message": True,
        "from": ADA,
        "chat": GROUP,
        "date": 1_700_000_000,
        "reply_to_message": {"message_id": 8, "chat": GROUP, "date": 1_699_999_999, "from": BOT, "text": "Open?"},
        **content,
    }


TEXT = message(text="/open@home_bot door", entities=[{"type": "bot_command", "offset": 0, "length": 14}])
MEMBER = {
    "chat": GROUP,
    "from": ADA,
    "date": 1_700_000_000,
    "old_chat_member": {"status": "left", "user": BOT},
    "new_chat_member": {"status": "member", "user": BOT},
}
SAMPLES: dict[str, dict[str, object]] = {
    "message": TEXT,
    "edited_message": TEXT | {"edit_date": 1_700_000_005},
    "channel_post": {
        "message_id": 3,
        "sender_chat": CHANNEL,
        "chat": CHANNEL,
        "date": 5,
        "photo": PHOTO,
        "caption": "x",
    },
    "edited_channel_post": {"message_id": 3, "chat": CHANNEL, "date": 5, "edit_date": 6, "text": "x"},
    "business_connection": {"id": "b", "user": ADA, "user_chat_id": 42, "date": 5, "is_enabled": True},
    "business_message": TEXT | {"business_connection_id": "b"},
    "edited_business_message": TEXT | {"business_connection_id": "b", "edit_date": 6},
    "deleted_business_messages": {"business_connection_id": "b", "chat": PRIVATE, "message_ids": [1, 2]},
    "guest_message": TEXT | {"guest_query_id": "g"},
    "managed_bot": {"user": ADA, "bot": BOT},
    "message_reaction": {
        "chat": GROUP,
        "message_id": 8,
        "user": ADA,
        "date": 1_700_000_000,
        "old_reaction": [],
        "new_reaction": [{"type": "emoji", "emoji": "👍"}, {"type": "custom_emoji", "custom_emoji_id": "54"}],
    },
    "message_reaction_count": {"chat": CHANNEL, "message_id": 8, "date": 5, "reactions": []},
    "inline_query": {"id": "1", "from": ADA, "query": "x", "offset": ""},
    "chosen_inline_result": {"result_id": "1", "from": ADA, "query": "x"},
    "callback_query": {
        "id": "77",
        "from": ADA,
        "message": message(**{"from": BOT, "text": "Open?"}),
        "chat_instance": "5",
        "data": "0a1b2c3d-ff.yes",
    },
    "shipping_query": {"id": "1", "from": ADA, "invoice_payload": "x", "shipping_address": ADDRESS},
    "pre_checkout_query": {"id": "1", "from": ADA, **STARS},
    "purchased_paid_media": {"from": ADA, "paid_media_payload": "x"},
    "poll": POLL,
    "poll_answer": {"poll_id": "7", "user": ADA, "option_ids": [0], "option_persistent_ids": ["o1"]},
    "my_chat_member": MEMBER,
    "chat_member": MEMBER | {"new_chat_member": {"status": "kicked", "user": ADA, "until_date": 0}},
    "chat_join_request": {"chat": GROUP, "from": ADA, "user_chat_id": 42, "date": 5},
    "chat_boost": {"chat": CHANNEL, "boost": BOOST},
    "removed_chat_boost": {"chat": CHANNEL, "boost_id": "1", "remove_date": 5, "source": BOOST["source"]},
}
"""https://core.telegram.org/bots/api#update"""

UNDERSTOOD = {
    "message": Kind.COMMAND,
    "edited_message": Kind.EDITED,
    "channel_post": Kind.MEDIA,
    "edited_channel_post": Kind.EDITED,
    "callback_query": Kind.BUTTON,
    "message_reaction": Kind.REACTION,
    "poll_answer": Kind.VOTE,
    "my_chat_member": Kind.MEMBERSHIP,
    "chat_member": Kind.MEMBERSHIP,
}
MEANT = {
    "text": Kind.TEXT,
    "location": Kind.LOCATION,
    "venue": Kind.LOCATION,
    "new_chat_members": Kind.MEMBERSHIP,
    "left_chat_member": Kind.MEMBERSHIP,
    **dict.fromkeys(("animation", "audio", "document", "photo", "sticker", "video", "video_note", "voice"), Kind.MEDIA),
}


def test_no_kind_is_forgotten() -> None:
    """A kind that a newer library knows would be tried by nobody."""
    assert SAMPLES.keys() >= set(Update.ALL_TYPES)
    assert set(codec.KINDS_OF_UPDATE) == UNDERSTOOD.keys()


async def test_every_update_passes(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """The first poll that somebody answers, or the first star that somebody pays, would end receiving."""
    assert isinstance(await connector.receive(None), Batch)  # asks for what comes only to those who ask
    bot.updates.allow(SAMPLES.keys())  # what came before still comes, whatever is asked for now
    for kind, sample in SAMPLES.items():
        server.push_update(bot, {kind: sample})
    server.says("still here?", bot=bot, chat_id=CHAT)

    answer = await connector.receive(None)
    assert isinstance(answer, Batch)
    assert answer.unreadable == ()
    assert [message.kind for message in answer.messages] == [
        *(UNDERSTOOD[kind] for kind in SAMPLES if kind in UNDERSTOOD),
        Kind.TEXT,
    ]
    assert answer.messages[-1].text == "still here?"
    assert answer.cursor == str(len(SAMPLES) + 2)


async def test_what_we_read_is_what_we_ask_for(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """Reactions and members come only to those who ask for them."""
    assert isinstance(await connector.receive(None), Batch)
    for kind, sample in SAMPLES.items():
        server.push_update(bot, {kind: sample})
    answer = await connector.receive(None)
    assert isinstance(answer, Batch)
    assert len(answer.messages) == len(UNDERSTOOD)


CONTENTS: list[object] = [{}, [{}], "x", 7, True, None, {"file_id": "f", "latitude": 1.0, "longitude": 2.0}]


@pytest.mark.parametrize("name", sorted({str(kind.value) for kind in MessageType} | {"something_new"}))
def test_a_message_of_every_kind(name: str) -> None:
    """A gift, a game or a video call in the group would stop the house from listening."""
    for content in CONTENTS:
        found = codec.incoming({"update_id": 5, "message": message(**{name: content})}, "home_bot")
        assert isinstance(found, Incoming)
        assert found.kind is MEANT.get(name, Kind.OTHER)
        assert (found.recipient, found.sender_id) == ("-1001234567890/7", "42")


# -- broken ones -----------------------------------------------------------------------------------------------------

_NO_TEXTS: list[object] = [None, True, 0, -1, 2**70, 1.5, float("nan"), [], [[]], [7], {}, {"id": {}}]
JUNK = st.sampled_from([*_NO_TEXTS, "", "x" * 20_000, "\ud83d", "\u202e/open"])


def places(value: object, depth: int = 0) -> list[tuple[dict[str, object] | list[object], str | int]]:
    """Everything in an update that could be broken: where it is, and its name there."""
    found: list[tuple[dict[str, object] | list[object], str | int]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        found.append((cast("dict[str, object] | list[object]", value), name))
        found += places(inner, depth + 1)
    return found


@st.composite
def broken_updates(draw: st.DrawFn) -> dict[str, object]:
    """A real update in which up to three things are missing or nonsense."""
    kind = draw(st.sampled_from(sorted(SAMPLES)))
    update: dict[str, object] = {"update_id": 5, kind: deepcopy(SAMPLES[kind])}
    for _ in range(draw(st.integers(1, 3))):
        possible = places(update)
        if not possible:
            break
        where, name = draw(st.sampled_from(possible))
        if draw(st.booleans()) and isinstance(where, dict):
            where.pop(cast("str", name), None)
        else:
            where[name] = deepcopy(draw(JUNK))  # type: ignore[index] # a name of a dict or a place of a list, as it was found
    return update


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(broken_updates())
def test_a_broken_update_is_read_or_set_aside(update: dict[str, object]) -> None:
    """One message that a newer Telegram sends would stop receiving for ever, or poison what comes after it."""
    found = codec.incoming(update, "home_bot")
    assert found is None or isinstance(found, Incoming | Unreadable)
    if isinstance(found, Unreadable):
        assert found.reason
        assert len(found.raw) <= 65_536
    if isinstance(found, Incoming):
        check(found)


def check(message: Incoming) -> None:
    """What a message must be for the disk, for automations, and for an answer."""
    if message.kind is not Kind.VOTE:  # of which Telegram does not say where
        assert TelegramConnector.normalize_recipient(message.recipient) == message.recipient
    assert len(message.remote_id) <= 200
    assert len(message.text) <= 16_384
    for short in (message.sender_id, message.sender_name, message.recipient_title, message.content.value or ""):
        assert len(short) <= 128
    assert message.sent_at is None or type(message.sent_at) is int
    assert (message.kind is Kind.COMMAND) == (message.content.command is not None)
    assert (message.kind is Kind.BUTTON) == (message.handle is not None)
    if message.kind is Kind.BUTTON:
        assert message.sender_id not in {"", str(BOT["id"]), str(GROUP["id"])}  # it is a person who presses
    json.dumps([dict(message.metadata), message.content.reactions])


@pytest.mark.broken_answers("half a character")
async def test_what_strict_json_does_not_take(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """Half a character would make every poll unreadable that brings it, and it would be brought for ever."""
    good = json.dumps({"update_id": 7, "message": {"message_id": 2, "chat": PRIVATE, "from": ADA, "text": "hello"}})
    half = json.dumps({"update_id": 6, "message": {"message_id": 1, "chat": PRIVATE, "from": ADA, "text": "\ud83d"}})
    body = f'{{"ok": true, "result": [{half}, {good}]}}'.encode()
    server.fail(Fault(name="half", effect=Effect.ANSWER, body=body), methods=["getUpdates"])
    answer = await connector.receive(None)
    assert isinstance(answer, Batch), answer
    assert [message.text for message in answer.messages] == ["\ud83d", "hello"]
    assert answer.cursor == "8"


@pytest.mark.parametrize("depth", [10, 900])
def test_a_deep_update(depth: int) -> None:
    """A thing in a thing in a thing would overflow the stack."""
    deep: object = {}
    for _ in range(depth):
        deep = {"reply_to_message": deep}
    assert isinstance(codec.incoming({"update_id": 5, "message": {"chat": deep}}, "home_bot"), Unreadable)
    assert isinstance(codec.incoming({"update_id": 5, "message": message(text="x", quote=deep)}, "home_bot"), Incoming)
