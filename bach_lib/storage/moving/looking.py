"""Looks into a database before anything moves there, and empties one after all of it has moved away.

For a program that keeps its place itself, as a home does: it has to know beforehand whether what somebody named is
free, and nothing may be left lying where it could come back to another day.
"""

import os
from dataclasses import dataclass

from bach_lib.errors import StoreUnmovedError
from bach_lib.storage.moved import FILLING, MOVED_TO, Opening
from bach_lib.storage.moving.open_side import opened
from bach_lib.storage.moving.places import Place
from bach_lib.storage.moving.table_shapes import META, tables
from bach_lib.storage.transaction import Transaction

_LOOK = Opening(looks=True)
_STAYS = frozenset({"layout"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is in a database. `instance`: its name for itself, which a move takes along."""

    instance: str
    is_empty: bool
    is_being_filled: bool
    """By a move that has not come to its end; nobody else can use it."""
    has_moved: bool
    """To another place, so nobody can use it here."""
    is_safe: bool
    """What is committed outlives a power cut, as far as the database knows."""


async def look(place: Place) -> Found:
    """See what is in a database, also while somebody uses it on a server. It is made, if there is none.

    A server that is not as BACH needs it is refused as at every opening. Raises a `StorageError`.
    """
    async with opened(place, _LOOK) as side:
        known = await side.meta()
        return Found(
            instance=known.get("instance", ""),
            is_empty=not await side.holds_anything(),
            is_being_filled=FILLING in known,
            has_moved=MOVED_TO in known,
            is_safe=await side.is_safe(),
        )


async def clear(place: Place, *, for_good: bool = False) -> None:
    """Take away all rows of a database that has moved, so that something can move there again.

    It gets another name, as the one it had lives on elsewhere. `for_good`: also of one that has not moved, which nobody
    wants any more. Raises a `StorageError`; nothing is changed then.
    """
    async with opened(place, Opening(moves=True, creates=False)) as side:
        if MOVED_TO not in await side.meta() and not for_good:
            raise StoreUnmovedError(path=place)

        def work(tx: Transaction) -> None:
            for table in reversed(tables()):
                if table.name != META:
                    tx.change(table.emptying(), [()])
            for row in tx.rows("all_meta"):
                if str(row["key"]) not in _STAYS:
                    tx.run("delete_meta", key=row["key"])
            tx.run("save_meta", key="instance", value=os.urandom(4).hex())

        await side.store.submit(work)
