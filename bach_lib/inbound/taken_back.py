"""Deletions of messages that came in: kept only where the message is in the inbox, and under its writer's name.

Platforms tell of everything that is taken back, also of what nobody let in, and some say neither whose it was nor who
took it away.
"""

from dataclasses import replace

from bach_lib.connectors.base import Incoming
from bach_lib.models.incoming import Kind
from bach_lib.storage import Transaction


def of_known(tx: Transaction, connection: str, message: Incoming) -> Incoming | None:
    """The message, under the name of who wrote what it takes back; None if that is not there, or is somebody else's."""
    if message.kind is not Kind.DELETED:
        return message
    row = tx.row("incoming_named", connection=connection, remote_id=message.reply_to)
    if row is None or row["recipient"] != message.recipient:
        return None
    writer = str(row["sender_id"])
    if message.sender_id not in ("", writer):
        return None
    return replace(message, sender_id=writer, sender_name=str(row["sender_name"]))
