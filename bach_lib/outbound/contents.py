"""What is in the files of a message, which only whoever sends it needs to know."""

from dataclasses import replace

from bach_lib.models import Message
from bach_lib.storage import Transaction


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
