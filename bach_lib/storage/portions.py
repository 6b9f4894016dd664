"""Splits bulk work into small transactions, so that whoever sends meanwhile waits for one of them at most."""

import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from bach_lib.storage.store import Store
from bach_lib.storage.transaction import Transaction, Value
from bach_lib.storage.values import integer

_GOAL = 0.005
"""Seconds that a portion should take."""
_SMALLEST, _FIRST, _LARGEST = 1, 20, 200
_SHARE = 2000
"""Ids that one lookup returns."""


class Portions:
    """How many rows the next transaction should take, judged by how long the last one did."""

    def __init__(self) -> None:
        self.size: int = _FIRST
        self._began = 0.0

    def begin(self) -> None:
        """The transaction's work begins (now, in the storage's thread)."""
        self._began = time.perf_counter()

    def end(self) -> None:
        """It is done."""
        took = time.perf_counter() - self._began
        if took > 2 * _GOAL:
            self.size = max(_SMALLEST, int(self.size * _GOAL / took))
        elif took < _GOAL / 2:
            self.size = min(_LARGEST, self.size * 2)


async def in_portions[T](store: Store, ids: Sequence[int], work: Callable[[Transaction, str], T]) -> AsyncIterator[T]:
    """What `work` returns for these ids, some of them (as JSON) a transaction."""
    done, portions = 0, Portions()

    def portion(some: Sequence[int], tx: Transaction) -> T:
        portions.begin()
        found = work(tx, json.dumps(list(some)))
        portions.end()
        return found

    while some := ids[done : done + portions.size]:
        done += len(some)
        yield await store.submit(partial(portion, some))


async def shares(store: Store, query: str, **values: Value) -> AsyncIterator[list[int]]:
    """The ids that a query finds, looked up a share at a time; it takes `after` and `limit`."""
    after: int | None = 0

    def look_up(tx: Transaction) -> list[int]:
        return [integer(row["id"]) for row in tx.rows(query, after=after, limit=_SHARE, **values)]

    while after is not None:
        ids = await store.read(look_up)
        after = ids[-1] if len(ids) == _SHARE else None
        if ids:
            yield ids
