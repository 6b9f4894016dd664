"""Loads a message for its attempt: its current row, with the content of its files."""

from dataclasses import replace

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


def with_files(tx: Transaction, message: Message) -> Message:
    """With the contents of its files, for whoever sends it."""
    if not message.files:
        return message
    contents = [row["content"] for row in tx.rows("files_of", message_id=message.id)]
    files = zip(message.files, contents, strict=True)
    return replace(
        message,
        files=tuple(replace(file, content=content) for file, content in files if isinstance(content, bytes)),
    )
