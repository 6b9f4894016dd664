"""Writes a planned import: everything in one transaction, so that nothing is half taken over.

However long it takes, nobody waits for it: no BACH may have the database open meanwhile.
"""

import hashlib
from dataclasses import dataclass

from bach_lib.connectors.base import Incoming
from bach_lib.inbound.rows import incoming_values, metadata_json, size_of
from bach_lib.inbound.rules import write_rule
from bach_lib.legacy.planning import Plan, inbox_status
from bach_lib.legacy.reading import OldConnection, OldMessage
from bach_lib.models import Connection, Status
from bach_lib.models.incoming import Kind
from bach_lib.outbound.rows import Draft, draft_row
from bach_lib.registry.rows import connection_values
from bach_lib.storage import Store, Transaction
from bach_lib.storage.values import integer

_DEAD = "legacy"
"""The code of a failure that the original suffered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Counts of what was taken.

    `known`: messages that had been taken over before; `incomplete`: what lacks something.
    """

    connections: int = 0
    incomplete: int = 0
    rules: int = 0
    outgoing: int = 0
    incoming: int = 0
    known: int = 0


async def take(store: Store, plan: Plan, *, now: float) -> Taken:
    """Write all of it. Raises a `StorageError`; then nothing was written."""

    def work(tx: Transaction) -> Taken:
        for row, old in plan.connections:
            _add_connection(tx, row, old)
        sent = sum([_add_outgoing(tx, draft, old, now) for draft, old in plan.outgoing])
        came = sum([_add_incoming(tx, old, now) for old in plan.incoming])
        for rule in plan.rules:
            write_rule(tx, rule)
        known = len(plan.outgoing) + len(plan.incoming) - sent - came
        return Taken(
            connections=len(plan.connections) - len(plan.incomplete),
            incomplete=len(plan.incomplete),
            rules=len(plan.rules),
            outgoing=sent,
            incoming=came,
            known=known,
        )

    return await store.submit(work)


def _add_connection(tx: Transaction, row: Connection, old: OldConnection) -> None:
    tx.run("add_connection", **connection_values(row))
    tx.run(
        "save_counters",
        name=row.name,
        success_count=old.success_count,
        error_count=old.error_count,
        last_used=old.last_used,
    )
    update = old.options.get("last_update_id")
    if row.type == "telegram" and isinstance(update, int) and update > 0:  # what the original read is not read again
        tx.run("save_cursor", name=row.name, cursor=str(update + 1), blocked=0, polled_at=None)


def _add_outgoing(tx: Transaction, draft: Draft, old: OldMessage, now: float) -> bool:
    """False if it was taken over before."""
    if not tx.run("take_legacy", digest=old.digest):
        return False
    number = tx.insert("put_message", draft_row(draft, Status.PENDING))
    if old.status == Status.DEAD:
        reason = old.error or "The original BACH had given it up."
        tx.run(
            "end_message",
            id=number,
            status=Status.DEAD,
            finished_at=now,
            error_code=_DEAD,
            error_text=reason[:300],
            error_said=None,
        )
    return True


def _add_incoming(tx: Transaction, old: OldMessage, now: float) -> bool:
    """False if it was taken over before. Nobody is told of it: what it asked for has long been done or forgotten."""
    if not tx.run("take_legacy", digest=old.digest):
        return False
    message = Incoming(
        remote_id=f"legacy:{hashlib.sha256(old.digest.encode()).hexdigest()[:32]}",
        recipient=old.other,
        recipient_title=old.other,
        sender_id=old.other,
        sender_name=old.other,
        kind=Kind.TEXT,
        text=old.text,
        metadata=old.metadata,
    )
    received_at = min(old.created_at or now, now)
    values = incoming_values(message)
    own = {"message_id": None, "received_at": received_at, "age": None, "size": size_of(values)}
    row = tx.row("add_incoming", connection=old.connection, **values, **own)
    if row is None:
        return False
    number, metadata = integer(row["id"]), {**old.metadata, "taken_over_at": now}
    tx.run("save_routed", id=number, kind=Kind.TEXT, routed_at=now, metadata=metadata_json(metadata))
    tx.run("mark_incoming", ids=f"[{number}]", status=inbox_status(old))
    return True
