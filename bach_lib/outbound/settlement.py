"""A message that was settled: how it looks now, and which event tells of it."""

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
from bach_lib.models.fast_frozen import changer
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.rows import without_contents

_EVENTS: dict[Status, type[MessageEvent]] = {
    Status.SENT: MessageSent,
    Status.DEAD: MessageDead,
    Status.UNCERTAIN: MessageUncertain,
    Status.EXPIRED: MessageExpired,
    Status.CANCELLED: MessageCancelled,
}

_changed = changer(
    Message,
    *("status", "retry_count", "waited", "next_retry_at", "finished_at", "remote_id", "held", "degraded", "lost"),
    *("progress", "error"),
)


def as_sent(tried: Message, settlement: Settlement, now: float) -> Message:
    """The message as its row is when it was sent. On its way, nothing of it changed but its progress, which goes."""
    return _changed(
        without_contents(tried),
        settlement.status,
        settlement.retry_count,
        settlement.waited,
        settlement.next_retry_at,
        now,
        tried.remote_id if settlement.remote_id is None else settlement.remote_id,
        False,  # held
        settlement.degraded,
        settlement.lost or tried.lost,
        None,  # progress
        settlement.error,
    )


def settled_event(message: Message) -> MessageEvent:
    """The event for the message's new status; one that still waits is being retried."""
    return _EVENTS.get(message.status, MessageRetrying)(connection=message.connection, message=message)
