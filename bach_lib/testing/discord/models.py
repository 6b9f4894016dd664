"""What the Discord double knows: people, bots, servers ("guilds"), channels, messages and webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from bach_lib.testing.discord.errors import ApiError


class ChannelType(IntEnum):
    """https://discord.com/developers/docs/resources/channel#channel-object-channel-types."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    ANNOUNCEMENT = 5
    PUBLIC_THREAD = 11
    FORUM = 15


NO_EMBEDS = 1 << 2
"""The flag of a message that shows no previews.

https://discord.com/developers/docs/resources/message#message-object-message-flags"""
THREADS = frozenset({ChannelType.PUBLIC_THREAD})


@dataclass(slots=True, kw_only=True, eq=False)
class User:
    """A person, a bot or a webhook, as the author of messages. `takes_messages`: direct ones, from bots."""

    id: int
    username: str
    global_name: str | None = None
    bot: bool = False
    takes_messages: bool = True


@dataclass(slots=True, kw_only=True, eq=False)
class Bot:
    """An account that may call the server with its token.

    `may_read_texts`: the privileged intent "message content" is switched on for it.
    """

    token: str = field(repr=False)
    user: User
    may_read_texts: bool = True


@dataclass(slots=True, kw_only=True, eq=False)
class Guild:
    """A server. Every bot is in every guild whose `bots_out` does not name it."""

    id: int
    name: str
    owner: User
    members: list[User] = field(default_factory=list)
    bots_out: set[int] = field(default_factory=set)
    roles: dict[int, str] = field(default_factory=dict)
    premium_tier: int = 0
    """How far people have boosted it, 0 to 3."""


@dataclass(slots=True, kw_only=True, eq=False)
class Attachment:
    """A file in a message."""

    id: int
    filename: str
    content: bytes = field(repr=False)
    content_type: str | None = None
    duration: float | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message in a channel. `payload` is the call as it came in, for everything that has no field here."""

    id: int
    channel: Channel
    author: User
    content: str
    created_at: float
    edited_at: float | None = None
    nonce: str | None = None
    flags: int = 0
    type: int = 0
    reply_to: int | None = None
    webhook_id: int | None = None
    components: list[object] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    reactions: dict[str, list[User]] = field(default_factory=dict)
    is_pinned: bool = False
    forwards: Message | None = None
    """The message that it passes on, whose words it shows."""
    payload: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def read(self) -> str:
        """The words that people read."""
        return self.forwards.read if self.forwards else self.content

    @property
    def link_preview(self) -> bool:
        """Whether a preview of a link is shown below it."""
        return not self.flags & NO_EMBEDS

    @property
    def silent(self) -> bool:
        """Whether nobody is to be rung up for it."""
        return bool(self.flags & 1 << 12)


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """A place to write to. `refusal`, if set, is what a bot gets that wants to write."""

    id: int
    type: ChannelType
    name: str | None = None
    guild: Guild | None = None
    parent: Channel | None = None
    bot: User | None = None
    person: User | None = None
    messages: dict[int, Message] = field(default_factory=dict, repr=False)
    refusal: ApiError | None = None

    @property
    def is_direct(self) -> bool:
        """Between one bot and one person."""
        return self.type is ChannelType.DM


@dataclass(slots=True, kw_only=True, eq=False)
class Webhook:
    """An address by which everybody who knows it can write to one channel."""

    id: int
    token: str = field(repr=False)
    channel: Channel
    name: str = "Webhook"


@dataclass(slots=True, kw_only=True, eq=False)
class Interaction:
    """The press of a button. `answer` is the type of what the bot said to it."""

    id: int
    token: str = field(repr=False)
    custom_id: str
    message: Message
    user: User
    answer: int | None = None
