"""Events about messages going out."""

from dataclasses import dataclass

from bach_lib.events.event import Event
from bach_lib.models import (
    Message,
)
from bach_lib.models.proof import Proven


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent(Event):
    """Something happened to a message going out."""

    message: Message
    """As it is since then."""

    def __post_init__(self) -> None:
        """Nobody is told words that are confidential."""
        if self.message.confidential:
            object.__setattr__(self, "message", self.message.shown())


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQueued(MessageEvent):
    """It is on disk. Where nothing is before it, it is `sending` already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAttempted(MessageEvent):
    """An attempt begins; the platform is about to be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRetrying(MessageEvent):
    """An attempt did not deliver it; it stays in the queue. `message.error` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFinished(MessageEvent):
    """Nothing more happens to it by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(MessageFinished):
    """The platform has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDead(MessageFinished):
    """It failed for good and waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageExpired(MessageFinished):
    """Its time to live was over before it could go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCancelled(MessageFinished):
    """A person cancelled it, or a newer message with the same tag took its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUncertain(MessageFinished):
    """It may have arrived; its policy forbids to repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePutBack(MessageEvent):
    """A person thought twice: it was cancelled or discarded, and stands as it stood before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageProven(MessageEvent):
    """Something became known of a sent message: that somebody got it, has seen it, or has answered it.

    Told once for each kind and person.
    """

    proof: Proven
    """What became known, and of whom; it is one of `message.proven`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadAdvanced(Event):
    """Large files of a message are on their way, so far. Told once a second, and only while they are."""

    message_id: int
    """Whose they are."""
    sent: int
    """Bytes that have been handed to the network."""
    size: int
    """Bytes of all of them, as far as they go in one request."""
