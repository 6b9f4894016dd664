"""One message in a transaction: the one that a query finds or changes, and the end of one without an attempt."""

from bach_lib.errors import UnknownMessageError
from bach_lib.models import Fault, Message, Status
from bach_lib.outbound.reasons import fault_values
from bach_lib.outbound.retry import EXPIRED
from bach_lib.outbound.rows import readable_message
from bach_lib.storage import Transaction, Value


def one_message(tx: Transaction, instance: str, query: str, **values: Value) -> Message:
    """The message the query returns. Raises `UnknownMessageError` for none."""
    try:
        row = tx.row(query, **values)
    except OverflowError:  # an id from outside that is larger than any that can be
        row = None
    if row is None:
        raise UnknownMessageError(id=values.get("id"))
    return readable_message(row, instance)


def end_message(
    tx: Transaction, message_id: int, status: Status, fault: Fault | None, *, now: float, instance: str
) -> Message:
    """End a message that waits, for this reason. Raises `UnknownMessageError`."""
    return one_message(
        tx,
        instance,
        "end_message",
        id=message_id,
        status=status,
        finished_at=now,
        **fault_values(fault),
    )


def expire_message(tx: Transaction, message_id: int, nonce: str | None, *, now: float, instance: str) -> Message | None:
    """End a message that waits and that memory let go because its time is over; None if it does not wait any more.

    One that is on its way for the disk, which does not know yet what came of that, is returned as it is. `nonce`: what
    it had when it was; what was amended since is another message, with a time of its own.
    """
    row = tx.row("get_message", id=message_id)
    if row is None or row["expires_at"] is None:  # it was revived since
        return None
    if nonce is not None and readable_message(row, instance).nonce != nonce:
        return None
    if row["status"] == Status.SENDING:
        return readable_message(row, instance)
    if row["status"] not in (Status.PENDING, Status.FAILED):
        return None
    return end_message(tx, message_id, Status.EXPIRED, EXPIRED, now=now, instance=instance)
