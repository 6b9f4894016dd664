"""Changes messages on disk for people: amend, discard, withdraw and move.

Beside `queue`, the only place where messages change. What concerns many goes in portions, so that nobody who wants to
send has to wait for it.
"""

import json
from collections.abc import AsyncIterator, Sequence

from bach_lib.clock import Clock
from bach_lib.errors import NotAmendableError, NotDiscardableError, NotScheduledError, NotUndoableError
from bach_lib.models import Attempt, Message, Status
from bach_lib.outbound.attempts import attempts_of
from bach_lib.outbound.cells import extras_written
from bach_lib.outbound.file_keeper import FileKeeper
from bach_lib.outbound.going_together import TOLD
from bach_lib.outbound.meanwhile import UNDER_WAY, WITHDRAWN
from bach_lib.outbound.one_message import one_message
from bach_lib.outbound.reasons import fault_values
from bach_lib.outbound.rows import Draft, draft_values, oldest_first, readable_message
from bach_lib.storage import Store, Transaction, Value
from bach_lib.storage.portions import in_portions, shares
from bach_lib.storage.values import integer

_ENDED = frozenset({Status.DEAD, Status.UNCERTAIN, Status.EXPIRED, Status.CANCELLED})
_STOPPED = frozenset({Status.DEAD, Status.UNCERTAIN})
WAITING = frozenset({Status.PENDING, Status.FAILED})
"""Those that nobody is sending just now."""


