"""Writes which message or run needs which files, and what is in them where that lies in no file of its own."""

from collections.abc import Iterable
from hashlib import sha256

from bach_lib.models import File
from bach_lib.storage import Transaction


def add_files(tx: Transaction, message_id: int, files: Iterable[File], *, in_rows: bool) -> None:
    """Name the files of a new message, in its transaction; their contents are on the disk, or come with it."""
    for position, file in enumerate(files):
        digest = _add_content(tx, file, in_rows=in_rows)
        tx.run("add_file", message_id=message_id, position=position, digest=digest)


def add_run_files(tx: Transaction, run_id: int, files: Iterable[File], *, in_rows: bool) -> None:
    """Name those of a new run in the same way."""
    for position, file in enumerate(files):
        digest = _add_content(tx, file, in_rows=in_rows)
        tx.run("add_run_file", run_id=run_id, position=position, digest=digest)


def _add_content(tx: Transaction, file: File, *, in_rows: bool) -> str:
    digest = file.digest or sha256(file.content).hexdigest()
    if not tx.run("touch_content", digest=digest, size=len(file.content)):
        content = file.content if in_rows or not file.digest else None
        tx.run("add_content", digest=digest, size=len(file.content), content=content)
    return digest
