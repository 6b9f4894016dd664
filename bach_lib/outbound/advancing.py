"""Steps of workers: what came of one message is written, and the next is claimed; those of one commit all at once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bach_lib.models import Message, Status
from bach_lib.outbound.claimed_row import claimed
from bach_lib.outbound.collapse import REPLACED, is_replaced, older_of_tag, take_place
from bach_lib.outbound.one_message import end_message
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.rows import UnreadableRowError, plain_message, readable_message
from bach_lib.outbound.settlement import settle_all
from bach_lib.storage import Transaction


@dataclass(slots=True, kw_only=True)
class Advance:
    """What one step of a worker did: the message it settled, and the one it may send now. None: it is gone.

    `ended`: what was to be claimed, if it could not go any more and this step ended it: replaced, or not to be read.
    `replaced`: older ones of its tag that waited, and ended with its claim.
    `is_unsettled`: what was to be claimed is on its way for the disk, which does not know yet what came of that.
    """

    settled: Message | None = None
    claimed: Message | None = None
    ended: Message | None = None
    replaced: tuple[Message, ...] = ()
    is_unsettled: bool = False


@dataclass(slots=True)
class Step:
    """What a worker wants. `connection`: claim only what is still this one's. `forms`: all forms of whom it is for.

    `is_lent`: its lane is another process's, which was told how it stood a moment ago; so only if it still goes there.
    """

    settlement: Settlement | None
    claim: int | None
    connection: str | None
    forms: Sequence[str]
    is_lent: bool = False

    def may_have(self, connection: object, recipient: object) -> bool:
        """Whether a message is what this worker wants to claim."""
        return self.connection in (None, connection) and (not self.is_lent or recipient in self.forms)


def advance_all(tx: Transaction, steps: Sequence[Step], now: float, instance: str) -> list[Advance]:
    """Do these steps. What became of messages is written first, whoever claims what."""
    settled = iter(settle_all(tx, [step.settlement for step in steps if step.settlement], now, instance))
    advances = [Advance(settled=next(settled) if step.settlement else None) for step in steps]
    claims = [(step, advance) for step, advance in zip(steps, advances, strict=True) if step.claim is not None]
    if len(claims) > 1:
        _claim_plain(tx, claims, now, instance)
    for step, advance in claims:
        if advance.claimed is None:
            _claim(tx, step, advance, now, instance)
    return advances


def _claim_plain(tx: Transaction, claims: Sequence[tuple[Step, Advance]], now: float, instance: str) -> None:
    """Claim those that need no second look, by one statement for all."""
    wanted = json.dumps([step.claim for step, _ in claims])
    found = tx.all_values("claimable_messages", ids=wanted)
    plain = {message.id: message for values in found if (message := plain_message(values, instance, now))}
    got: list[int] = []
    for step, advance in claims:
        message = plain.get(step.claim or 0)
        if message is not None and step.may_have(message.connection, message.recipient):
            advance.claimed = plain.pop(message.id)  # whoever wants it as well is too late
            got.append(message.id)
    if got:
        tx.run_later("claim_messages", [{"ids": json.dumps(got), "now": now}])


def _claim(tx: Transaction, step: Step, advance: Advance, now: float, instance: str) -> None:
    if step.is_lent and not _is_there(tx, step, instance):
        return
    if not tx.run("claim_message", id=step.claim, connection=step.connection, now=now):
        row = tx.row("get_message", id=step.claim)
        if row and step.connection in (None, row["connection"]):
            advance.is_unsettled = row["status"] == Status.SENDING and not step.is_lent
        return
    message_id = step.claim or 0
    try:
        message = claimed(tx, message_id, now, instance)
        if is_replaced(tx, message, step.forms):
            advance.ended = end_message(tx, message_id, Status.CANCELLED, REPLACED, now=now, instance=instance)
        else:
            advance.claimed = message
            advance.replaced = take_place(tx, message, step.forms, now=now, instance=instance)
    except UnreadableRowError as error:
        advance.ended = end_message(tx, message_id, Status.DEAD, error.fault, now=now, instance=instance)


def _is_there(tx: Transaction, step: Step, instance: str) -> bool:
    """Whether a lent message still is where it was, and takes the place of no other; that is its owner's to tell."""
    row = tx.row("get_message", id=step.claim)
    if row is None or not step.may_have(row["connection"], row["recipient"]):
        return False
    return not older_of_tag(tx, readable_message(row, instance), step.forms)
