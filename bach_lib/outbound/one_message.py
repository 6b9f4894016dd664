"""One message in a transaction: the one that a query finds or changes, and the end of one without an attempt."""

from bach_lib.errors import UnknownMessageError
from bach_lib.models import Fault, Message, Status
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
        error_code=fault.code if fault else None,
        error_text=fault.text if fault else None,
    )
