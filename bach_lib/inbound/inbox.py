"""The inbox on disk: messages of allowed senders and the cursor in one transaction, every message once.

The platform learns of a cursor only with the next poll, so a crash at any moment repeats a poll and never loses a
message; a repeated message is recognised by the platform's own id. A message that cannot be stored for a reason of its
own is set aside with what is known of it; failing again and again, it would keep back everything behind it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors import tolerant
from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.errors import UnknownMessageError
from bach_lib.events import MessageEvent
from bach_lib.inbound.admission import admit, sightings_of
from bach_lib.inbound.ages import Ages
from bach_lib.inbound.batch_check import validate_batch
from bach_lib.inbound.handover import Handover
from bach_lib.inbound.pages import Pages
from bach_lib.inbound.pairing import Pairings
from bach_lib.inbound.presses import match_outgoing
from bach_lib.inbound.proving import Judged, Witness
from bach_lib.inbound.quiet_start import Judge, is_heard, keep_quiet
from bach_lib.inbound.quota import Quota
from bach_lib.inbound.recurring import told_again
from bach_lib.inbound.rows import incoming_values, read_row, save_routed, size_of
from bach_lib.inbound.set_aside import set_aside
from bach_lib.inbound.taken_back import of_known
from bach_lib.inbound.unhandled import Unhandled, forget_tries
from bach_lib.inbound.votes import with_polls
from bach_lib.models import Connection
from bach_lib.models.incoming import ACTED_UPON, InboxStatus, IncomingMessage, Kind
from bach_lib.policy import ReceivePolicy
from bach_lib.redact import Redactor
from bach_lib.registry.directory import Directory, write_lesson
from bach_lib.storage import Store, Transaction
from bach_lib.storage.portions import Portions, in_portions
from bach_lib.storage.purge import purge
from bach_lib.storage.values import integer, real, text, upper_bound

MAX_ROUTED = 100
"""Messages whose routing is written in one transaction; as many as a poll brings."""
_MAX_THROWN_AWAY, _MAX_THROWN_AWAY_BYTES = 10_000, 2_000_000
"""Numbers of a connection's messages that somebody threw away which are kept: the newest."""
_OWN_FAULTS = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What a message that no disk can take fails with; a full disk fails otherwise, and what it refused comes again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of a poll: the new `messages`, and how many were `blocked` (strangers) and set `aside`.

    `expected`: how many of the blocked a person waits for. `gone`: how many older ones had to make room. `proven`: what
    became known of messages that were sent. `quiet`: how many came in that are to be told to nobody.
    """

    messages: Sequence[IncomingMessage]
    blocked: int
    aside: int
    expected: int = 0
    gone: int = 0
    proven: Sequence[MessageEvent] = ()
    quiet: int = 0


class Inbox:
    """All incoming messages of one database, whose `instance` tells it from every other.

    A command or press older than `max_age` seconds is stored as expired. `own`: the policies of single connections.
    `witness`: who keeps what is known of sent messages.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        pairings: Pairings,
        instance: str,
        max_age: float,
        *,
        policy: ReceivePolicy | None = None,
        policy_of: Callable[[str], ReceivePolicy] | None = None,
        directory: Directory | None = None,
        witness: Witness | None = None,
    ) -> None:
        self.witness = witness
        self._directory = directory or Directory(store, Bus(), lambda _: frozenset())
        self._store = store
        self.pages: Pages = Pages(store)
        self.handover: Handover = Handover(store, self._directory, clock)
        self.unhandled: Unhandled = Unhandled(store, clock, self.max_age)
        self._clock = clock
        self._pairings = pairings
        self._instance = instance
        self._max_age, self._policy_of = max_age, policy_of
        usual = policy or ReceivePolicy()
        self._room = Quota(policy_of or (lambda _: usual))

    def max_age(self, connection: str) -> float:
        """Seconds after which a command or press of this connection is not acted upon."""
        return self._policy_of(connection).max_age if self._policy_of else self._max_age

    async def cursor(self, connection: str) -> str | None:
        """How far this connection has read."""
        row = await self._store.submit(lambda tx: tx.row("get_cursor", name=connection), writes=False)
        return text(row["receive_cursor"]) if row else None

    async def caught_up_at(self, connection: str) -> float | None:
        """When this connection had read everything there was, as far as the disk knows (seconds since 1970)."""
        row = await self._store.submit(lambda tx: tx.row("get_cursor", name=connection), writes=False)
        return real(row["polled_at"]) if row else None

    async def save_caught_up_at(self, connection: str, when: float) -> None:
        """Let the next start know until when everything was read."""
        await self._store.submit(lambda tx: tx.run("save_polled_at", name=connection, polled_at=when), as_owner=True)

    async def accept(
        self,
        connection: Connection,
        batch: Batch,
        *,
        caught_up_at: float | None,
        redact: Redactor,
        is_quiet: Judge = is_heard,
    ) -> Accepted:
        """Store what allowed senders sent, and the cursor. `is_quiet`: of what nobody is to hear; stored as if done.

        `caught_up_at`: when everything before this poll had been read, so nothing in it was sent earlier; by the clock
        of `batch.told_at`, else by ours.
        """
        lesson = await self._directory.study(connection.name, sightings_of(batch := validate_batch(batch)))
        spellings, known = self._directory.of(connection.name, lesson), self._directory.allowed(connection, lesson)
        batch = await with_polls(self._store, connection.name, batch, spellings, instance=self._instance, allowed=known)
        admitted = admit(batch.messages, spellings, known)
        found, now = self._pairings.sort(connection.name, *admitted, is_anybody_let_in=bool(known)), self._clock.now()
        ages = Ages(now=now, told_at=batch.told_at, caught_up_at=caught_up_at)

        def work(tx: Transaction) -> Accepted:
            if lesson is not None:
                write_lesson(tx, lesson, now)
            _save_cursor(tx, connection.name, batch, len(found.blocked), now)
            aside, judged = list(batch.unreadable), Judged(connection=connection.name, ages=ages, spellings=spellings)
            stored = self._store_all(tx, judged, found.allowed, aside)
            proven = judged.prove(tx, self.witness, batch.proofs, stored) if self.witness else ()
            set_aside(tx, connection.name, aside, redact, now)
            gone = self._room.make(tx, connection.name, len(stored))
            heard = keep_quiet(tx, stored, is_quiet, source=connection.type, now=now)
            counted = {"blocked": len(found.blocked), "expected": found.expected, "quiet": len(stored) - len(heard)}
            return Accepted(messages=heard, aside=len(aside), gone=gone, proven=proven, **counted)

        accepted = await self._store.submit(work, as_owner=True)
        if lesson is not None:
            self._directory.learn(lesson)
            self._directory.tell(lesson)
        self._pairings.offer(connection.name, found.blocked, found.codes)
        return accepted

    def is_let_in(self, connection: Connection, message: Incoming) -> bool:
        """Whether a message is of somebody allowed, as far as is known before it is read for what it tells."""
        spellings, allowed = self._directory.of(connection.name), self._directory.allowed(connection)
        return bool(admit([message], spellings, allowed)[0])

    async def unrouted(self, connection: str) -> list[IncomingMessage]:
        """What was stored and never announced, some of it, oldest first: a crash came between."""
        asked: dict[str, str | int] = {"connection": connection, "limit": MAX_ROUTED}
        return [
            read_row(row) for row in await self._store.submit(lambda tx: tx.rows("unrouted", **asked), writes=False)
        ]

    async def save_routed(self, messages: Iterable[IncomingMessage]) -> None:
        """Keep what the router found out, so that these are never announced again; `MAX_ROUTED` at once, no more."""
        messages = list(messages)

        def work(tx: Transaction) -> None:
            for message in messages:
                save_routed(tx, message)

        await self._store.submit(work, as_owner=True)

    async def get(self, incoming_id: int) -> IncomingMessage:
        """One message. Raises `UnknownMessageError`."""
        wanted = upper_bound(incoming_id)
        row = await self._store.read(lambda tx: tx.row("get_incoming", id=wanted))
        if row is None:
            raise UnknownMessageError(id=incoming_id)
        return read_row(row)

    async def delete(self, ids: Iterable[int]) -> int:
        """Delete messages, and do not take them in again, some a transaction; return how many there were."""
        now = self._clock.now()

        def work(tx: Transaction, some: str) -> int:
            tx.run("throw_away", ids=some, now=now)
            _trim_thrown_away(tx)
            return tx.run("delete_incoming", ids=some)

        gone = sum([count async for count in in_portions(self._store, _each_once(ids), work)])
        if not gone:  # what is kept of before may be too much as well
            await self._store.submit(_trim_thrown_away)
        return gone

    async def mark(self, ids: Iterable[int], status: InboxStatus) -> int:
        """Give messages this status, some a transaction; return how many had another.

        Those that are unread again are so for programs, too, however often these have failed over them.
        """

        def work(tx: Transaction, some: str) -> int:
            if status is InboxStatus.UNREAD:
                forget_tries(tx, some)
            return tx.run("mark_incoming", ids=some, status=status)

        return sum([count async for count in in_portions(self._store, _each_once(ids), work)])

    async def unreadable(self, connection: str) -> list[Unreadable]:
        """What was set aside, newest first."""
        rows = await self._store.read(lambda tx: tx.rows("list_unreadable", connection=connection))
        return [Unreadable(raw=str(row["raw"]), reason=str(row["reason"])) for row in rows]

    async def purge(self, before: float, own: Mapping[str, float] | None = None) -> int:
        """Remove what came in before a time (seconds since 1970); return how many messages.

        `own`: the time of single connections.
        """
        portions = Portions()

        def work(tx: Transaction) -> bool:
            portions.begin()
            tx.run("purge_unreadable", before=before)
            is_more = tx.run("purge_thrown_away", before=before, limit=portions.size) >= portions.size
            portions.end()
            return is_more

        while await self._store.submit(work):
            pass
        return await purge(self._store, "page_inbox_by_age", "delete_incoming", before, lambda _: True, own=own)

    def _store_all(
        self, tx: Transaction, judged: Judged, messages: Iterable[Incoming], aside: list[Unreadable]
    ) -> list[IncomingMessage]:
        """Those that are new; what no disk can take is set aside."""
        stored: list[IncomingMessage] = []
        for message in messages:
            try:
                known = of_known(tx, judged.connection, message)
                new = self._store_one(tx, judged, known) if known else None
            except _OWN_FAULTS as error:
                aside.append(tolerant.aside(message, repr(error)))
            else:
                stored += [new] if new else []
        return stored

    def _store_one(self, tx: Transaction, judged: Judged, message: Incoming) -> IncomingMessage | None:
        """None if the platform's id is known: it is the same message again."""
        connection, ages = judged.connection, judged.ages
        if message.recurs:
            if (told := told_again(tx, connection, message, ages.now)) is None:
                return None
            message = told
        found = match_outgoing(tx, connection, self._instance, message, judged.spellings)
        message = found.message
        if message.kind in ACTED_UPON and ages.at_most(message, found.asked_at) > self.max_age(connection):
            message = replace(message, kind=Kind.EXPIRED)
        values = incoming_values(message)
        row = tx.row(
            "add_incoming",
            connection=connection,
            **values,
            message_id=found.number,
            received_at=ages.now,
            age=ages.age(message),
            size=size_of(values),
        )
        return read_row(row) if row else None


def _each_once(ids: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(upper_bound(number) for number in ids))


def _trim_thrown_away(tx: Transaction) -> None:
    """Who throws away without end fills no disk; what was thrown away long ago does not come again."""
    for row in tx.rows("count_thrown_away"):
        if integer(row["number"]) > _MAX_THROWN_AWAY or integer(row["size"]) > _MAX_THROWN_AWAY_BYTES:
            bounds = {"most_rows": _MAX_THROWN_AWAY * 9 // 10, "most_bytes": _MAX_THROWN_AWAY_BYTES * 9 // 10}
            tx.run("trim_thrown_away", connection=row["connection"], **bounds)


def _save_cursor(tx: Transaction, connection: str, batch: Batch, blocked: int, now: float) -> None:
    """How far has been read, and until when all that there was."""
    polled_at = now if batch.told_at is None else batch.told_at
    until = polled_at if batch.is_complete and isfinite(polled_at) else None
    tx.run("save_cursor", name=connection, cursor=batch.cursor, blocked=blocked, polled_at=until)
