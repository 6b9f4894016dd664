"""What the Telegram double knows: bots, chats and the messages it was given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from bach_lib.models import Location, Poll
from bach_lib.testing.telegram.arguments import Upload
from bach_lib.testing.telegram.errors import bad_request, forbidden, migrated
from bach_lib.testing.telegram.keyboards import Keyboard
from bach_lib.testing.telegram.markup import Entity
from bach_lib.testing.telegram.updates import UpdateQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageName:
    """Which message: each chat numbers its own."""

    chat_id: int
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message the platform took from a bot.

    `kind` is photo, document … where there is a `file`, whose words are the `text`. `received_at` is monotonic;
    `arguments` holds the call as it came in, for everything that has no field here.
    """

    bot: str
    chat_id: int
    message_id: int
    text: str
    received_at: float
    date: int
    thread_id: int | None = None
    parse_mode: str | None = None
    silent: bool = False
    protected: bool = False
    """Nobody can pass it on."""
    link_preview: bool = True
    location: Location | None = None
    """The point on the map that is all of it."""
    poll: Poll | None = None
    """The poll that is all of it."""
    effect: str | None = None
    """The number of what moves across the screen."""
    reply_to: int | None = None
    entities: tuple[Entity, ...] = ()
    keyboard: Keyboard = ()
    kind: str = "text"
    file: Upload | None = None
    album: str | None = None
    """The same of all that are shown as one."""
    origin: MessageName | None = None
    """What it passes on, where that is shown."""
    arguments: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotReaction:
    """What a bot has put below a message; no emoji takes the last one away."""

    bot: str
    chat_id: int
    message_id: int
    emoji: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAction:
    """What a bot showed itself to be busy with, such as "typing"."""

    bot: str
    chat_id: int
    thread_id: int | None
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a bot showed of a message that it had not sent yet; the next of its `number` takes its place."""

    bot: str
    chat_id: int
    thread_id: int | None
    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that somebody sent; `path` is where it can be downloaded. `size` is what the platform says it is."""

    id: str
    path: str
    size: int
    content: bytes = field(repr=False)

    def as_json(self) -> dict[str, object]:
        """What every file of the Bot API has."""
        return {"file_id": self.id, "file_unique_id": f"u{self.id}", "file_size": self.size}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnswer:
    """What a bot said to the press of a button."""

    bot: str
    callback_query_id: str
    text: str
    show_alert: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Bot:
    """An account that may call the server with its token."""

    token: str = field(repr=False)
    id: int
    username: str
    first_name: str
    updates: UpdateQueue = field(repr=False)
    webhook: str = ""

    def as_json(self) -> dict[str, object]:
        """The User of the Bot API, as in messages."""
        return {"id": self.id, "is_bot": True, "first_name": self.first_name, "username": self.username}


class ChatFields(TypedDict, total=False):
    """What a test may say about a chat; the names are those of the Bot API."""

    type: str
    title: str
    first_name: str
    last_name: str
    username: str
    is_forum: bool


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """A place to write to. It can turn a bot away, and a group can become a supergroup."""

    id: int
    type: str = "private"
    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    is_forum: bool = False
    threads: dict[int, str] = field(default_factory=dict)
    messages: dict[int, SentMessage | None] = field(default_factory=dict, repr=False)  # None: from a person
    received: dict[int, dict[str, object]] = field(default_factory=dict, repr=False)
    """What people wrote, as it was handed out last."""
    reactions: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict, repr=False)
    """The emoji of each person (the second number) below each message (the first)."""
    next_message_id: int = 1
    migrated_to: int | None = None
    refusal: str = ""

    @property
    def is_group(self) -> bool:
        """True where several people read along."""
        return self.type != "private"

    def block(self) -> None:
        """The person blocks the bot."""
        self.refusal = "bot was blocked by the user"

    def kick(self) -> None:
        """The group throws the bot out."""
        self.refusal = f"bot was kicked from the {self.type} chat"

    def upgrade(self, new_id: int) -> None:
        """The group becomes a supergroup; add the new chat with `TelegramServer.add_chat`."""
        self.migrated_to = new_id

    def welcome(self) -> None:
        """The bot may write (again)."""
        self.refusal = ""

    def check_writable(self) -> None:
        """Raise ApiError when the bot may not write."""
        if self.migrated_to is not None:
            raise migrated(self.migrated_to)
        if self.refusal:
            raise forbidden(self.refusal)

    def take_message_id(self) -> int:
        """The number of the next message; it counts up in each chat."""
        number = self.next_message_id
        self.next_message_id += 1
        return number

    def check_thread(self, thread_id: int) -> int | None:
        """The topic to write to, None for the chat itself. Raises ApiError when there is no such topic.

        Topic 1 ("General") is not addressed by its number: the real server does not find it.
        """
        if thread_id <= 0:
            return None
        if thread_id not in self.threads:
            raise bad_request("message thread not found")
        return thread_id

    def as_json(self) -> dict[str, object]:
        """The Chat of the Bot API."""
        fields = {
            "id": self.id,
            "type": self.type,
            "title": self.title,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "username": self.username,
        }
        body: dict[str, object] = {name: value for name, value in fields.items() if value is not None}
        if self.is_forum:
            body["is_forum"] = True
        return body
