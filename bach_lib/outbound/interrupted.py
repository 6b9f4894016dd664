"""Settles a message that was under way when whoever sent it ended: uncertain, which follows its policy at once."""

from dataclasses import replace

from bach_lib.models import Message, Status
from bach_lib.outbound.one_message import end_message
from bach_lib.outbound.retry import after_crash
from bach_lib.outbound.rows import UnreadableRowError, message_from_row
from bach_lib.outbound.settlement import settle
from bach_lib.storage import Row, Transaction
from bach_lib.storage.values import integer, text


def settle_interrupted(tx: Transaction, row: Row, *, idempotent: bool, now: float, instance: str) -> Message | None:
    """As it is then; None: its connection was removed meanwhile. One that cannot be read is a dead letter."""
    try:
        message = message_from_row(row, instance)
    except UnreadableRowError as error:
        return end_message(tx, integer(row["id"]), Status.DEAD, error.fault, now=now, instance=instance)
    tried = replace(message, recipient=text(row["under_way_to"]) or message.recipient)
    return settle(tx, replace(after_crash(message, idempotent=idempotent), tried=tried), now, instance)
