"""Pages and counts of the inbox: what was stored before a place got its one form is found as well."""

import json
from collections.abc import Callable, Sequence
from functools import partial

from bach_lib.inbound.rows import read_row
from bach_lib.models.incoming import InboxStatus, IncomingMessage
from bach_lib.storage import Row, Store, Transaction, Value
from bach_lib.storage.values import integer, upper_bound


class Pages:
    """Queries on the inbox."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self,
        *,
        connection: str | None,
        sender_id: str | None,
        recipient: str | None,
        status: InboxStatus | None,
        before: int | None,
        limit: int,
        offset: int,
        aliases: Sequence[str] = (),
        others: Sequence[tuple[str, str]] = (),
    ) -> list[IncomingMessage]:
        """A page, newest first. `before`: only ids below it. `offset`: so many more are passed over.

        `aliases`: what else the sender is known by; `others`: the recipient, each with the connection where it is so.
        """
        values: dict[str, Value] = {
            "connection": connection,
            "recipient": recipient,
            "others": json.dumps(["\n".join(one) for one in others]),
            "status": status,
            "before": upper_bound(before),
        }

        def work(tx: Transaction) -> list[IncomingMessage]:
            if sender_id is not None:
                look_up = partial(tx.rows, "list_incoming_from", **values)
                rows = _newest(look_up, "sender_id", (sender_id, *aliases), limit, offset)
            elif connection is not None and recipient is not None:
                forms = [form for name, form in others if name == connection]
                look_up = partial(tx.rows, "list_incoming_at", **values)
                rows = _newest(look_up, "recipient", (recipient, *forms), limit, offset)
            else:
                query = "list_incoming" if connection is None else "list_incoming_of"
                rows = tx.rows(query, **values, limit=limit, offset=upper_bound(offset))
            return [read_row(row) for row in rows]

        return await self._store.read(work)

    async def count(
        self,
        *,
        connection: str | None,
        sender_id: str | None,
        status: InboxStatus | None,
        aliases: Sequence[str] = (),
    ) -> int:
        """How many there are. `aliases`: what else the sender is known by."""

        def work(tx: Transaction) -> int:
            rows = [
                tx.row("count_incoming", connection=connection, sender_id=one, status=status)
                for one in (sender_id, *aliases)
            ]
            return sum(integer(row["number"]) for row in rows if row)

        return await self._store.read(work)

    async def unread(self) -> dict[str, int]:
        """How many nobody read, by the name of the connection where there are any."""

        def work(tx: Transaction) -> dict[str, int]:
            return {str(row["connection"]): integer(row["number"]) for row in tx.rows("count_unread")}

        return await self._store.read(work)


def _newest(look_up: Callable[..., list[Row]], field: str, forms: Sequence[str], limit: int, offset: int) -> list[Row]:
    """A page of what goes under any of these forms. One look-up each: an index knows the newest of one only."""
    if len(forms) == 1:
        return look_up(limit=limit, offset=upper_bound(offset), **{field: forms[0]})
    most = upper_bound(limit + offset)
    found = [row for form in forms for row in look_up(limit=most, offset=0, **{field: form})]
    return sorted(found, key=lambda row: -integer(row["id"]))[offset : offset + limit]
