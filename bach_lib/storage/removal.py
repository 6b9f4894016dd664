"""Removes all rows of a connection in the background, while others send.

That it is removed is one small transaction, which also notes what is to be done. Then its messages and its inbox go in
portions. Whatever comes between (a crash, the end of the process, a full disk), the note stays until nothing is left,
and housekeeping goes on with it at the next start. Until then the name is not free.
"""

import asyncio
from functools import partial

from bach_lib.storage.portions import Portions, in_portions, shares
from bach_lib.storage.store import Store
from bach_lib.storage.transaction import Transaction
from bach_lib.storage.values import integer

_NOTE = "removed "
"""With the connection's name, the key of a note."""
_SHARE = 2000


class Removals:
    """Pending removals: connections that are removed, but not all of what they had."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._left: set[str] = set()
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Learn what was not done before."""
        rows = await self._store.submit(lambda tx: tx.rows("all_meta"), writes=False)
        keys = [str(row["key"]) for row in rows]
        self._left = {key.removeprefix(_NOTE) for key in keys if key.startswith(_NOTE)}

    async def begin(self, name: str) -> None:
        """Remove the connection itself. Raises a `StorageError`; then nothing has changed."""

        def work(tx: Transaction) -> None:
            tx.run("remove_connection", name=name)
            tx.run("forget_spellings", name=name)  # there are few
            tx.run("remove_early", name=name)  # there are few
            tx.run("save_meta", key=_NOTE + name, value="")

        await self._store.submit(work)
        self._left.add(name)

    async def finish(self, name: str) -> None:
        """Remove what is left of it; nothing happens if nothing is. Raises a `StorageError`: it can be called again."""
        async with self._lock:
            if name not in self._left:
                return
            async for ids in shares(self._store, "messages_of", name=name):
                async for _ in in_portions(self._store, ids, _delete("delete_messages")):
                    pass
            await self._remove_inbox(name)
            await self._remove_rest(name)
            self._left.discard(name)

    async def finish_all(self) -> None:
        """The same for all of them; one that fails keeps no other back. Raises what the last of those failed with."""
        failed: Exception | None = None
        for name in sorted(self._left):
            try:
                await self.finish(name)
            except Exception as error:  # noqa: BLE001 - raised again, when the others are done
                failed = error
        if failed:
            raise failed

    async def _remove_inbox(self, name: str) -> None:
        def look_up(tx: Transaction) -> list[int]:
            return [integer(row["id"]) for row in tx.rows("inbox_of", name=name, limit=_SHARE)]

        while ids := await self._store.read(look_up):
            async for _ in in_portions(self._store, ids, _delete("delete_incoming")):
                pass

    async def _remove_rest(self, name: str) -> None:
        portions = Portions()

        def work(tx: Transaction) -> bool:
            portions.begin()
            limit = portions.size
            is_more = tx.run("remove_thrown_away", name=name, limit=limit) == limit
            portions.end()
            if not is_more:
                tx.run("remove_unreadable", name=name)  # there are few
                tx.run("delete_meta", key=_NOTE + name)
            return is_more

        while await self._store.submit(work):
            pass


def _delete(query: str) -> partial[int]:
    return partial(_run, query)


def _run(query: str, tx: Transaction, ids: str) -> int:
    return tx.run(query, ids=ids)
