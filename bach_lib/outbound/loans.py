"""Loans: lanes that the owner of a connection lends to other processes, as rows in the database that all of them share.

The owner offers a lane, another process takes it, delivers some of its messages and gives it back, and the owner reads
what became of them. Until then the lane is nobody else's: the owner lends a lane once, and whoever owns the connection
after it finds the row. Whoever has taken a lane writes as a session (`Store.submit`, `as_owner`); when that was ended,
what it had under way is settled as after a crash, and its lanes are the owner's again.
"""

import asyncio
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import override

from bach_lib.clock import Clock
from bach_lib.models import Message, Status
from bach_lib.outbound.advancing import Advance, Step
from bach_lib.outbound.interrupted import settle_interrupted
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.rows import readable_message
from bach_lib.storage import Row, SharedStore, Transaction, Value
from bach_lib.storage.alike import Alike
from bach_lib.storage.columns import UNREADABLE
from bach_lib.storage.values import integer, listed

_COUNTED = frozenset({Status.SENT, Status.FAILED, Status.DEAD, Status.UNCERTAIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A lane as its owner offers it. `messages`: those that may go now, in their order."""

    recipient: str
    priority: int
    messages: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A lane that was lent. `messages`: as in `Lot`."""

    id: int
    recipient: str
    messages: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A lane that is the owner's again.

    `messages`: those it was lent with, as they are now. `tried`: those of them that were, or ended. `interrupted`:
    those that were under way when whoever had it ended.
    """

    id: int
    messages: tuple[Message, ...]
    tried: frozenset[int]
    interrupted: frozenset[int]

    def delivered(self, message: Message) -> bool | None:
        """What counts of a message: a success, a failure, or nothing that is not counted already."""
        if message.id not in self.tried or message.status not in _COUNTED:
            return None
        return message.status is Status.SENT


class Loans:
    """The loans of all connections, for one process: as an owner who lends, and as one who takes."""

    def __init__(self, store: SharedStore, clock: Clock, instance: str) -> None:
        self._store, self._clock, self._instance = store, clock, instance
        self.session: Callable[[], int] = lambda: 0
        """The session of this process; 0: it works on nothing."""
        self.helpers: Callable[[], int] = lambda: 0
        """How many other processes there are that could take a lane."""
        self.offered: Callable[[str], None] = lambda _: None
        """Calls out that lanes of a connection are to be had."""
        self.returned: Callable[[str], None] = lambda _: None
        """Calls out that lanes of a connection came back."""

    @property
    def queue(self) -> Queue:
        """The queue for whoever has taken a lane."""
        return LentQueue(self._store, self._clock, self._instance)

    # -- the owner -----------------------------------------------------------------------------------------------------

    async def offer(self, connection: str, lots: Sequence[Lot]) -> list[int]:
        """Lend these lanes to whoever takes them; the numbers of the loans. Raises a `StorageError`."""
        values: list[dict[str, Value]] = [
            {
                "connection": connection,
                "recipient": lot.recipient,
                "priority": lot.priority,
                "messages": json.dumps([*lot.messages]),
            }
            for lot in lots
        ]

        def work(tx: Transaction) -> list[int]:
            tx.run_all("lend_lane", values)
            numbers = {row["recipient"]: integer(row["id"]) for row in tx.rows("list_loans", connection=connection)}
            return [numbers[lot.recipient] for lot in lots]

        return await self._store.submit(work, as_owner=True)

    async def recall(self, ids: Collection[int], most: int) -> list[int]:
        """Take back those of these loans that nobody has taken, so many of them. Raises a `StorageError`."""
        return await self._store.submit(lambda tx: _recalled(tx, ids, most), as_owner=True)

    async def adopt(self, connection: str, *, idempotent: bool) -> tuple[list[Loan], list[Ended]]:
        """Those lanes of a connection that others have, for its new owner, and those that are this one's again.

        Raises a `StorageError`.
        """

        def work(tx: Transaction) -> tuple[list[Loan], list[Ended]]:
            rows = tx.rows("list_loans", connection=connection)
            gone = set(_recalled(tx, [integer(row["id"]) for row in rows if row["process"] is None], len(rows)))
            rows = [row for row in rows if row["id"] not in gone]
            return [_loan(row) for row in rows if _is_out(row)], self._ended(
                tx, connection, rows, {}, idempotent=idempotent
            )

        return await self._store.submit(work, as_owner=True)

    async def collect(self, connection: str, lent: Mapping[int, Sequence[int]], *, idempotent: bool) -> list[Ended]:
        """The lanes that have come back, or whose borrower has ended. Raises a `StorageError`.

        `lent`: the messages of each loan, as far as its owner knows them; a row that is damaged tells nothing.
        """

        def work(tx: Transaction) -> list[Ended]:
            rows = tx.rows("list_loans", connection=connection)
            return self._ended(tx, connection, rows, lent, idempotent=idempotent)

        return await self._store.submit(work, as_owner=True)

    def _ended(
        self,
        tx: Transaction,
        connection: str,
        rows: Sequence[Row],
        lent: Mapping[int, Sequence[int]],
        *,
        idempotent: bool,
    ) -> list[Ended]:
        over = [(row, lent.get(integer(row["id"])) or _ids(row["messages"])) for row in rows if not _is_out(row)]
        if not over:
            return []
        ids = _array(message_id for _, ids in over for message_id in ids)
        found = {integer(row["id"]): row for row in tx.rows("lent_messages", ids=ids)}
        now = self._clock.now()
        ended = [
            self._end(tx, row, [found[one] for one in ids if one in found], now, idempotent=idempotent)
            for row, ids in over
        ]
        for one in ended:
            for message in one.messages:
                if (delivered := one.delivered(message)) is not None:
                    tx.tally(connection, delivered=delivered, now=now)
        tx.run("end_loans", ids=_array(one.id for one in ended))
        return ended

    def _end(self, tx: Transaction, row: Row, found: Sequence[Row], now: float, *, idempotent: bool) -> Ended:
        messages, tried, interrupted = list[Message](), set(_ids(row["tried"])), set[int]()
        for one in found:
            message = readable_message(one, self._instance)
            if message.status is Status.SENDING:
                interrupted.add(message.id)
                settled = settle_interrupted(tx, one, idempotent=idempotent, now=now, instance=self._instance)
                message = settled or message
            elif row["tried"] is None and message.status is Status.SENT:  # by one that could not tell
                tried.add(message.id)
            messages.append(message)
        return Ended(
            id=integer(row["id"]),
            messages=tuple(messages),
            tried=frozenset(tried - interrupted),
            interrupted=frozenset(interrupted),
        )

    # -- who helps -----------------------------------------------------------------------------------------------------

    async def take(self, connection: str, most: int) -> list[Loan]:
        """Take as many lanes as this, the best first; all that this process has in hand. Raises a `StorageError`."""
        process = self.session()

        def work(tx: Transaction) -> list[Loan]:
            tx.run("take_lanes", connection=connection, process=process, most=most)
            return [_loan(row) for row in tx.rows("lanes_in_hand", connection=connection, process=process)]

        return await self._store.submit(work, as_owner=True)

    async def give_back(self, loan: Loan, tried: Collection[int]) -> None:
        """The lane is its owner's again; these of its messages were tried. Raises a `StorageError`."""
        process, told = self.session(), json.dumps(sorted(tried))
        await self._store.submit(
            lambda tx: tx.run("give_lane_back", id=loan.id, process=process, tried=told), as_owner=True
        )


class LentQueue(Queue):
    """The queue for whoever has taken a lane of a connection that another process owns.

    What was delivered is counted by the owner: a row that several processes write at once would hold up all of them.
    """

    @override
    def advance(
        self,
        settlement: Settlement | None,
        claim: int | None,
        connection: str | None = None,
        forms: Sequence[str] = (),
    ) -> asyncio.Future[Advance]:
        uncounted = replace(settlement, delivered=None) if settlement else None
        step = Alike(self._advance_all, Step(uncounted, claim, connection, forms, is_lent=True))
        return self._store.submit(step, ends=claim is None, as_owner=True)


def _recalled(tx: Transaction, ids: Collection[int], most: int) -> list[int]:
    return [integer(row["id"]) for row in tx.rows("recall_lanes", ids=_array(ids), most=most)] if ids else []


def _array(ids: Iterable[int]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"


def _is_out(row: Row) -> bool:
    """Whether somebody has it, or may take it."""
    return row["tried"] is None and (row["process"] is None or row["lives"] == 1)


def _loan(row: Row) -> Loan:
    return Loan(id=integer(row["id"]), recipient=str(row["recipient"]), messages=tuple(_ids(row["messages"])))


def _ids(told: Value) -> list[int]:
    """What a lane was lent with, or what was tried of it; nothing where that is damaged: it costs no other lane."""
    try:
        return [integer(int(str(one))) for one in listed(told)] if told else []
    except UNREADABLE:
        return []
