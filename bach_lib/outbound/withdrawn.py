"""Withdraws messages that are not wanted any more, also one that is under way just then.

A person removed their recipient, or a newer one of their tag came. What waits is cancelled at once. What is under way
cannot be called back, and nobody waits for it: it is marked on disk, and when its attempt has ended without an end for
the message, it is cancelled where it would have waited again. The mark is on disk because the process may end in
between; it is a fault's code because the next settlement writes over it.
"""

from collections.abc import Mapping
from dataclasses import replace

from bach_lib.models import Fault, Status
from bach_lib.outbound.collapse import OUTDATED, REPLACED
from bach_lib.outbound.retry import Settlement
from bach_lib.storage import Transaction, Value

RECIPIENT_REMOVED = "recipient_removed"
"""The code of messages that were withdrawn because a person removed their recipient."""

WITHDRAWN = Fault(code=RECIPIENT_REMOVED, text="Its recipient was removed before it could be sent.")

UNDER_WAY = "recipient_removed_meanwhile"
"""The code of a message that is under way, and whose recipient was removed since it set out."""

_REASONS: Mapping[Value, Fault] = {UNDER_WAY: WITHDRAWN, OUTDATED: REPLACED}
"""Each mark, and why what has it is cancelled."""


def unless_withdrawn(tx: Transaction, settlement: Settlement) -> Settlement:
    """The settlement, or, if the message would wait again and nobody wants it to any more, its end."""
    if settlement.status.is_final or (row := tx.row("marked_meanwhile", id=settlement.id)) is None:
        return settlement
    reason = _REASONS.get(row["error_code"])
    return (
        settlement if reason is None else replace(settlement, status=Status.CANCELLED, next_retry_at=None, error=reason)
    )
