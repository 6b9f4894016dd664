"""Proofs of sent messages: what is known of them later, stored with what told it, and told once.

What was answered was seen, and what was seen was delivered: whoever waits for less need not wait for more. A proof
changes nothing that was decided, but one thing: a message of which nobody knew whether it had arrived is sent.
"""

import json
from collections.abc import Callable, Iterable

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors.base import Proof
from bach_lib.events import MessageEvent, MessageSent
from bach_lib.models import PersonProof, ProofKind
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.models.spellings import Spellings
from bach_lib.outbound.bystander import Bystander
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.proof_rows import Told, add, add_early, of_part, person_proof
from bach_lib.storage import Store, Transaction
from bach_lib.storage.values import integer, noted

_NEWEST = 1_000
"""Messages of one place among which the one is looked for to which somebody replied."""
_NO_ANSWERS = frozenset({Kind.EDITED, Kind.DELETED, Kind.REACTION, Kind.MEMBERSHIP})


class ProofKeeper:
    """What is known of the sent messages of one database.

    `dispatcher(connection)`: as in `ByHand`; it need not send what has arrived.
    """

    def __init__(self, store: Store, bus: Bus, clock: Clock, instance: str) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self.instance: str = instance
        """The database's own name for itself."""
        self.dispatcher: Callable[[str], Dispatcher | Bystander | None] = lambda _: None

    def told(
        self, tx: Transaction, connection: str, proof: Proof, at: float, spellings: Spellings
    ) -> list[MessageEvent]:
        """Store what a platform tells, `at` by our clock; what is new in it, to be published."""
        places = {spellings.normal(place) for place in proof.places}
        told = Told(kind=proof.kind, person=spellings.normal(proof.sender_id), name=proof.sender_name, at=at)
        ids = list(dict.fromkeys(proof.remote_ids))
        found = tx.rows("parts_named", connection=connection, remote_ids=json.dumps(ids))
        events = list[MessageEvent]()
        for row in found:
            if spellings.normal(str(row["recipient"])) in places:
                events += self._add(
                    tx, integer(row["id"]), of_part(told, str(row["remote_id"]), integer(row["number"]))
                )
        known = {row["remote_id"] for row in found}
        add_early(tx, connection, told, sorted(places | {*proof.places}), [one for one in ids if one not in known])
        return events

    def answered(self, tx: Transaction, message: IncomingMessage, spellings: Spellings) -> list[MessageEvent]:
        """Store that something that came in answers a message of ours, if it does."""
        if message.kind in _NO_ANSWERS or not message.is_own:
            return []
        number = message.message_id or self._replied_to(tx, message, spellings)
        return [] if number is None else self._add(tx, number, _answer(message))

    async def answered_by(self, message_id: int, answer: IncomingMessage) -> None:
        """The same of what is known to be an answer, such as words after a question. Raises a `StorageError`."""
        self.publish(await self._store.submit(lambda tx: self._add(tx, message_id, _answer(answer)), as_owner=True))

    def publish(self, events: Iterable[MessageEvent]) -> None:
        """Tell of what is on disk."""
        for event in events:
            if isinstance(event, MessageSent) and (dispatcher := self.dispatcher(event.connection)):
                dispatcher.drop(event.message)
            self._bus.publish(event)

    async def of(self, message_id: int, limit: int) -> list[PersonProof]:
        """What is known of a message and each person, as it became known."""
        rows = await self._store.read(lambda tx: tx.rows("proofs_of", message_id=message_id, limit=limit))
        return [proof for row in rows if (proof := person_proof(row)) is not None]

    def _add(self, tx: Transaction, message_id: int, told: Told) -> list[MessageEvent]:
        return add(tx, message_id, told, now=self._clock.now(), instance=self.instance)

    def _replied_to(self, tx: Transaction, message: IncomingMessage, spellings: Spellings) -> int | None:
        """Which message of ours the platform's id means; that alone makes no press one of ours."""
        if message.reply_to is None or message.kind is Kind.BUTTON or message.content.value is not None:
            return None
        handed_over = tx.row("handed_over", name=message.connection)  # ids mean something else since
        for form in spellings.spellings(message.recipient):
            row = tx.row(
                "answered_message",
                connection=message.connection,
                recipient=form,
                remote_id=message.reply_to,
                limit=_NEWEST,
                after=noted(str(handed_over["value"]).split()[-1]) if handed_over else 0,
            )
            if row is not None:
                return integer(row["id"])
        return None


def _answer(message: IncomingMessage) -> Told:
    return Told(
        kind=ProofKind.ANSWERED,
        person=message.sender_id,
        name=message.sender_name or message.sender_id,
        at=message.received_at,
        remote_id=message.reply_to,
    )
