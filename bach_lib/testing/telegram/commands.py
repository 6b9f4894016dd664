"""What people do, told from another process: the `POST /control/…` calls that stand for the methods of `People`.

All take `chat_id`, `bot` (its username; by default the first) and, for the person, `from_id`, `first_name`, `username`.

| call | what else it takes |
|---|---|
| `texts` | text, thread_id, reply_to |
| `media` | type, content (base64), size, caption, file_name, mime_type, duration, thread_id, reply_to |
| `locations` | latitude, longitude, live_period, thread_id, reply_to |
| `messages` | content (an object: any fields of a Message), thread_id, reply_to |
| `edits` | message_id, text; for a location latitude and longitude |
| `presses` | message_id, button (its place, text, data or value) |
| `reactions` | message_id, emoji (a list; by default none) |
| `members` | status, and member_id if it is not the bot itself |
| `migrations` | new_chat_id |
| `updates` | update (an object: any Update at all) |
"""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bach_lib.testing.telegram.arguments import Arguments
from bach_lib.testing.telegram.models import Bot
from bach_lib.testing.telegram.payloads import Person
from bach_lib.testing.telegram.people import PersonInChat
from bach_lib.testing.telegram.server import TelegramServer


@dataclass(frozen=True, slots=True)
class Command:
    """One control call."""

    server: TelegramServer
    options: Arguments

    @property
    def bot(self) -> Bot:
        """Whom it is about. Raises ValueError."""
        username = self.options.text("bot")
        for bot in self.server.bots.values():
            if username in {"", bot.username}:
                return bot
        raise ValueError("no such bot")

    @property
    def chat_id(self) -> int:
        """Where."""
        return self.options.integer("chat_id")

    @property
    def message_id(self) -> int:
        """Which message there."""
        return self.options.integer("message_id")

    def person(self) -> Person:
        """Who does it."""
        return {
            "from_id": self.options.integer("from_id") or None,
            "first_name": self.options.text("first_name") or "Ada",
            "username": self.options.text("username") or None,
        }

    def place(self) -> PersonInChat:
        """Who writes, and where in the chat."""
        return {
            **self.person(),
            "thread_id": self.options.integer("thread_id") or None,
            "reply_to": self.options.integer("reply_to") or None,
        }

    def part(self, name: str) -> dict[str, object]:
        """An object among the options. Raises ValueError."""
        value = self.options.nested(name)
        if not isinstance(value, dict):
            raise ValueError(f"{name} must be an object")
        return value


async def _text(command: Command) -> object:
    return command.server.says(
        command.options.text("text"), bot=command.bot, chat_id=command.chat_id, **command.place()
    )


async def _media(command: Command) -> object:
    options = command.options
    return command.server.receive_media(
        command.bot,
        chat_id=command.chat_id,
        type=options.text("type"),
        content=b64decode(options.text("content"), validate=True),
        size=options.integer("size") or None,
        caption=options.text("caption"),
        file_name=options.text("file_name") or None,
        mime_type=options.text("mime_type") or None,
        duration=options.integer("duration", 1),
        **command.place(),
    )


async def _location(command: Command) -> object:
    options = command.options
    return command.server.receive_location(
        command.bot,
        chat_id=command.chat_id,
        latitude=options.seconds("latitude", 0.0),
        longitude=options.seconds("longitude", 0.0),
        live_period=options.integer("live_period") or None,
        **command.place(),
    )


async def _message(command: Command) -> object:
    content = command.part("content")
    return command.server.receive(command.bot, chat_id=command.chat_id, content=content, **command.place())


async def _edit(command: Command) -> object:
    options = command.options
    if options.text("latitude"):
        return command.server.move(
            command.bot,
            chat_id=command.chat_id,
            message_id=command.message_id,
            latitude=options.seconds("latitude", 0.0),
            longitude=options.seconds("longitude", 0.0),
        )
    return command.server.edit(
        command.bot, chat_id=command.chat_id, message_id=command.message_id, text=options.text("text")
    )


async def _press(command: Command) -> object:
    message = command.server.chats[command.chat_id].messages.get(command.message_id)
    if message is None:
        raise ValueError("no such message of a bot")
    button = command.options.values.get("button")
    person = command.person()
    return command.server.presses(
        message,
        button if isinstance(button, int) else command.options.text("button"),
        bot=command.bot,
        from_id=person["from_id"],
        first_name=person["first_name"],
    )


async def _react(command: Command) -> object:
    emoji = command.options.nested("emoji")
    person = command.person()
    command.server.react(
        command.bot,
        *([str(one) for one in emoji] if isinstance(emoji, list) else []),
        chat_id=command.chat_id,
        message_id=command.message_id,
        from_id=person["from_id"],
        first_name=person["first_name"],
    )
    return True


async def _member(command: Command) -> object:
    status, person = command.options.text("status"), command.person()
    if member := command.options.integer("member_id"):
        command.server.change_member(command.bot, chat_id=command.chat_id, member_id=member, status=status, **person)
    else:
        command.server.change_bot(command.bot, chat_id=command.chat_id, status=status, **person)
    return True


async def _migrate(command: Command) -> object:
    new = command.options.integer("new_chat_id")
    return command.server.migrate(command.bot, chat_id=command.chat_id, new_chat_id=new).as_json()


async def _update(command: Command) -> object:
    return command.server.push_update(command.bot, command.part("update"))


PEOPLE: Mapping[str, Callable[[Command], Awaitable[object]]] = {
    "texts": _text,
    "media": _media,
    "locations": _location,
    "messages": _message,
    "edits": _edit,
    "presses": _press,
    "reactions": _react,
    "members": _member,
    "migrations": _migrate,
    "updates": _update,
}


async def _edited(command: Command) -> object:
    return command.server.edited


async def _deleted(command: Command) -> object:
    return command.server.deleted


async def _reactions(command: Command) -> object:
    return command.server.reactions


async def _actions(command: Command) -> object:
    return command.server.actions


async def _answers(command: Command) -> object:
    return command.server.callback_answers


async def _unanswered(command: Command) -> object:
    return command.server.unanswered


DONE: Mapping[str, Callable[[Command], Awaitable[object]]] = {
    "edited": _edited,
    "deleted": _deleted,
    "reactions": _reactions,
    "actions": _actions,
    "answers": _answers,
    "unanswered": _unanswered,
}
"""What bots did to messages and presses, oldest first: the lists of `Platform`."""
