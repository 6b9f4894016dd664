"""The JSON of messages, in both directions (https://core.telegram.org/bots/api#message)."""

import re
from collections.abc import Mapping
from typing import TypedDict

from bach_lib.testing.telegram.arguments import Upload
from bach_lib.testing.telegram.keyboards import keyboard_json
from bach_lib.testing.telegram.markup import utf16_length
from bach_lib.testing.telegram.models import Bot, Chat, SentMessage
from bach_lib.testing.telegram.places import place_json
from bach_lib.testing.telegram.polls import poll_json


class Person(TypedDict, total=False):
    """Who does something; by default the person of a private chat, elsewhere one with the chat's number."""

    from_id: int | None
    first_name: str
    username: str | None
    language_code: str


TIMED = frozenset({"animation", "audio", "video", "video_note", "voice"})
_SIZE: Mapping[str, object] = {"width": 640, "height": 480}
MEASURES: Mapping[str, Mapping[str, object]] = {
    "animation": _SIZE,
    "photo": _SIZE,
    "sticker": {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"},
    "video": _SIZE,
    "video_note": {"length": 240},
}
"""What the Bot API always says of such a file."""
_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,64}(?:@\w+)?")


def sent_message(message: SentMessage, bot: Bot, chat: Chat) -> dict[str, object]:
    """The Message that a bot gets back for what it sent."""
    body: dict[str, object] = {"message_id": message.message_id}
    if chat.type == "channel":
        body["sender_chat"] = chat.as_json()
    else:
        body["from"] = bot.as_json()
    body |= {"chat": chat.as_json(), "date": message.date}
    body |= _context(chat, message.date, message.thread_id, message.reply_to)
    words, entities = ("text", "entities") if message.file is None else ("caption", "caption_entities")
    if message.file is not None:
        body |= _sent_file(message, message.file)
    body |= _beside(message)
    if message.text:
        body[words] = message.text
    if message.entities:
        body[entities] = [entity.as_json() for entity in message.entities]
    return body | keyboard_json(message.keyboard)


def _beside(message: SentMessage) -> dict[str, object]:
    """What it has beside words and files."""
    body: dict[str, object] = {}
    if message.album is not None:
        body["media_group_id"] = message.album
    if message.location is not None:
        body |= place_json(message.location)
    if message.poll is not None:
        body |= poll_json(message, message.poll)
    if message.effect is not None:
        body["effect_id"] = message.effect
    if message.protected:
        body["has_protected_content"] = True
    if not message.link_preview:
        body["link_preview_options"] = {"is_disabled": True}
    return body


def _sent_file(message: SentMessage, file: Upload) -> dict[str, object]:
    """A file that a bot has sent, as one of its kind; an animation is a document, too."""
    kind = message.kind
    body: dict[str, object] = {"file_id": f"sent-{message.message_id}", "file_unique_id": f"u{message.message_id}"}
    body |= {"file_size": len(file.content), **MEASURES.get(kind, {})}
    if kind == "photo":
        return {kind: [body]}
    body["mime_type"] = file.mime_type
    if kind != "voice":
        body["file_name"] = file.name
    if kind in TIMED:
        body["duration"] = 1
    return {kind: body, **as_document(kind, body)}


def as_document(kind: str, file: Mapping[str, object]) -> dict[str, object]:
    """An animation comes as a document, too: "for backward compatibility, … the document field will also be set"."""
    if kind != "animation":
        return {}
    return {"document": {name: value for name, value in file.items() if name not in _SIZE and name != "duration"}}


def incoming_message(
    chat: Chat,
    content: Mapping[str, object],
    date: int,
    *,
    message_id: int,
    thread_id: int | None = None,
    reply_to: int | None = None,
) -> dict[str, object]:
    """The Message that a bot gets when somebody writes; who wrote it is for the caller to add."""
    body: dict[str, object] = {"message_id": message_id, "chat": chat.as_json(), "date": date}
    return {**body, **_context(chat, date, thread_id, reply_to), **content}


def person_json(chat_id: int, person: Person) -> dict[str, object]:
    """The User of the Bot API."""
    username = person.get("username")
    return {
        "id": person.get("from_id") or abs(chat_id),
        "is_bot": False,
        "first_name": person.get("first_name", "Ada"),
        **({"username": username} if username else {}),
        "language_code": person.get("language_code", "en"),
    }


def text_content(text: str) -> dict[str, object]:
    """A text, and the commands in it."""
    return {"text": text} | ({"entities": commands} if (commands := _commands(text)) else {})


def caption_content(text: str) -> dict[str, object]:
    """The text below a file, and the commands in it."""
    if not text:
        return {}
    return {"caption": text} | ({"caption_entities": commands} if (commands := _commands(text)) else {})


def _context(chat: Chat, date: int, thread_id: int | None, reply_to: int | None) -> dict[str, object]:
    context: dict[str, object] = {}
    if thread_id is not None:
        context |= {"message_thread_id": thread_id, "is_topic_message": True}
    if reply_to is not None:
        context["reply_to_message"] = {"message_id": reply_to, "chat": chat.as_json(), "date": date}
    return context


def _commands(text: str) -> list[dict[str, object]]:
    return [
        {"type": "bot_command", "offset": utf16_length(text[: match.start()]), "length": len(match[0])}
        for match in _COMMAND.finditer(text)
    ]
