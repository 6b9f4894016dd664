"""Incoming messages: their kinds, their content, and the row of the inbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CLAIMED = "claimed"
"""The mark in `metadata` of a message whose sender nobody has proved: it is who whoever posted says it is."""
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
    COMMAND = "command"
    BUTTON = "button"
    MEDIA = "media"
    LOCATION = "location"
    EDITED = "edited"
    REACTION = "reaction"
    MEMBERSHIP = "membership"
    EXPIRED = "expired"
    OTHER = "other"


class InboxStatus(StrEnum):
    """What a person has done with a message that came in."""

    UNREAD = "unread"
    READ = "read"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that somebody sent: what it is, and the platform's `reference` by which its bytes can be fetched.

    `type` is photo, voice, audio, video, animation, sticker or document; `size` is in bytes, `duration` in seconds.
    """

    type: str
    reference: str
    name: str | None = None
    size: int | None = None
    mime_type: str | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where somebody is, in degrees (WGS 84)."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message that came in holds beside its text; which fields are set follows from its kind.

    A command has `command` (without slash and bot name, in lower case) and `args`, a press has the button's `value`, a
    reaction has the `reactions` that are there now.
    """

    command: str | None = None
    args: str = ""
    value: str | None = None
    reactions: tuple[str, ...] = ()
    media: Media | None = None
    location: Location | None = None


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
    connection: str
    remote_id: str
    recipient: str
    sender_id: str
    sender_name: str
    kind: Kind
    text: str
    content: Content = field(default_factory=Content)
    reply_to: str | None = None
    message_id: int | None = None
    status: InboxStatus = InboxStatus.UNREAD
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
    def is_own(self) -> bool:
        """Whether these are the sender's own words.

        What somebody only passes on (forwarded, through another bot, a linked channel's post), what a program says, and
        what comes in somebody's name without proof asks for nothing: it is no command, answers no question, and no
        agent may act upon it.
        """
        return own_words(self.metadata)

    @property
    def written_at(self) -> float:
        """When it was sent, by the clock of this machine."""
        if self.age is not None:
            return self.received_at - self.age
        return self.received_at if self.sent_at is None else self.sent_at
