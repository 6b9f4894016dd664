"""Loads a message for its attempt: its current row."""

from bach_lib.models import Message
from bach_lib.outbound.rows import message_from_row, plain_message
from bach_lib.storage import Transaction


def claimed(tx: Transaction, message_id: int, now: float, instance: str) -> Message:
    """Read the message that was just claimed, `now`. Raises `UnreadableRowError`."""
    values = tx.first("claimed_message", id=message_id)
    if values and (message := plain_message(values, instance, now)):
        return message
    [row] = tx.rows("get_message", id=message_id)
    return message_from_row(row, instance)
