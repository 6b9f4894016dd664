"""One of the two databases of a move while it is open, for what the move asks of either."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bach_lib.storage.moved import Opening
from bach_lib.storage.moving.places import Place
from bach_lib.storage.moving.table_shapes import META, Table, tables
from bach_lib.storage.store import Store
from bach_lib.storage.values import integer


class Side:
    """One of the two databases, open."""

    def __init__(self, place: Place, store: Store) -> None:
        self.place: Place = place
        self.store: Store = store

    async def meta(self) -> dict[str, str]:
        """All it knows of itself."""
        rows = await self.store.submit(lambda tx: tx.rows("all_meta"), writes=False)
        return {str(row["key"]): str(row["value"]) for row in rows}

    async def is_safe(self) -> bool:
        """Whether what is committed here outlives a power cut, as far as it knows."""
        [row] = await self.store.read(lambda tx: tx.rows("is_safe"))
        return bool(row["is_safe"])

    async def count(self, table: Table) -> int:
        """Rows of a table."""
        [row] = await self.store.read(lambda tx: tx.ask(table.counting()))
        return integer(row["number"])

    async def holds_anything(self) -> bool:
        """Whether there is a row in any table, but for what it knows of itself."""
        return any([await self.count(table) for table in tables() if table.name != META])


@asynccontextmanager
async def opened(place: Place, opening: Opening) -> AsyncIterator[Side]:
    """A place, open for this. Raises a `StorageError`."""
    store = place.store(opening)
    await store.open()
    try:
        yield Side(place, store)
    finally:
        await store.close()
