"""Makes a copy of a database complete: what lies in files beside the one goes into the rows of the other.

So a backup stays one file. Whoever puts it in its place finds each content where it would be looked for first.
"""

from collections.abc import Callable
from pathlib import Path

from bach_lib.storage.schema import COPY_FLAG, load_queries
from bach_lib.storage.sqlite import Connection, ask_copy, change_meta
from bach_lib.storage.transaction import Transaction


def complete(copy: Path, read: Callable[[str], bytes | None], go_on: Callable[[], None]) -> None:
    """Fill the rows that name a file, one at a time. `go_on` is called between, and may raise to end it.

    What cannot be read stays missing, as it is in the database itself. Raises a `StorageError`.
    """
    named = [str(digest) for (digest,) in ask_copy(copy, load_queries()["contents_in_files"])]
    if not named:
        return
    connection = Connection(str(copy))
    try:
        for digest in named:
            go_on()
            if (content := read(digest)) is not None:
                connection.do(_filling(digest, content))
    finally:
        connection.close()
    change_meta(copy, "copied", COPY_FLAG)  # as it says already; without a log again


def _filling(digest: str, content: bytes) -> Callable[[Transaction], int]:
    return lambda tx: tx.run("fill_content", digest=digest, content=content)
