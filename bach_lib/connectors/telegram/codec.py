"""Updates of the Bot API as BACH's incoming messages, and the names by which messages can be answered.

Nothing here raises, whatever the platform sends: an update that makes no sense is skipped, and the cursor moves past
it. Shapes: https://core.telegram.org/bots/api#update and #message.
"""

import re
from collections.abc import Mapping

from bach_lib.connectors.base import Batch, Incoming
from bach_lib.connectors.telegram.recipients import GENERAL_TOPIC, Target
from bach_lib.incoming import Kind
from bach_lib.models import Fault

BATCH = 100
"""Updates a poll brings at most, by the platform's rule."""

_MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post")
KINDS_OF_UPDATE = [*_MESSAGES, "my_chat_member"]

_CONTENTS = (
    "text",
    "animation",  # before document, which comes with it
    "audio",
    "document",
    "photo",
    "sticker",
    "video",
    "video_note",
    "voice",
    "contact",
    "dice",
    "poll",
    "venue",  # before location, which comes with it
    "location",
    "story",
    "new_chat_members",
    "left_chat_member",
    "pinned_message",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "forum_topic_created",
)
"""Fields that say what a message is, the telling one first."""

_KINDS = {
    "text": Kind.TEXT,
    "location": Kind.LOCATION,
    "venue": Kind.LOCATION,
    **dict.fromkeys(("animation", "audio", "document", "photo", "sticker", "video", "video_note", "voice"), Kind.MEDIA),
}

_MESSAGE_NUMBER = re.compile(r"[0-9]{1,15}")
_MAX_TEXT = 16_384
_MAX_NAME = 128
_MAX_TOPIC = 1 << 31
_MAX_NUMBER = 1 << 53
"""Ids have at most 52 bits; what is above is no id and would not survive JSON elsewhere."""


def batch(updates: object, cursor: str | None) -> Batch | Fault:
    """The result of `getUpdates` as messages and the next cursor, which is one above the highest update id."""
    if not isinstance(updates, list):
        return Fault(code="bad_answer", text="The answer to getUpdates is no list.")
    if not updates:
        return Batch(messages=(), cursor=cursor)
    numbers = [number for update in updates if (number := _update_id(update)) is not None]
    if not numbers:
        return Fault(code="bad_answer", text="The answer to getUpdates has no update ids.")
    messages = tuple(message for update in updates if (message := incoming(update)) is not None)
    return Batch(messages=messages, cursor=str(max(numbers) + 1), is_complete=len(updates) < BATCH)


def incoming(update: object) -> Incoming | None:
    """The message in an update; None if there is none, or none that can be understood."""
    update_id = _update_id(update)
    if update_id is None or not isinstance(update, dict):
        return None
    for field in _MESSAGES:
        if message := _part(update, field):
            return _message(message, edit=update_id if field.startswith("edited") else None)
    return _membership(_part(update, "my_chat_member"), update_id)


def reply(remote_id: str, chat: str) -> dict[str, object] | None:
    """What makes a message an answer to `remote_id`: a message's number in `chat`, or the remote id of an incoming one.

    None for a message of another chat, whose number means something else here, and for what names no message. Neither
    that nor a message deleted meanwhile (`allow_sending_without_reply`) may keep an alarm from arriving.
    """
    origin, _, number = remote_id.partition("#")[0].rpartition(":")
    if origin not in {"", chat} or not _MESSAGE_NUMBER.fullmatch(number):
        return None
    return {"message_id": int(number), "allow_sending_without_reply": True}


def _update_id(update: object) -> int | None:
    return _number(update, "update_id") if isinstance(update, dict) else None


def _message(message: Mapping[str, object], edit: int | None) -> Incoming | None:
    """Each chat numbers its messages, so the remote id names the chat; each edit is news, so it names that too."""
    chat, number = _part(message, "chat"), _number(message, "message_id")
    chat_id = _number(chat, "id")
    if not chat_id or number is None:
        return None
    content = next((name for name in _CONTENTS if name in message), "other")
    sender = _sender(message, chat)
    return Incoming(
        remote_id=f"{chat_id}:{number}" + (f"#{edit}" if edit is not None else ""),
        recipient=str(Target(chat=str(chat_id), topic=_topic(message))),
        recipient_title=_name(chat),
        sender_id=_id(sender),
        sender_name=_name(sender),
        kind=_KINDS.get(content, Kind.OTHER) if edit is None else Kind.EDITED,
        text=(_text(message, "text") or _text(message, "caption"))[:_MAX_TEXT],
        sent_at=_number(message, "date" if edit is None else "edit_date"),
        metadata=_metadata(message, chat, sender) | ({} if edit is None else {"content": content}),
    )


def _membership(change: Mapping[str, object], update_id: int) -> Incoming | None:
    """The bot was added to a chat, removed or blocked: the text is what it is there now ("member", "kicked" …)."""
    chat = _part(change, "chat")
    chat_id = _number(chat, "id")
    if not chat_id:
        return None
    sender = _sender(change, chat)
    return Incoming(
        remote_id=f"{chat_id}#{update_id}",
        recipient=str(chat_id),
        recipient_title=_name(chat),
        sender_id=_id(sender),
        sender_name=_name(sender),
        kind=Kind.MEMBERSHIP,
        text=_text(_part(change, "new_chat_member"), "status")[:_MAX_NAME],
        sent_at=_number(change, "date"),
        metadata=_metadata(change, chat, sender),
    )


def _metadata(
    message: Mapping[str, object], chat: Mapping[str, object], sender: Mapping[str, object]
) -> dict[str, object]:
    found: dict[str, object] = {
        "chat_type": _text(chat, "type")[:_MAX_NAME],
        "message_id": _number(message, "message_id"),
        "reply_to": _number(_part(message, "reply_to_message"), "message_id"),
        "username": _text(sender, "username")[:_MAX_NAME],
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _sender(message: Mapping[str, object], chat: Mapping[str, object]) -> Mapping[str, object]:
    """Who is behind a message.

    Where a chat speaks (a channel, an anonymous administrator), `from` is an account of Telegram's own that many share,
    and must not be taken for a person.
    """
    return _part(message, "sender_chat") or _part(message, "from") or chat


def _topic(message: Mapping[str, object]) -> int | None:
    """The topic to answer in. Outside of forums, the field only says which message began a chain of replies."""
    topic = _number(message, "message_thread_id") if message.get("is_topic_message") is True else None
    return topic if topic and GENERAL_TOPIC < topic < _MAX_TOPIC else None


def _name(entity: Mapping[str, object]) -> str:
    """A chat's title or a person's name, in one line."""
    person = f"{_text(entity, 'first_name')} {_text(entity, 'last_name')}"
    name = " ".join((_text(entity, "title") or person).split())
    return (name or _text(entity, "username") or _id(entity))[:_MAX_NAME]


def _id(entity: Mapping[str, object]) -> str:
    number = _number(entity, "id")
    return "" if number is None else str(number)


def _part(value: Mapping[str, object], field: str) -> Mapping[str, object]:
    part = value.get(field)
    return part if isinstance(part, dict) else {}


def _text(value: Mapping[str, object], field: str) -> str:
    text = value.get(field)
    return text if isinstance(text, str) else ""


def _number(value: Mapping[str, object], field: str) -> int | None:
    number = value.get(field)
    return number if type(number) is int and abs(number) < _MAX_NUMBER else None
