"""Purges old rows without an index on their age.

Ids grow with time, so one walks up from the oldest and stops at the first page that holds nothing old. (A single young
row in between proves nothing: the machine's clock may have been wrong that day.)
"""

import json
from collections.abc import Callable, Mapping

from bach_lib.storage.portions import Portions
from bach_lib.storage.store import Store
from bach_lib.storage.transaction import Row, Transaction, Value
from bach_lib.storage.values import integer, real

_SPARE = 1000
"""Free pages that stay in the file, for what comes next: 4 MB."""


async def purge(
    store: Store,
    page_query: str,
    delete_query: str,
    before: float,
    wanted: Callable[[Row], bool],
    *,
    own: Mapping[str, float] | None = None,
) -> int:
    """Delete the `wanted` rows made before a time (seconds since 1970), some a transaction; return how many.

    `own`: the time of single connections. `page_query` takes `after` and `limit` and returns `id`, `connection`,
    `created_at` and what `wanted` looks at; `delete_query` takes `ids`.
    """
    removed = 0
    times = own or {}
    latest = max([before, *times.values()])
    after: int | None = 0
    portions = Portions()

    def time_of(row: Row) -> float:
        return times.get(str(row["connection"]), before)

    def work(tx: Transaction) -> tuple[int, int | None]:
        portions.begin()
        rows = tx.rows(page_query, after=after, limit=portions.size)
        ages = [(row, _time(row["created_at"])) for row in rows]
        ids = [integer(row["id"]) for row, made in ages if made is not None and made < time_of(row) and wanted(row)]
        if ids:
            tx.run(delete_query, ids=json.dumps(ids))
        # one that nobody can date is left, and proves nothing of those behind it
        more = any(made is None or made < latest for _, made in ages) and len(rows) == portions.size
        portions.end()
        return len(ids), integer(rows[-1]["id"]) if more else None

    while after is not None:
        count, after = await store.submit(work)
        removed += count
    return removed


def _time(value: Value) -> float | None:
    """When a row was made; None for a damaged one."""
    try:
        return real(value) or 0.0
    except ValueError:
        return None


async def give_space_back(store: Store) -> None:
    """Make the file shorter by what is free in it, some pages a transaction."""

    def free(tx: Transaction) -> int:
        [row] = tx.rows("free_pages")
        return integer(row["number"])

    def work(tx: Transaction) -> bool:
        before = free(tx)
        if before <= _SPARE:
            return False
        tx.rows("give_pages_back")
        return free(tx) < before  # a file of before cannot shrink

    while await store.submit(work):
        pass
