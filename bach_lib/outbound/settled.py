"""Which event tells of a message that was settled."""

from bach_lib.events import (
    MessageCancelled,
    MessageDead,
    MessageEvent,
    MessageExpired,
    MessageRetrying,
    MessageSent,
    MessageUncertain,
)
from bach_lib.models import Message, Status

_EVENTS: dict[Status, type[MessageEvent]] = {
    Status.SENT: MessageSent,
    Status.DEAD: MessageDead,
    Status.UNCERTAIN: MessageUncertain,
    Status.EXPIRED: MessageExpired,
    Status.CANCELLED: MessageCancelled,
}


def settled_event(message: Message) -> MessageEvent:
    """The event for the message's new status; one that still waits is being retried."""
    return _EVENTS.get(message.status, MessageRetrying)(connection=message.connection, message=message)
