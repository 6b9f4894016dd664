"""Loads a message for its attempt: its current row, with the content of its files."""

from dataclasses import replace

from bach_lib.models import File, Message
from bach_lib.outbound.rows import UnreadableRowError, message_from_row, plain_message
from bach_lib.storage import Transaction


def claimed(tx: Transaction, message_id: int, now: float, instance: str) -> Message:
    """Read the message that was just claimed, `now`. Raises `UnreadableRowError`."""
    values = tx.first("claimed_message", id=message_id)
    if values and (message := plain_message(values, instance, now)):
        return message
    [row] = tx.rows("get_message", id=message_id)
    return message_from_row(row, instance)


def with_files(tx: Transaction, message: Message) -> Message:
    """With the contents of its files, for whoever sends it. Raises `UnreadableRowError` if one is not there."""
    if not message.files:
        return message
    found = [row["content"] for row in tx.rows("files_of", message_id=message.id)]
    contents = [content for content in found if isinstance(content, bytes)]
    if len(contents) != len(found) or len(found) != len(message.files):
        raise UnreadableRowError(["files"])
    return replace(message, files=tuple(map(_filled, message.files, contents)))


def _filled(file: File, content: bytes) -> File:
    return replace(file, content=content)
