"""What people do on the platform: write, send files, press buttons, correct themselves, react."""

from collections.abc import Mapping
from typing import Unpack

from bach_lib.testing.telegram.models import Bot, Chat, File, SentMessage
from bach_lib.testing.telegram.payloads import (
    MEASURES,
    TIMED,
    Person,
    as_document,
    caption_content,
    incoming_message,
    person_json,
    sent_message,
    text_content,
)
from bach_lib.testing.telegram.platform import Platform
from bach_lib.testing.telegram.polls import poll_id

MIME_TYPES: Mapping[str, str | None] = {
    "animation": "video/mp4",
    "audio": "audio/mpeg",
    "document": "application/octet-stream",
    "photo": None,
    "sticker": None,
    "video": "video/mp4",
    "video_note": None,
    "voice": "audio/ogg",
}
"""The kinds of files, and what each says of itself unless the person says more."""

_ENDINGS = {"photo": "jpg", "sticker": "webp", "voice": "oga", "audio": "mp3", "document": "bin"}


class PersonInChat(Person, total=False):
    """The sender, and the place in the chat: a topic, a reply."""

    thread_id: int | None
    reply_to: int | None


class People(Platform):
    """The platform with the people on it."""

    person: str = "42"
    """Who speaks where a test names nobody."""

    def says(
        self,
        text: str,
        *,
        sender: str | None = None,
        bot: Bot | None = None,
        chat_id: int | None = None,
        **place: Unpack[PersonInChat],
    ) -> dict[str, object]:
        """A person writes (in a channel: the channel does). Returns the message as the bot will get it.

        By default `person` does, alone with the first bot; `chat_id` is another place. A person nobody has heard of
        gets a private chat by that. Raises ValueError for an unknown group.
        """
        if sender is not None:
            place["from_id"] = int(sender)
        chat = int(sender or self.person) if chat_id is None else chat_id
        return self._receive(bot or self.first_bot, chat, text_content(text), place)

    def receive_location(
        self,
        bot: Bot,
        *,
        chat_id: int,
        latitude: float,
        longitude: float,
        live_period: int | None = None,
        **place: Unpack[PersonInChat],
    ) -> dict[str, object]:
        """A person sends where they are; with `live_period` (seconds) they may `move`. Otherwise as `says`."""
        location: dict[str, object] = {"latitude": latitude, "longitude": longitude}
        if live_period is not None:
            location["live_period"] = live_period
        return self._receive(bot, chat_id, {"location": location}, place)

    def receive_contact(
        self, bot: Bot, *, chat_id: int, phone_number: str, name: str = "Ada", **place: Unpack[PersonInChat]
    ) -> dict[str, object]:
        """A person sends a contact. Otherwise as `says`."""
        contact = {"phone_number": phone_number, "first_name": name}
        return self._receive(bot, chat_id, {"contact": contact}, place)

    def receive(
        self, bot: Bot, *, chat_id: int, content: Mapping[str, object], **place: Unpack[PersonInChat]
    ) -> dict[str, object]:
        """A person sends anything: the fields of `content` are those of the Bot API. Otherwise as `says`."""
        return self._receive(bot, chat_id, content, place)

    def receive_media(
        self,
        bot: Bot,
        *,
        chat_id: int,
        type: str,  # noqa: A002 – photo, voice, document …, as the field is called
        content: bytes = b"",
        size: int | None = None,
        caption: str = "",
        file_name: str | None = None,
        mime_type: str | None = None,
        duration: int = 1,
        **place: Unpack[PersonInChat],
    ) -> dict[str, object]:
        """A person sends a file, which can be downloaded from then on. Otherwise as `says`.

        `size` is what the platform says where that is to differ from the truth. Raises ValueError for an unknown type.
        """
        if type not in MIME_TYPES:
            raise ValueError(f"no such type of file; there are {', '.join(MIME_TYPES)}")
        file = self._keep_file(type, content, len(content) if size is None else size)
        media = file.as_json()
        media |= MEASURES.get(type, {})
        if type in TIMED:
            media["duration"] = duration
        if mime := mime_type or MIME_TYPES[type]:
            media["mime_type"] = mime
        if file_name:
            media["file_name"] = file_name
        found: dict[str, object] = {type: [self._thumbnail(), media] if type == "photo" else media}
        found |= as_document(type, media)
        return self._receive(bot, chat_id, found | caption_content(caption), place)

    def presses(
        self,
        message: SentMessage,
        label: str | int,
        *,
        sender: str | None = None,
        bot: Bot | None = None,
        from_id: int | None = None,
        first_name: str = "Ada",
        is_accessible: bool = True,
    ) -> str:
        """A person presses a button below a message of the bot's. Returns the id of the query to be answered.

        `label` is its place (0 is the first), what is written on it, all of its data, or what follows the first dot of
        that. The message is taken as it is now; one that is no longer `is_accessible` comes with its number only.
        Raises ValueError when it is gone or has no such button.
        """
        chat = self.chats[message.chat_id]
        current = chat.messages.get(message.message_id)
        if current is None:
            raise ValueError("the message is gone")
        data = _find(current, label)
        bot = bot or next(bot for bot in self.bots.values() if bot.username == message.bot)
        who = from_id if sender is None else int(sender)
        person = person_json(chat.id, {"from_id": who, "first_name": first_name})
        query_id = self.new_query(bot)
        query = {
            "id": query_id,
            "from": person,
            "message": sent_message(current, bot, chat)
            if is_accessible
            else {"chat": chat.as_json(), "message_id": current.message_id, "date": 0},
            "chat_instance": str(-chat.id),
            "data": data,
        }
        bot.updates.push({"callback_query": query})
        return query_id

    def votes(
        self, message: SentMessage, *choices: int, bot: Bot | None = None, **sender: Unpack[Person]
    ) -> dict[str, object]:
        """Somebody chooses answers of a poll, counted from 0; none takes theirs back. Returns the answer."""
        answer: dict[str, object] = {
            "poll_id": poll_id(message),
            "user": person_json(message.chat_id, sender),
            "option_ids": list(choices),
            "option_persistent_ids": [str(one) for one in choices],
        }
        bot = bot or next(bot for bot in self.bots.values() if bot.username == message.bot)
        bot.updates.push({"poll_answer": answer})
        return answer

    def edit(self, bot: Bot, *, chat_id: int, message_id: int, text: str) -> dict[str, object]:
        """Whoever wrote a message changes its text or caption. Raises ValueError when nobody wrote it."""
        chat = self.chats.get(chat_id)
        old = chat.received.get(message_id) if chat else None
        if chat is None or old is None:
            raise ValueError("no such message of a person")
        kept = {name: old[name] for name in old if name not in {"entities", "caption", "caption_entities"}}
        return self._edited(bot, chat, kept | (text_content(text) if "text" in old else caption_content(text)))

    def move(self, bot: Bot, *, chat_id: int, message_id: int, latitude: float, longitude: float) -> dict[str, object]:
        """A person who shares where they are has moved: the message is edited. Raises ValueError when there is none."""
        chat = self.chats.get(chat_id)
        old = chat.received.get(message_id) if chat else None
        if chat is None or old is None or not isinstance(location := old.get("location"), dict):
            raise ValueError("no such location of a person")
        return self._edited(bot, chat, {**old, "location": {**location, "latitude": latitude, "longitude": longitude}})

    def react(
        self,
        bot: Bot,
        *emoji: str,
        chat_id: int,
        message_id: int,
        from_id: int | None = None,
        first_name: str = "Ada",
    ) -> None:
        """A person puts these emoji below a message in place of their old ones; none takes them away."""
        chat = self.chats[chat_id]
        if message_id not in chat.messages:
            raise ValueError("no such message")
        person = person_json(chat_id, {"from_id": from_id, "first_name": first_name})
        key = (message_id, from_id or abs(chat_id))
        change = {
            "chat": chat.as_json(),
            "message_id": message_id,
            "user": person,
            "date": int(self.clock.now()),
            "old_reaction": _reactions(chat.reactions.get(key, ())),
            "new_reaction": _reactions(emoji),
        }
        chat.reactions[key] = emoji
        bot.updates.push({"message_reaction": change})

    def _receive(self, bot: Bot, chat_id: int, content: Mapping[str, object], place: PersonInChat) -> dict[str, object]:
        chat = self.chats.get(chat_id) or self._newcomer(chat_id, place.get("first_name", "Ada"))
        number = chat.take_message_id()
        message = incoming_message(
            chat,
            content,
            int(self.clock.now()),
            message_id=number,
            thread_id=place.get("thread_id"),
            reply_to=place.get("reply_to"),
        )
        if chat.type == "channel":
            message["sender_chat"] = chat.as_json()
        else:
            message["from"] = person_json(chat_id, place)
        chat.messages[number] = None
        chat.received[number] = message
        bot.updates.push({"channel_post" if chat.type == "channel" else "message": message})
        return message

    def _edited(self, bot: Bot, chat: Chat, message: dict[str, object]) -> dict[str, object]:
        message["edit_date"] = int(self.clock.now())
        number = message["message_id"]
        if isinstance(number, int):
            chat.received[number] = message
        bot.updates.push({"edited_channel_post" if chat.type == "channel" else "edited_message": message})
        return message

    def _newcomer(self, chat_id: int, first_name: str) -> Chat:
        if chat_id <= 0:
            raise ValueError(f"no group {chat_id}: add_chat comes first")
        return self.add_chat(chat_id, first_name=first_name)

    def _keep_file(self, kind: str, content: bytes, size: int) -> File:
        number = len(self.files) + 1
        path = f"{kind}s/file_{number}.{_ENDINGS.get(kind, 'mp4')}"
        file = File(id=f"file-{number}", path=path, size=size, content=content)
        self.files[file.id] = file
        return file

    def _thumbnail(self) -> dict[str, object]:
        """A photo comes in several sizes, the smallest first."""
        return {**self._keep_file("thumbnail", b"", 0).as_json(), "width": 64, "height": 48}


def _reactions(emoji: tuple[str, ...]) -> list[dict[str, object]]:
    return [{"type": "emoji", "emoji": one} for one in emoji]


def _find(message: SentMessage, button: str | int) -> str:
    buttons = [button for row in message.keyboard for button in row if button.url is None]
    if isinstance(button, int) and 0 <= button < len(buttons):
        return buttons[button].data
    for known in buttons:
        if button in {known.text, known.data, known.data.partition(".")[2]}:
            return known.data
    raise ValueError(f"no such button; there are {', '.join(repr(known.text) for known in buttons) or 'none'}")
