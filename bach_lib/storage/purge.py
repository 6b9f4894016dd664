"""Removing old rows without an index on their age.

Ids grow with time, so one walks up from the oldest and stops at the first page that holds nothing old. (A single young
row in between proves nothing: the machine's clock may have been wrong that day.)
"""

import json
from collections.abc import Callable

from bach_lib.storage.database import Store
from bach_lib.storage.sqlite import Row, Transaction
from bach_lib.storage.values import integer, real

_PAGE = 500
"""Rows a transaction: short enough that nobody who wants to send notices."""


async def purge(store: Store, page_query: str, delete_query: str, before: float, wanted: Callable[[Row], bool]) -> int:
    """Delete the `wanted` rows made before a time (seconds since 1970), a page a transaction; return how many.

    `page_query` takes `after` and `limit` and returns `id`, `created_at` and what `wanted` looks at; `delete_query`
    takes `ids`.
    """
    removed = 0
    after: int | None = 0

    def work(tx: Transaction) -> tuple[int, int | None]:
        rows = tx.rows(page_query, after=after, limit=_PAGE)
        old = [row for row in rows if (real(row["created_at"]) or 0.0) < before]
        ids = [integer(row["id"]) for row in old if wanted(row)]
        if ids:
            tx.run(delete_query, ids=json.dumps(ids))
        return len(ids), integer(rows[-1]["id"]) if old and len(rows) == _PAGE else None

    while after is not None:
        count, after = await store.submit(work)
        removed += count
    return removed
