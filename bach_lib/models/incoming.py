"""Incoming messages: their kinds, their content, and the row of the inbox."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CLAIMED = "claimed"
"""The mark in `metadata` of a message whose sender nobody has proved: it is who whoever posted says it is."""
HANDLING = "handling"
"""The key in `metadata` of how often a program has begun to deal with a message, and what came of it."""
ANSWER = "answer"
"""The mark in `metadata` of what answered a question or ended an alarm, and is said to nobody else."""
_PART = re.compile(r"[#/]")
"""What stands between the platform's number of a message and which of its files or versions it is."""
_NOT_OWN = ("forwarded", "via", "automatic", "bot", CLAIMED)
"""The marks in `metadata` of words that are not their sender's own, or not known to be."""


def own_words(metadata: Mapping[str, object]) -> bool:
    """Whether a message with this metadata is what its sender says, and not only passes on."""
    return not any(metadata.get(mark) for mark in _NOT_OWN)


def passed_on(data: Mapping[str, object]) -> dict[str, object]:
    """The marks among what a program says of words that it passes on, as another home does in its event.

    So words that were only passed on there do not become somebody's own on their way here.
    """
    return {mark: True for mark in _NOT_OWN if data.get(mark)}


class Kind(StrEnum):
    """What a message that came in is.

    An edited message is `edited` whatever it was before, so that a corrected command never runs a second time. A
    command or a press that is too old to be acted upon is `expired`.
    """

    TEXT = "text"
    """Words."""
    COMMAND = "command"
    """Begins with a slash, or with what the platform has for it."""
    BUTTON = "button"
    """A press of one of our buttons."""
    MEDIA = "media"
    """A file, with words perhaps."""
    LOCATION = "location"
    """Where somebody is."""
    EDITED = "edited"
    """Another text for an older message."""
    DELETED = "deleted"
    """An older message was taken back. Only some platforms tell."""
    REACTION = "reaction"
    """Emojis below a message."""
    VOTE = "vote"
    """What somebody chose in a poll of ours; nothing: they took it back."""
    MEMBERSHIP = "membership"
    """Somebody, or the account itself, came or went."""
    EXPIRED = "expired"
    """A command or press that came too late."""
    OTHER = "other"
    """What fits nowhere else."""


_ABOUT_ANOTHER = frozenset({Kind.BUTTON, Kind.EDITED, Kind.DELETED, Kind.REACTION, Kind.VOTE})
ACTED_UPON = frozenset({Kind.COMMAND, Kind.BUTTON})
"""What people send to make something happen now; an hour later they do not want it any more."""


class InboxStatus(StrEnum):
    """What a person has done with a message that came in."""

    UNREAD = "unread"
    """Nothing yet."""
    READ = "read"
    """Looked at."""
    ARCHIVED = "archived"
    """Put away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that somebody sent: what it is, and the platform's `reference` by which its bytes can be fetched.

    `type` is photo, voice, audio, video, animation, sticker or document; `size` is in bytes, `duration` in seconds.
    """

    type: str
    reference: str
    name: str | None = None
    """Of the file, if it has one."""
    size: int | None = None
    mime_type: str | None = None
    """As the platform says."""
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where somebody or something is, in degrees (WGS 84)."""

    latitude: float
    """Degrees, north is above 0."""
    longitude: float
    """Degrees, east is above 0."""
    name: str | None = None
    """What is there, where it is sent."""
    address: str | None = None
    """The street and town, where it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message that came in holds beside its text; which fields are set follows from its kind.

    A command has `command` (without slash and bot name, in lower case) and `args`, a press has the button's `value`, a
    reaction has the `reactions` that are there now, a vote the `choices`: which of the poll's options, counted from 0.
    """

    command: str | None = None
    args: str = ""
    value: str | None = None
    reactions: tuple[str, ...] = ()
    choices: tuple[int, ...] = ()
    media: Media | None = None
    """The file that came."""
    location: Location | None = None
    """The place that came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMessage:
    """A message that came in. `remote_id` is the platform's; `recipient` is the place to answer to.

    `reply_to` is the platform's id of the message that it is about (that it answers or edits, whose button was
    pressed); `message_id` is our own id of that, if it is known to be one of ours. `metadata` holds what connector and
    router add, such as `source`, `routed_at` and `context_triggers`, the names of the rules that matched; the keys that
    all platforms share stand in `connectors.notes`.
    `sent_at` is by the platform's clock, `received_at` by ours; `age` is how many seconds lay in between by the
    platform's clock alone, infinitely many where that cannot be known.
    """

    id: int
    """In this database."""
    connection: str
    """The name of the connection it came through."""
    remote_id: str
    recipient: str
    sender_id: str
    """The platform's id of who sent it."""
    sender_name: str
    """As they call themselves; anybody may choose any name."""
    kind: Kind
    """What it is."""
    text: str
    """The words; of a press, those of the button."""
    content: Content = field(default_factory=Content)
    """What it holds beside the words."""
    reply_to: str | None = None
    message_id: int | None = None
    status: InboxStatus = InboxStatus.UNREAD
    """What a person has done with it."""
    sent_at: float | None
    received_at: float
    age: float | None = None
    routed_at: float | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def sender(self) -> str:
        """Who sent it, in the form that filters take: `connection:sender_id`."""
        return f"{self.connection}:{self.sender_id}"

    @property
    def quotable(self) -> str:
        """The platform's id of what an answer to it quotes: of an edit, a reaction or a press, what it is about."""
        is_about_another = self.kind in _ABOUT_ANOTHER or self.content.value is not None
        return (self.reply_to if is_about_another else self.remote_id) or ""

    @property
    def subject(self) -> str:
        """The same of the message that one reacts to, whichever of its files or versions this is."""
        return _PART.split(self.quotable)[0]

    @property
    def is_own(self) -> bool:
        """Whether these are the sender's own words.

        What somebody only passes on (forwarded, through another bot, a linked channel's post), what a program says, and
        what comes in somebody's name without proof asks for nothing: it is no command, answers no question, and no
        agent may act upon it.
        """
        return own_words(self.metadata)

    @property
    def tries(self) -> int:
        """How often a program has begun to deal with it (`Bach.received`, `Bach.on_command`)."""
        found = self.handling.get("tries")
        return found if isinstance(found, int) else 0

    @property
    def is_set_aside(self) -> bool:
        """Whether programs have failed over it too often: it stays unread, and is given to none any more.

        `Bach.mark` with unread gives it to them again.
        """
        return self.handling.get("is_set_aside") is True

    @property
    def handling(self) -> Mapping[str, object]:
        """What is known of that: `tries`, `error` (the type of what the last try raised) and `is_set_aside`."""
        found = self.metadata.get(HANDLING)
        return found if isinstance(found, Mapping) else {}

    @property
    def written_at(self) -> float:
        """When it was sent, by the clock of this machine."""
        if self.age is not None:
            return self.received_at - self.age
        return self.received_at if self.sent_at is None else self.sent_at
