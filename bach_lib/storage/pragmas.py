"""How a SQLite file is set up: what is asked of every connection that writes, and that it gives room back."""

from bach_lib.storage.schema import Execute

PRAGMAS = (
    "PRAGMA wal_autocheckpoint = 0",  # first: what is written next may not move the log
    "PRAGMA busy_timeout = 5000",  # a person may look into the file with other tools
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # WAL with NORMAL may lose the last commits in a power cut
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = FAST",  # ON, as some build SQLite, writes a deleted file of 50 MB anew as zeros: a second
    "PRAGMA foreign_keys = ON",  # files go with their message
)
NOTES_GONE = "CREATE TEMP TRIGGER contents_gone AFTER DELETE ON contents BEGIN SELECT bach_gone(OLD.digest); END"
"""Tells the connection, and no other, which contents its transactions take away."""
SHRINKS = "PRAGMA auto_vacuum = INCREMENTAL"
"""A file that was made with this can give back the room of what was deleted."""
_WRITTEN_ANEW = 25_000
"""Pages in use up to which a file may be written anew at the start: some 100 MB, a second."""


def let_it_shrink(execute: Execute) -> None:
    """Write a file that was made without `SHRINKS` anew with it; a large one waits until it is not."""
    [(kind,)] = execute("PRAGMA auto_vacuum")
    [(pages,)] = execute("PRAGMA page_count")
    [(free,)] = execute("PRAGMA freelist_count")
    if not kind and int(str(pages)) - int(str(free)) <= _WRITTEN_ANEW:
        execute(SHRINKS)
        execute("VACUUM")