class Corrections:
    """Changes the messages of one database by hand."""

    def __init__(self, store: Store, clock: Clock, instance: str) -> None:
        self._store = store
        self._clock = clock
        self._instance = instance

    async def history(self, message_id: int) -> tuple[Message, list[Attempt]]:
        """A message as it stands and its attempts, oldest first. Raises `UnknownMessageError`."""

        def work(tx: Transaction) -> tuple[Message, list[Attempt]]:
            return self._get(tx, message_id), attempts_of(tx, message_id)

        return await self._store.read(work)

    async def amendable(self, message_id: int) -> Message:
        """A message that waits or has ended, with what is in its files.

        Raises `UnknownMessageError` or `NotAmendableError`.
        """
        message = await self._store.read(lambda tx: self._amendable(tx, message_id))
        return (await FileKeeper(self._store).filled(message))[0]

    async def amend(self, message: Message, draft: Draft, *, is_moved: bool = False) -> tuple[Message, Message] | None:
        """Let a message wait as the draft says, with all its retries; its files stay as they are. Before and after.

        `is_moved`: to the time of the draft, or to now; else it keeps its own.

        None: somebody else has amended it since it was read, and would lose that. Nobody can begin to send it in
        between. Raises `UnknownMessageError`, or `NotAmendableError`, also if it has ended since it was read.
        """
        new, message_id = draft_values(draft, Status.PENDING), message.id

        def work(tx: Transaction) -> tuple[Message, Message] | None:
            before = self._amendable(tx, message_id)
            if (message.status in WAITING) != (before.status in WAITING):
                raise NotAmendableError(id=message_id, status=before.status)
            if before.nonce != message.nonce:
                return None
            fields = ("connection", "recipient", "text", "title", "format", "reply_to", "buttons", "expires_at")
            changes = {field: new[field] for field in fields} | {"extras": extras_written(draft.extras)}
            if draft.expires_at == message.expires_at:  # its time goes on; the wall clock may have been set since
                changes["expires_at"] = before.expires_at
            changes |= {"moved": int(is_moved), "next_retry_at": draft.next_retry_at}
            tx.run("forget_proofs", message_id=message_id)  # they are of what it was
            tx.run("forget_ids", message_id=message_id)
            [row] = tx.rows("amend_message", id=message_id, **changes)
            return before, readable_message(row, self._instance)

        return await self._store.submit(work)

    async def send_now(self, message_id: int) -> Message:
        """Let a scheduled message wait from now on. Raises `UnknownMessageError` or `NotScheduledError`."""

        def work(tx: Transaction) -> Message:
            if (row := tx.row("send_now", id=message_id, now=now)) is None:
                raise NotScheduledError(id=message_id, status=self._get(tx, message_id).status)
            return readable_message(row, self._instance)

        now = self._clock.now()
        return await self._store.submit(work)

    async def check_discardable(self, message_ids: Sequence[int]) -> None:
        """Raise `UnknownMessageError` or `NotDiscardableError` if one of these is no dead or uncertain message."""

        def work(tx: Transaction) -> None:
            for message_id in message_ids:
                status = self._get(tx, message_id).status
                if status not in _STOPPED:
                    raise NotDiscardableError(id=message_id, status=status)

        await self._store.read(work)

    def discard(self, message_ids: Sequence[int]) -> AsyncIterator[Message]:
        """Cancel those of these messages that are dead or uncertain; they keep the reason."""
        return self._each("discard", message_ids, now=self._clock.now())

    async def put_back(self, before: Message, cancelled: Message, forms: Sequence[str]) -> Message:
        """Let a message that was cancelled stand as it stood before. Raises `NotUndoableError`.

        That is so if anything was done to it since, or if a newer one of its tag has come before which it had to go.
        `forms`: of its recipient, as that may have come under any of them.
        """
        place: dict[str, Value] = {"connection": before.connection, "id": before.id, "tag": before.tag}
        stands: dict[str, Value] = {
            "status": before.status,
            "held": int(before.held),
            "next_retry_at": before.next_retry_at,
        }

        def work(tx: Transaction) -> Message:
            may_be_late = before.tag is not None and before.status in WAITING
            is_late = may_be_late and any(tx.row("newer_of_tag", recipient=one, **place) for one in forms)
            ended: dict[str, Value] = {"finished_at": before.finished_at, "cancelled_at": cancelled.finished_at}
            if is_late or (row := tx.row("put_back", id=before.id, **stands, **ended)) is None:
                raise NotUndoableError(id=before.id)
            return readable_message(row, self._instance)

        return await self._store.submit(work)

    def revive(self, connection: str, forms: Sequence[str] | None) -> AsyncIterator[Message]:
        """Let all dead letters of a connection, or of one recipient there, wait again, oldest first.

        They have all their retries, and no time to live. `forms`: all that the recipient is known by.
        """
        return self._all_of("dead_of", "revive_dead", _place(connection, forms))

    def discard_dead(self, connection: str, forms: Sequence[str] | None) -> AsyncIterator[Message]:
        """Cancel all dead letters of a connection, or of one recipient there; they keep the reason."""
        return self._all_of("dead_of", "discard", _place(connection, forms), now=self._clock.now())

    def release(self, connection: str) -> AsyncIterator[Message]:
        """Let all messages of a connection that wait for their owner's word wait as they did before, oldest first."""
        return self._all_of("held_of", "release", {"connection": connection})

    def discard_held(self, connection: str) -> AsyncIterator[Message]:
        """Cancel all messages of a connection that wait for their owner's word."""
        return self._all_of("held_of", "discard_held", {"connection": connection}, now=self._clock.now())

    async def held_messages(self, connection: str, limit: int) -> list[Message]:
        """The oldest messages of a connection that wait for their owner's word."""

        def work(tx: Transaction) -> list[Message]:
            rows = tx.rows("held_of", connection=connection, after=0, limit=max(limit, 0))
            return [self._get(tx, integer(row["id"])) for row in rows]

        return await self._store.read(work)

    async def withdraw(self, connection: str, recipient: str) -> AsyncIterator[Message]:
        """Cancel all that waits for a recipient, and mark what is under way: if it is not sent now, it never is."""
        values = {"mark": UNDER_WAY, **fault_values(WITHDRAWN)}
        place: dict[str, Value] = {"connection": connection, "recipient": recipient}
        found = self._all_of("unfinished_for", "withdraw", place, recipient=recipient, now=self._clock.now(), **values)
        async for message in found:
            if message.status is Status.CANCELLED:
                yield message

    def move(self, connection: str, old: str, new: str) -> AsyncIterator[Message]:
        """Let all that waits for a recipient or is under way, and its dead letters, have another one."""
        place: dict[str, Value] = {"connection": connection, "recipient": old}
        return self._all_of("unsent_to", "correct_address", place, old=old, new=new)

    async def _all_of(
        self, lookup: str, query: str, place: dict[str, Value], **values: Value
    ) -> AsyncIterator[Message]:
        """What the query returns for what the lookup finds there."""
        async for ids in shares(self._store, lookup, **place):
            async for message in self._each(query, ids, **values):
                yield message

    async def _each(self, query: str, message_ids: Sequence[int], **values: Value) -> AsyncIterator[Message]:
        """What the query returns for those of these messages that it concerns, some of them a transaction."""

        def work(tx: Transaction, ids: str) -> list[Message]:
            return oldest_first(tx.rows(query, ids=ids, **values), self._instance)

        async for messages in in_portions(self._store, message_ids, work):
            for message in messages:
                yield message

    def _amendable(self, tx: Transaction, message_id: int) -> Message:
        message = self._get(tx, message_id)
        if message.status not in _ENDED | WAITING:
            raise NotAmendableError(id=message_id, status=message.status)
        if message.error is not None and message.error.code == TOLD:  # it would be told once more
            raise NotAmendableError(id=message_id, status=Status.SENT)
        return message

    def _get(self, tx: Transaction, message_id: int) -> Message:
        return one_message(tx, self._instance, "get_message", id=message_id)


def _place(connection: str, forms: Sequence[str] | None) -> dict[str, Value]:
    return {"connection": connection, "forms": None if forms is None else json.dumps(forms)}
