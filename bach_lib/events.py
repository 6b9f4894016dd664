"""Events that other parts may subscribe to. Past tense, frozen, published after the commit that made them true.

Event
├── MessageEvent (message)
│   ├── MessageQueued, MessageAttempted, MessageRetrying, MessagePutBack, MessageProven
│   └── MessageFinished: MessageSent, MessageDead, MessageExpired, MessageCancelled, MessageUncertain
├── UploadAdvanced, which is about a message, too
├── MessageReceived, MessageSetAside, InboxChanged, SenderBlocked
├── BreakerChanged, ConnectionChanged, ConnectionChecked, ConnectionIdentified, RecipientMoved
├── ConnectionAdded, ConnectionUpdated, ConnectionRemoved, AccountChanged
├── RouteEvent (run): RouteStepped, RouteAcknowledged, RouteExhausted, RouteCancelled, RouteSnoozed
└── StorageChanged and EventsMissed, which are about none of them
"""

from dataclasses import dataclass

from bach_lib.models import (
    BreakerState,
    Candidate,
    Connection,
    Direction,
    Fault,
    Health,
    Identity,
    Message,
    Report,
    RouteRun,
)
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.proof import Proven


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Root of all events. `connection` is the name of the connection it is about."""

    connection: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """A message of an allowed sender is in the inbox, and the rules have been held against it. Told once."""

    message: IncomingMessage
    """As it is in the inbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSetAside(Event):
    """The program has failed over a message too often (`Bach.received`, `Bach.on_command`). It stays unread."""

    message: IncomingMessage
    """Which one; it can be looked at as others are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChanged(Event):
    """Messages in the inbox were marked, deleted, or came in at a quiet start. `connection` is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderBlocked(Event):
    """A message of somebody nobody allowed was dropped; published only while a person is looking for recipients."""

    candidate: Candidate
    """Who wrote, to be picked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerChanged(Event):
    """The circuit breaker went from one state to another."""

    old: BreakerState
    """As it was."""
    new: BreakerState
    """As it is."""
    disabled_until: float | None
    """Until when nothing is sent, if it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChanged(Event):
    """One direction of a connection stands differently."""

    direction: Direction
    """Which one."""
    health: Health
    """As it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionIdentified(Event):
    """A check found somebody else there than the last one did, or the platform in another version."""

    identity: Identity
    """Who is there now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChecked(Event):
    """An AI partner, an MCP server or an API was checked, whether its health has changed or not."""

    checked_at: float
    """When."""
    result: Report | Fault
    """What was learned, or what was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientMoved(Event):
    """The platform gave a recipient a new address (a group became a supergroup)."""

    old: str
    """The address until now."""
    new: str
    """The address from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(Event):
    """Another account is behind a connection: what it sent and read before is somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAdded(Event):
    """A connection is in the registry."""

    row: Connection
    """As it was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionUpdated(Event):
    """A person changed a connection. `changed` names the fields that differ."""

    row: Connection
    """As it is now."""
    changed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionRemoved(Event):
    """A connection, its queue and its inbox are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteEvent(Event):
    """Something happened to a run of a route. `connection` is empty: it may have several.

    Where several processes share the database, the one tells of it that has written it.
    """

    run: RouteRun
    """As it is since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStepped(RouteEvent):
    """Somebody is told: messages are on disk. The newest of `run.tried`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAcknowledged(RouteEvent):
    """Somebody knows, and nobody is told any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteExhausted(RouteEvent):
    """All were told, and nobody was heard of in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSnoozed(RouteEvent):
    """Somebody wants to hear no more of it until `run.due_at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCancelled(RouteEvent):
    """It was called off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageChanged(Event):
    """The database can be written no more, for this reason, or (None) it can again. `connection` is empty."""

    fault: Fault | None
    """What is wrong; None: nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsMissed(Event):
    """Only told by `bach_lib.connect` beside the owner: events before this one are missing. `connection` is empty.

    The owner went away for longer than it remembers events, or was read too slowly.
    """
