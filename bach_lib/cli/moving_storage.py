"""What `bach migrate-storage` does; apart from the command, since it loads the storage."""

import asyncio
from pathlib import Path

from bach_lib.cli.console import Row
from bach_lib.cli.logs import noting
from bach_lib.cli.paths import ServerPlace, runs_file
from bach_lib.control.sentences import SentenceError
from bach_lib.storage import is_address
from bach_lib.storage.moving import Move, Place, place
from bach_lib.storage.moving import take_back as use_again
from bach_lib.storage.moving.move import Bar


def move(source: str, target: str, bar: Bar, *, leaves: bool) -> Row:
    """Move all, or go on with it. Raises a `BachError` or `SentenceError`."""
    here, there = _place(source), _place(target)
    if here.is_same(there):
        raise SentenceError(f"FROM and TO are the same: {here}.")
    with noting():
        ended = asyncio.run(Move(here, there, bar, leaves=leaves).run())
    return {
        "from": str(here),
        "to": str(there),
        "rows": dict(ended.rows),
        "left": dict(ended.left),
        "secret_files": [*ended.secret_files],
    }


def take_back(source: str) -> Row:
    """Let it be used again. Raises a `BachError`."""
    here = _place(source)
    with noting():
        held, target = asyncio.run(use_again(here))
    return {"from": str(here), "to": target, "held": held}


def _place(word: str) -> Place:
    if is_address(word):
        return place(word, runs_file(ServerPlace(word)))
    if "://" in word:  # a file of that name is nobody's wish, and what stands behind it may be a password
        raise SentenceError("Only postgresql:// leads to a database on a server; anything else is taken for a file.")
    try:
        path = Path(word).expanduser().absolute().resolve(strict=False)
    except (OSError, RuntimeError, ValueError) as error:  # NUL, a name that is too long, a home that nobody has
        raise SentenceError(f"{ascii(word)[:100]} is no path of a database.") from error
    return place(str(path), runs_file(path))
