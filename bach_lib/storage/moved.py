"""What a database says of itself while all of it moves to another place, and for good afterwards.

What has moved waits at two places, and nobody must send it from both. So each says of itself whether it may be used,
and whoever opens one looks: the new one not before all is there, the old one not after that.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bach_lib.errors import StoreFillingError, StoreMovedError
from bach_lib.said import Sentence

MOVED_TO = "moved to"
"""Key: where all of it is by now."""
FILLING = "moving"
"""Key: from where it is being filled, and how far that has come."""
MOVED_FROM = "moved from"
"""Key: the name of the database that all of this came from, once it is complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """For what a database is opened. `moves`: to move it, which nobody else may use meanwhile.

    `alone`: nobody else may use it as long as it is open; a file never has two. `looks`: only to see what is in it,
    whoever uses it.
    """

    moves: bool = False
    creates: bool = True
    alone: bool = False
    looks: bool = False


TO_USE = Opening()
TO_USE_ALONE = Opening(alone=True)


def check_usable(rows: Iterable[Mapping[str, object]], path: object, opening: Opening) -> None:
    """Raise `StoreMovedError` or `StoreFillingError` for what is not to be used. `rows`: all it knows of itself."""
    if opening.moves or opening.looks:
        return
    known = {str(row["key"]): str(row["value"]) for row in rows}
    if FILLING in known:
        raise StoreFillingError(path=path, source=source_of(known[FILLING]))
    if MOVED_TO in known:
        raise StoreMovedError(path=path, target=known[MOVED_TO])


def source_of(note: str) -> str:
    """From where it is being filled, by what stands below `FILLING`."""
    try:
        return str(json.loads(note)["source"])
    except (ValueError, KeyError, TypeError):  # by another hand
        return Sentence("another_database", "another database")
