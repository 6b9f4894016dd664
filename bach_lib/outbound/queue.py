"""The durable queue: every change of a message is one transaction here, or, by people, in `corrections`; nowhere else.

The queue knows what is on disk and which changes are allowed. Who goes when is the dispatcher's business.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Container, Iterable, Mapping, Sequence
from functools import partial

from bach_lib.clock import Clock
from bach_lib.errors import IdempotencyKeyReusedError, NotCancellableError, NotRetryableError, WordsNotKeptError
from bach_lib.models import Fault, Message, Status
from bach_lib.outbound.advancing import Advance, Step, advance_all
from bach_lib.outbound.collapse import AT_ONCE, REPLACED, oldest_of_tag, outdate, replace_rest
from bach_lib.outbound.file_keeper import FileKeeper
from bach_lib.outbound.going_together import Together, fall_due, gathered
from bach_lib.outbound.interrupted import settle_interrupted
from bach_lib.outbound.one_message import end_message, expire_message, one_message
from bach_lib.outbound.putting import Put, put_row
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.room import room_after
from bach_lib.outbound.rows import (
    COLUMNS,
    Draft,
    Request,
    UnreadableRowError,
    draft_row,
    message_from_draft,
    readable_message,
    without_contents,
)
from bach_lib.storage import Row, Store, Transaction, Value
from bach_lib.storage.alike import Alike
from bach_lib.storage.portions import Portions, in_portions, shares
from bach_lib.storage.request import Single
from bach_lib.storage.values import integer

_AT_ONCE = 100
"""Messages that are changed beside something else; more of them are in portions of their own."""
_WAITING = frozenset({Status.PENDING, Status.FAILED})
_RETRYABLE = frozenset({Status.DEAD, Status.UNCERTAIN, Status.EXPIRED, Status.CANCELLED})


class Queue:
    """All outgoing messages of one database."""

    def __init__(self, store: Store, clock: Clock, instance: str) -> None:
        self._store = store
        self._clock = clock
        self.instance = instance
        self.files: FileKeeper = FileKeeper(store)
        """What is in the files of its messages."""

    def put(
        self,
        draft: Draft,
        *,
        leased: bool,
        request: Request | None = None,
        others: Sequence[str] = (),
        limit: int | None = None,
    ) -> asyncio.Future[Put]:
        """Store a draft; the future is done after the commit.

        `leased`: it is born `sending`, its sender stands ready. `request`: only if nothing was put under its key; fails
        with `IdempotencyKeyReusedError` if something else was. `others`: other forms of its recipient. `limit`: fails
        with `QueueFullError` if so many wait on disk (of a database that several processes share).
        """
        is_plain = draft.tag is None and draft.next_retry_at is None and not draft.files
        is_plain = is_plain and not (draft.awake or draft.confidential or draft.gathering or draft.extras)
        if request is None and is_plain and limit is None:
            return self._store.submit(Single(self._putting_alone(draft, leased=leased)))
        return self._store.submit(self.putting(draft, leased=leased, request=request, others=others, limit=limit))

    def _putting_alone(self, draft: Draft, *, leased: bool) -> Callable[[Transaction], Put]:
        """The same for a row that no other is written with, as most are."""
        status, attempted_at = (Status.SENDING, draft.created_at) if leased else (Status.PENDING, None)
        row = draft_row(draft, status, attempted_at)

        def work(tx: Transaction) -> Put:
            number = tx.insert("put_message", row)
            return Put(message=message_from_draft(draft, number, self.instance, status, attempted_at))

        return work

    def put_all(self, work: Callable[[Transaction], list[Put]]) -> asyncio.Future[list[Put]]:
        """Store what `putting` made in one transaction: all of it or nothing."""
        return self._store.submit(work)

    def putting(
        self,
        draft: Draft,
        *,
        leased: bool,
        request: Request | None = None,
        others: Sequence[str] = (),
        limit: int | None = None,
    ) -> Callable[[Transaction], Put]:
        """What `put` does in its transaction."""
        status, attempted_at = (Status.SENDING, self._clock.now()) if leased else (Status.PENDING, None)

        def work(tx: Transaction) -> Put:
            if request and (known := tx.row("requested_message", request_key=request.key)):
                if known["request_digest"] != request.digest:
                    raise IdempotencyKeyReusedError(key=request.key, id=readable_message(known, self.instance).id)
                return Put(message=readable_message(known, self.instance), is_new=False)
            wanted = gathered(tx, draft) if draft.gathering else draft
            room = room_after(tx, wanted, limit)
            # in this transaction, so that none is taken back for one that is not there; the rest in `replace_rest`
            older = oldest_of_tag(tx, draft, others) if draft.tag is not None else ()
            replaced = tuple([self._end(tx, old, Status.CANCELLED, REPLACED) for old in older])
            if draft.tag is not None:
                outdate(tx, draft, others)
            number = put_row(tx, wanted, status, attempted_at, request, in_rows=self.files.in_rows)
            kept = wanted if leased else without_contents(wanted)
            message = message_from_draft(kept, number, self.instance, status, attempted_at)
            return Put(message=message, replaced=replaced, has_more=len(replaced) == AT_ONCE, room=room)

        return work

    def replace_rest(self, newer: Message) -> AsyncIterator[Message]:
        """End what waits with a message's tag and is older."""
        return replace_rest(self._store, newer, now=self._clock.now(), instance=self.instance)

    def advance(
        self,
        settlement: Settlement | None,
        claim: int | None,
        connection: str | None = None,
        forms: Sequence[str] = (),
    ) -> asyncio.Future[Advance]:
        """Settle one message and claim the next, in one transaction. `connection`: only if it is still this one's.

        `forms`: all forms of whom that goes to.
        """
        step = Alike(self._advance_all, Step(settlement, claim, connection, forms))
        return self._store.submit(step, ends=claim is None, as_owner=True)

    def _advance_all(self, tx: Transaction, steps: Sequence[Step]) -> list[Advance]:
        return advance_all(tx, steps, self._clock.now(), self.instance)

    async def recover(
        self, connection: str, *, idempotent: bool, besides: Container[int] = frozenset()
    ) -> list[Message]:
        """After a start: settle what was in flight when the process ended; not `besides`, which others are sending.

        A row that cannot be read is set aside as a dead letter that says why, and is among those returned.
        """
        now, instance = self._clock.now(), self.instance
        settled: list[Message] = []

        def strange(tx: Transaction) -> list[Message]:
            rows = tx.rows("strange_messages", connection=connection, limit=_AT_ONCE)
            return [self._set_aside(tx, row, UnreadableRowError(["status"]).fault) for row in rows]

        def interrupted(tx: Transaction) -> list[Message | None]:
            rows = [row for row in tx.rows("interrupted_messages", connection=connection) if row["id"] not in besides]
            return [settle_interrupted(tx, row, idempotent=idempotent, now=now, instance=instance) for row in rows]

        while some := await self._store.submit(strange, as_owner=True):
            settled += some
        return settled + [message for message in await self._store.submit(interrupted, as_owner=True) if message]

    def look_up[T](self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Let somebody read what is committed."""
        return self._store.read(work)

    async def set_aside(self, message_ids: Iterable[int]) -> list[Message]:
        """End those of these messages that cannot be read as dead letters that say why; return them."""

        def work(tx: Transaction) -> list[Message]:
            rows = [row for message_id in message_ids if (row := tx.row("get_message", id=message_id))]
            waiting = [(row, COLUMNS.damaged(row)) for row in rows if row["status"] in _WAITING]
            return [self._set_aside(tx, row, UnreadableRowError(columns).fault) for row, columns in waiting if columns]

        return await self._store.submit(work, as_owner=True)

    def _set_aside(self, tx: Transaction, row: Row, fault: Fault) -> Message:
        return self._end(tx, integer(row["id"]), Status.DEAD, fault)

    async def get(self, message_id: int) -> Message:
        """One message. Raises `UnknownMessageError`."""
        return await self._store.read(lambda tx: self._one(tx, "get_message", id=message_id))

    async def those(self, message_ids: Sequence[int]) -> list[Message]:
        """Those of these messages that there are, newest first."""
        ids = json.dumps(list(message_ids))

        def work(tx: Transaction) -> list[Message]:
            return [readable_message(row, self.instance) for row in tx.rows("these_messages", ids=ids)]

        return await self._store.read(Single(work))

    async def handed_over(self, connection: str) -> tuple[int, float]:
        """The newest message when another account, to which ids mean something else, took over, and when that was."""
        row = await self._store.read(lambda tx: tx.row("handed_over", name=connection))
        at, newest = str(row["value"]).split() if row else ("-inf", "0")
        return int(newest), float(at)

    async def is_named_before(self, connection: str, recipient: str, remote_id: str, newest: int) -> bool:
        """Whether an id of the platform's is known there from before a message, and from nothing after it."""
        row = await self._store.read(
            lambda tx: tx.row(
                "named_before", connection=connection, recipient=recipient, remote_id=remote_id, newest=newest
            )
        )
        return row is not None

    async def cancel(self, message_id: int) -> tuple[Message, Message]:
        """Take a waiting message out; before and after. Raises `UnknownMessageError` or `NotCancellableError`."""

        def work(tx: Transaction) -> tuple[Message, Message]:
            message = self._one(tx, "get_message", id=message_id)
            if message.status not in _WAITING:
                raise NotCancellableError(id=message_id, status=message.status)
            return message, self._end(tx, message_id, Status.CANCELLED, message.error)

        return await self._store.submit(work)

    async def expire(self, message_ids: Iterable[int], nonces: Mapping[int, str] | None = None) -> list[Message]:
        """End those of these messages that still wait, some a transaction; return them, each once.

        And, as they are, those that are on their way for the disk: to be asked for again, with the `nonces` they have.
        """
        left, found, portions = list(dict.fromkeys(message_ids)), list[Message](), Portions()
        known, now = nonces or {}, self._clock.now()

        def work(tx: Transaction) -> list[Message]:
            portions.begin()
            ended = [expire_message(tx, one, known.get(one), now=now, instance=self.instance) for one in some]
            portions.end()
            return [message for message in ended if message]

        while some := left[: portions.size]:
            del left[: len(some)]
            found += await self._store.submit(work, as_owner=True)
        return found

    def follow_the_wall(self, connection: str, seconds: float) -> asyncio.Future[int]:
        """The wall clock was set by so much: whatever waits ends as long after now as it would have ended."""
        return self._store.submit(
            lambda tx: tx.run("follow_the_wall", connection=connection, seconds=seconds), as_owner=True
        )

    def fall_due(
        self, connection: str, message_ids: Sequence[int], now: float, settings: Mapping[str, object]
    ) -> asyncio.Future[tuple[list[Message], Together]]:
        """Let those of these that were scheduled for a time up to now wait from that on; return them, oldest first.

        And what became of those that had been gathered. `settings`: of the connection.
        """
        due: dict[str, Value] = {"ids": json.dumps(message_ids), "connection": connection, "now": now}
        work = partial(fall_due, due=due, settings=settings, now=now, instance=self.instance)
        return self._store.submit(work, as_owner=True)

    async def keep_progress(self, message_id: int, progress: str) -> None:
        """Remember what of a message that is on its way has arrived."""
        await self._store.submit(lambda tx: tx.run("keep_progress", id=message_id, progress=progress), as_owner=True)

    async def retry(self, message_id: int) -> Message:
        """Let an ended or held message wait again, with all retries, without time to live. Raises an `InputError`."""

        def work(tx: Transaction) -> Message:
            message = self._one(tx, "get_message", id=message_id)
            if message.status not in _RETRYABLE and not message.held:
                raise NotRetryableError(id=message_id, status=message.status)
            if message.confidential and not message.held:
                raise WordsNotKeptError(id=message_id)
            return self._one(tx, "revive_message", id=message_id)

        return await self._store.submit(work)

    async def follow(self, connection: str, old: str, new: str, *, is_move: bool) -> None:
        """Let all that waits for a recipient, and its dead letters, have its new address, some a transaction.

        `is_move`: what changes a message stays with it.
        """

        def work(tx: Transaction, ids: str) -> None:
            tx.rows("readdress", ids=ids, old=old, new=new, is_move=is_move)

        async for ids in shares(self._store, "unsent_to", connection=connection, recipient=old):
            async for _ in in_portions(self._store, ids, work):
                pass

    def _end(self, tx: Transaction, message_id: int, status: Status, fault: Fault | None) -> Message:
        return end_message(tx, message_id, status, fault, now=self._clock.now(), instance=self.instance)

    def _one(self, tx: Transaction, query: str, **values: Value) -> Message:
        return one_message(tx, self.instance, query, **values)
