"""Queries on messages: pages, counts per connection, and purging the old ones."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from bach_lib.arguments import check_limit, some_of
from bach_lib.errors import InvalidValueError
from bach_lib.models import Connection, Message, QueueStatus, Status
from bach_lib.outbound.rows import readable_message
from bach_lib.said import Sentence
from bach_lib.storage import Row, Store, Transaction, Value
from bach_lib.storage.purge import give_space_back, purge
from bach_lib.storage.request import Single
from bach_lib.storage.values import integer, real, upper_bound

_UNFINISHED = frozenset({Status.PENDING, Status.SENDING, Status.FAILED})
_STOPPED = frozenset({Status.DEAD, Status.UNCERTAIN})
_UNSENT = _STOPPED | {Status.EXPIRED, Status.CANCELLED}
"""Statuses that few messages have and an index knows."""


class History:
    """Queries on the queue."""

    def __init__(self, store: Store, instance: str) -> None:
        self._store = store
        self._instance = instance

    async def look(self) -> None:
        """Ask the database for very little, to see whether it answers. Raises a `StorageError`."""
        await self._store.read(lambda tx: tx.row("instance"))

    async def messages(
        self,
        *,
        connection: str | None,
        recipient: str | None,
        statuses: Iterable[Status] | None,
        before: int | None,
        limit: int,
        others: Sequence[tuple[str, str]] = (),
    ) -> list[Message]:
        """A page, newest first. `before`: only ids below it. Raises `InvalidValueError`.

        `others`: what else the recipient is called, each with the connection where it is so.
        """
        check_limit(limit)

        wanted = None if statuses is None else some_of(Status, "status", statuses)
        values: dict[str, Value] = {
            "before": upper_bound(before),
            "connection": connection,
            "statuses": None if wanted is None else json.dumps(sorted(wanted)),
            "limit": limit,
        }

        def work(tx: Transaction) -> list[Message]:
            if recipient is not None:
                rows = tx.rows("list_messages_to", recipient=recipient, **values)
                for name, form in others:  # one look-up each: the index knows the newest of one form only
                    rows += tx.rows("list_messages_to", recipient=form, **(values | {"connection": name}))
                rows = sorted(rows, key=lambda row: -integer(row["id"]))[:limit]
            elif wanted is not None and wanted <= _UNFINISHED | _STOPPED:
                rows = _undelivered(tx, connection, wanted, before, limit)
            elif wanted is not None and wanted <= _UNSENT:
                rows = tx.rows("list_unsent", **values)
            else:
                rows = tx.rows("list_messages" if connection is None else "list_messages_of", **values)
            return [readable_message(row, self._instance) for row in rows]

        return await self._store.read(work)

    async def waiting_in(self, connections: Iterable[str], limit: int) -> list[Message]:
        """The newest that wait in some connections. For those who share a database, which knows this question."""
        named = json.dumps(sorted(connections))

        def work(tx: Transaction) -> list[Message]:
            found = [integer(row["id"]) for row in tx.rows("newest_waiting", connections=named, limit=limit)]
            rows = tx.rows("these_messages", ids=json.dumps(found))
            return [readable_message(row, self._instance) for row in rows]

        return await self._store.read(work)

    async def noted(self, connection: str, message_ids: Collection[int], limit: int) -> list[Message]:
        """Some messages of a connection, and the newest `limit` that wait there before the last of them, oldest first.

        For those who share a database, which knows this question; one trip to the server.
        """
        values: dict[str, Value] = {
            "ids": json.dumps(sorted(message_ids)),
            "connection": connection,
            "before": max(message_ids),
            "limit": limit,
        }

        def work(tx: Transaction) -> list[Message]:
            return [readable_message(row, self._instance) for row in tx.rows("noted_messages", **values)]

        return await self._store.read(Single(work))

    async def status(self, connections: Iterable[Connection]) -> dict[str, QueueStatus]:
        """How the queue of each connection stands, by name."""

        def work(tx: Transaction) -> dict[str, QueueStatus]:
            held, scheduled = Counter[str](), dict[str, int]()
            rows = [*tx.rows("count_unfinished"), *tx.rows("count_stopped")]
            counts = {(str(row["connection"]), Status(str(row["status"]))): integer(row["number"]) for row in rows}
            for row in tx.rows("count_held"):
                key = (str(row["connection"]), Status(str(row["status"])))
                counts[key] = counts.get(key, 0) - integer(row["number"])
                held[key[0]] += integer(row["number"])
            if any(status is Status.PENDING for _, status in counts):
                scheduled = {str(row["connection"]): integer(row["number"]) for row in tx.rows("count_scheduled")}
            of_files = {str(row["connection"]): integer(row["size"]) for row in tx.rows("count_content_bytes")}
            return {
                one.name: replace(
                    _status(tx, one, counts, scheduled.get(one.name, 0)),
                    held=held[one.name],
                    file_bytes=of_files.get(one.name, 0),
                )
                for one in connections
            }

        return await self._store.read(work)

    async def last_before(self, time: float) -> float | None:
        """When anything went out or came in for the last time before a time (seconds since 1970)."""
        row = await self._store.read(lambda tx: tx.row("last_before", time=time))
        return real(row["written"]) if row else None

    async def purge(self, before: float, statuses: Iterable[Status], own: Mapping[str, float] | None = None) -> int:
        """Remove the messages of these statuses that were queued before a time (seconds since 1970).

        `own`: the time of single connections. Return how many. Raises `InvalidValueError`.
        """
        unwanted = some_of(Status, "statuses", statuses)
        if unfinished := sorted(status for status in unwanted if not status.is_final):
            raise InvalidValueError(
                field="statuses",
                value=unfinished[0],
                expected=Sentence("statuses_of_ended_messages", "statuses of ended messages"),
            )

        def wanted(row: Row) -> bool:
            return row["status"] in unwanted

        removed = await purge(self._store, "page_messages_by_age", "delete_messages", before, wanted, own=own)
        await give_space_back(self._store)
        return removed


def _undelivered(
    tx: Transaction, connection: str | None, statuses: Iterable[Status], before: int | None, limit: int
) -> list[Row]:
    """One step into an index for each connection and status, so that it costs the same however many there are."""
    names = [connection] if connection is not None else [str(row["name"]) for row in tx.rows("list_connections")]
    ids = list[int]()
    for name in names:
        for status in statuses:
            query = "newest_stopped" if status in _STOPPED else "newest_unfinished"
            rows = tx.rows(query, connection=name, status=status, before=upper_bound(before), limit=limit)
            ids += [integer(row["id"]) for row in rows]
    return tx.rows("these_messages", ids=json.dumps(sorted(ids, reverse=True)[:limit]))


def _status(
    tx: Transaction, connection: Connection, counts: dict[tuple[str, Status], int], scheduled: int
) -> QueueStatus:
    name = connection.name
    oldest = [
        real(row["created_at"])
        for status in _UNFINISHED
        if (name, status) in counts and (row := tx.row("oldest_unfinished", connection=name, status=status))
    ]
    return QueueStatus(
        connection=name,
        pending=counts.get((name, Status.PENDING), 0) - scheduled,
        sending=counts.get((name, Status.SENDING), 0),
        failed=counts.get((name, Status.FAILED), 0),
        sent=connection.success_count,
        dead=counts.get((name, Status.DEAD), 0),
        uncertain=counts.get((name, Status.UNCERTAIN), 0),
        oldest=min((time for time in oldest if time is not None), default=None),
        scheduled=scheduled,
    )
