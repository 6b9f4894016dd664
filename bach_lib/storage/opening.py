"""The store of a place that somebody named: a file, a server, or memory."""

from os import PathLike
from pathlib import Path

from bach_lib.storage.database import Database
from bach_lib.storage.memory import MemoryDatabase
from bach_lib.storage.moved import TO_USE, TO_USE_ALONE
from bach_lib.storage.postgresql.address import is_address
from bach_lib.storage.postgresql.server_database import ServerDatabase
from bach_lib.storage.store import Store


def store_at(
    place: str | PathLike[str] | Store, runs_file: str | PathLike[str] | None, *, alone: bool = False
) -> Store:
    """The store, which is still to be opened; or the one that was given. `runs_file`: how far a database had come.

    `alone`: no other process may use a server's database meanwhile.
    """
    if not isinstance(place, str | PathLike):
        return place
    if place == ":memory:":
        return MemoryDatabase()
    if is_address(place):
        return ServerDatabase(str(place), runs_file=runs_file, opening=TO_USE_ALONE if alone else TO_USE)
    return Database(Path(place), runs_file=runs_file)
