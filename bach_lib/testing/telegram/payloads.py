"""The JSON of messages, in both directions (https://core.telegram.org/bots/api#message)."""

import re
from collections.abc import Mapping
from typing import TypedDict

from bach_lib.testing.telegram.keyboards import keyboard_json
from bach_lib.testing.telegram.markup import utf16_length
from bach_lib.testing.telegram.models import Bot, Chat, SentMessage


class Person(TypedDict, total=False):
    """Who does something; by default the person of a private chat, elsewhere one with the chat's number."""

    from_id: int | None
    first_name: str
    username: str | None
    language_code: str


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
        file = {"file_id": f"sent-{message.message_id}", "file_unique_id": f"u{message.message_id}"}
        file |= {"file_name": message.file.name, "mime_type": message.file.mime_type}
        body[message.kind] = [file] if message.kind == "photo" else file
    if message.text:
        body[words] = message.text
    if message.entities:
        body[entities] = [entity.as_json() for entity in message.entities]
    return body | keyboard_json(message.keyboard)


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
