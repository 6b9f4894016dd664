"""What came in, on disk: messages of allowed senders and the cursor in one transaction, every message once.

The platform learns of a cursor only with the next poll, so a crash at any moment repeats a poll and never loses a
message; a repeated message is recognised by the platform's own id.
"""

import json

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.inbound.contents import content_from_json, content_json
from bach_lib.inbound.pairing import Pairings
from bach_lib.incoming import InboxStatus, IncomingMessage, Kind
from bach_lib.models import Connection
from bach_lib.storage import Store, Transaction
from bach_lib.storage.database import Row
from bach_lib.storage.purge import purge
from bach_lib.storage.values import integer, real, text, upper_bound


class Inbox:
    """All incoming messages of one database."""

    def __init__(self, store: Store, clock: Clock, pairings: Pairings) -> None:
        self._store = store
        self._clock = clock
        self._pairings = pairings

    async def cursor(self, connection: str) -> str | None:
        """How far this connection has read."""
        row = await self._store.submit(lambda tx: tx.row("get_cursor", name=connection), writes=False)
        return text(row["receive_cursor"]) if row else None

    async def accept(self, connection: Connection, batch: Batch) -> tuple[list[IncomingMessage], int]:
        """Store what allowed senders sent, and the cursor.

        Return the new messages and how many senders were turned away.
        """
        allowed = [message for message in batch.messages if is_allowed(connection, message)]
        blocked = [message for message in batch.messages if not is_allowed(connection, message)]
        now = self._clock.now()

        def work(tx: Transaction) -> list[IncomingMessage]:
            tx.run("save_cursor", name=connection.name, cursor=batch.cursor, blocked=len(blocked))
            return [stored for message in allowed if (stored := _store(tx, connection.name, message, now))]

        stored = await self._store.submit(work)
        self._pairings.offer(connection.name, blocked)
        return stored, len(blocked)

    async def page(self, *, connection: str | None, before: int | None, limit: int) -> list[IncomingMessage]:
        """A page, newest first. `before`: only ids below it."""
        values = {"connection": connection, "before": upper_bound(before), "limit": limit}
        rows = await self._store.submit(lambda tx: tx.rows("list_incoming", **values), writes=False)
        return [_message(row) for row in rows]

    async def purge(self, before: float) -> int:
        """Remove what came in before a time (seconds since 1970); return how many."""
        return await purge(self._store, "page_inbox_by_age", "delete_incoming", before, lambda _: True)


def is_allowed(connection: Connection, message: Incoming) -> bool:
    """Nobody is, by default. A recipient with a thread is also allowed through the whole chat."""
    places = {message.recipient, message.recipient.partition("/")[0], message.sender_id} - {""}
    return not connection.allowed.isdisjoint(places)


def _store(tx: Transaction, connection: str, message: Incoming, now: float) -> IncomingMessage | None:
    """None if the platform's id is known: it is the same message again."""
    row = tx.row(
        "add_incoming",
        connection=connection,
        remote_id=_storable(message.remote_id),
        recipient=_storable(message.recipient),
        sender_id=_storable(message.sender_id),
        sender_name=_storable(message.sender_name),
        kind=message.kind,
        text=_storable(message.text),
        content=_storable(content_json(message.content)),
        reply_to=None if message.reply_to is None else _storable(message.reply_to),
        message_id=None,
        sent_at=message.sent_at,
        received_at=now,
        metadata=_storable(json.dumps(dict(message.metadata), ensure_ascii=False)),
    )
    return _message(row) if row else None


def _storable(text: str) -> str:
    """Without halves of characters, which JSON can carry and no disk takes; else the same poll would fail for ever."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _message(row: Row) -> IncomingMessage:
    return IncomingMessage(
        id=integer(row["id"]),
        connection=str(row["connection"]),
        remote_id=str(row["remote_id"]),
        recipient=str(row["recipient"]),
        sender_id=str(row["sender_id"]),
        sender_name=str(row["sender_name"]),
        kind=Kind(str(row["kind"])),
        text=str(row["text"]),
        content=content_from_json(str(row["content"])),
        reply_to=text(row["reply_to"]),
        message_id=None if row["message_id"] is None else integer(row["message_id"]),
        status=InboxStatus(str(row["status"])),
        routed_at=real(row["routed_at"]),
        sent_at=real(row["sent_at"]),
        received_at=real(row["received_at"]) or 0.0,
        metadata=json.loads(str(row["metadata"])),
    )
