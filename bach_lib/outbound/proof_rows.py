"""Rows of proofs: written in the transaction of what told them, once for each person.

A platform tells of the ids that our requests got there (`parts`). A message that became several is proven when all of
them are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from bach_lib.events import MessageEvent, MessageProven, MessageSent
from bach_lib.models import Message, PersonProof, ProofKind, Proven, Status
from bach_lib.outbound.proof_summary import joined, written
from bach_lib.outbound.putting_off import can_be_put_off
from bach_lib.outbound.rows import readable_message
from bach_lib.storage import Row, Transaction
from bach_lib.storage.columns import UNREADABLE
from bach_lib.storage.values import integer, real, words

MOST_PEOPLE = 1_000
"""Of whom something is kept about one message: as many as the largest groups have."""
MOST_EARLY = 200
"""What is kept of one connection of messages that are under way at this moment."""
_EARLY_SECONDS = 600.0
"""For how long: nothing is delivered before it has gone, and an attempt ends soon after."""
_UNSETTLED = frozenset({Status.PENDING, Status.FAILED, Status.UNCERTAIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that became known of a message. `part`: of one of its ids, of which it has `of`; empty: of all.

    `remote_id`: the id that it has on the platform, where that tells.
    """

    kind: ProofKind
    person: str
    name: str
    at: float
    part: str = ""
    of: int = 1
    remote_id: str | None = None


def of_part(told: Told, part: str, of: int) -> Told:
    """The same of one id of a message, of which that has so many."""
    return replace(told, part=part, of=of) if of > 1 else told


class _Key(TypedDict):
    """What tells apart what is known of a message."""

    message_id: int
    kind: str
    person: str


def add(tx: Transaction, message_id: int, told: Told, *, now: float, instance: str) -> list[MessageEvent]:
    """Write what follows from it and was not known; the events that tell of that. Nothing for a message that is gone.

    Whatever waits or is in doubt has arrived, and is sent.
    """
    row = tx.row("get_message", id=message_id)
    new = [one for kind in told.kind.implied if (one := _news(tx, message_id, replace(told, kind=kind)))] if row else []
    if row is None or not new:
        return []
    message = readable_message(row, instance)
    values = {"id": message_id, "now": now, "remote_id": told.remote_id}
    is_settled = message.status in _UNSETTLED and tx.run("settle_proven", **values) > 0
    if is_settled and not can_be_put_off(message):
        tx.run("delete_files", message_id=message_id)
    [row] = tx.rows("save_proven", id=message_id, proven=written(joined(message.proven, new)))
    message = readable_message(row, instance)
    sent = [MessageSent(connection=message.connection, message=message)] if is_settled else []
    return [*sent, *(MessageProven(connection=message.connection, message=message, proof=one) for one in new)]


def add_early(tx: Transaction, connection: str, told: Told, places: Sequence[str], ids: Sequence[str]) -> None:
    """Keep what was told of ids that nothing has yet, if a message is under way that may get them."""
    if not ids or not tx.row("is_sending", connection=connection):
        return
    for remote_id in ids:
        tx.run(
            "keep_early",
            connection=connection,
            remote_id=remote_id,
            kind=told.kind,
            person=told.person,
            name=told.name,
            places=json.dumps(places),
            at=told.at,
            told_at=told.at,
        )
    tx.run("trim_early", connection=connection, before=told.at - _EARLY_SECONDS, keep=MOST_EARLY - 1)


def name_parts(tx: Transaction, message: Message, parts: Sequence[str], now: float, instance: str) -> Message:
    """Let a message that was sent be known by its ids; as it is then, with what was told of these before."""
    for part in parts:
        tx.run("add_part", message_id=message.id, remote_id=part, connection=message.connection)
    named = {"connection": message.connection, "remote_ids": json.dumps(parts)}
    early = tx.rows("early_proofs_of", **named)
    if not early:
        return message
    tx.run("forget_early", **named)
    for row in early:
        told = _early(row, message.recipient, len(set(parts)))
        if told is not None:
            add(tx, message.id, told, now=now, instance=instance)
    [row] = tx.rows("get_message", id=message.id)
    return replace(message, proven=readable_message(row, instance).proven)


def arrived(message: Message) -> list[MessageProven]:
    """The events that tell what is known of a message."""
    return [MessageProven(connection=message.connection, message=message, proof=one) for one in message.proven]


def person_proof(row: Row) -> PersonProof | None:
    """What a row says; None if it cannot be read."""
    try:
        at = real(row["at"])
        return PersonProof(
            kind=ProofKind(str(row["kind"])), person=str(row["person"]), name=str(row["name"]), at=at or 0.0
        )
    except UNREADABLE:
        return None


def _news(tx: Transaction, message_id: int, told: Told) -> Proven | None:
    """Write it, unless it is known or there is too much; what is known then of the whole message, if that is new."""
    [count] = tx.rows("proof_count", message_id=message_id, kind=told.kind)
    people = integer(count["people"])
    if people >= MOST_PEOPLE or (told.part and not _is_last_part(tx, message_id, told)):
        return None
    key = _Key(message_id=message_id, kind=told.kind, person=told.person)
    if not tx.run("add_proof", **key, part="", name=told.name, at=told.at):
        return None
    return Proven(
        kind=told.kind,
        people=people + 1,
        at=min(_first(count, told.at), told.at),
        latest_at=told.at,
        person=told.person,
        name=told.name,
    )


def _is_last_part(tx: Transaction, message_id: int, told: Told) -> bool:
    """Write down one part of several; whether somebody has all of them now."""
    key = _Key(message_id=message_id, kind=told.kind, person=told.person)
    if tx.row("is_proven", **key):
        return False
    tx.run("add_proof", **key, part=told.part, name=told.name, at=told.at)
    [row] = tx.rows("parts_proven", **key)
    if integer(row["number"]) < told.of:
        return False
    return tx.run("forget_parts_proven", **key) > 0


def _first(count: Row, at: float) -> float:
    try:
        first = real(count["at"])
    except UNREADABLE:
        first = None
    return at if first is None else first


def _early(row: Row, recipient: str, of: int) -> Told | None:
    """What was told of a message before it had its id; None if it went elsewhere, or the row is damaged."""
    try:
        proof, is_there = person_proof(row), recipient in words(row["places"])
    except UNREADABLE:
        return None
    if proof is None or not is_there:
        return None
    told = Told(kind=proof.kind, person=proof.person, name=proof.name, at=proof.at)
    return of_part(told, str(row["remote_id"]), of)
