"""Settlement of a message: what is written, how the message looks then, and which event tells of it."""

from collections.abc import Sequence

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
from bach_lib.outbound.attempts import record_attempts
from bach_lib.outbound.meanwhile import land, unless_unwanted
from bach_lib.outbound.proof_rows import arrived, name_parts
from bach_lib.outbound.putting_off import can_be_put_off
from bach_lib.outbound.reasons import fault_values, losses_written
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.rows import readable_message, without_contents
from bach_lib.registry.directory import write_lesson
from bach_lib.storage import Transaction, Value

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


def settle(tx: Transaction, attempted: Settlement, now: float, instance: str) -> Message | None:
    """Write what became of an attempt; the message as it is then. None: its connection was removed meanwhile."""
    [message] = settle_all(tx, [attempted], now, instance)
    return message


def settle_all(tx: Transaction, attempts: Sequence[Settlement], now: float, instance: str) -> Sequence[Message | None]:
    """The same of attempts with different messages; the statements that all have in common are run once for all."""
    settlements = [unless_unwanted(tx, attempted) for attempted in attempts]
    changed = tx.run_all("settle_message", [_values(settlement, now) for settlement in settlements])
    if changed != len(settlements):
        landed = [settlement for settlement in settlements if land(tx, settlement)]
        changed += tx.run_all("settle_message", [_values(settlement, now) for settlement in landed])
    are_there = changed == len(settlements)
    messages = [
        _settled(tx, settlement, now, instance) if are_there or tx.row("get_message", id=settlement.id) else None
        for settlement in settlements
    ]
    for number, (settlement, message) in enumerate(zip(settlements, messages, strict=True)):
        if message is not None:
            _write_the_rest(tx, settlement, message, now)
            if settlement.parts:
                messages[number] = name_parts(tx, message, settlement.parts, now, instance)
    record_attempts(tx, zip(attempts, messages, strict=True))
    return messages


def _values(settlement: Settlement, now: float) -> dict[str, Value]:
    return {
        "id": settlement.id,
        "status": settlement.status,
        "retry_count": settlement.retry_count,
        "waited": settlement.waited,
        "next_retry_at": settlement.next_retry_at,
        "finished_at": now if settlement.status.is_final else None,
        "remote_id": settlement.remote_id,
        "degraded": settlement.degraded,
        "lost": losses_written(settlement.lost),
        **fault_values(settlement.error),
    }


def _write_the_rest(tx: Transaction, settlement: Settlement, message: Message, now: float) -> None:
    if settlement.status is Status.SENT and message.files and not can_be_put_off(message):
        tx.run("delete_files", message_id=settlement.id)
    if settlement.lesson is not None:
        write_lesson(tx, settlement.lesson, now)
    if settlement.delivered is not None:
        tx.tally(message.connection, delivered=settlement.delivered, now=now)


def _settled(tx: Transaction, settlement: Settlement, now: float, instance: str) -> Message:
    """As the row is now."""
    tried = settlement.tried
    if settlement.rests and not settlement.status.is_final:
        tx.run("rest_message", id=settlement.id)
    if tried is None or settlement.status is not Status.SENT:
        [row] = tx.rows("get_message", id=settlement.id)
        return readable_message(row, instance)
    return _as_sent(tried, settlement, now)


def _as_sent(tried: Message, settlement: Settlement, now: float) -> Message:
    """The message as its row is when it was sent. What changed on its way does not count then."""
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


def settled_events(settlement: Settlement, message: Message) -> list[MessageEvent]:
    """The same, and what was told of it before its attempt had ended."""
    known = settlement.tried.proven if settlement.tried else ()
    early = [event for event in arrived(message) if event.proof not in known] if settlement.parts else []
    return [settled_event(message), *early]


def settled_event(message: Message) -> MessageEvent:
    """The event for the message's new status; one that still waits is being retried."""
    return _EVENTS.get(message.status, MessageRetrying)(connection=message.connection, message=message)
