"""Withdraws messages whose recipient a person removes, also one that is under way just then.

What waits is cancelled at once. What is under way cannot be called back, and nobody waits for it: it is marked on disk,
and when its attempt has ended without an end for the message, it is cancelled where it would have waited again. The
mark is on disk because the process may end in between; it is a fault's code because the next settlement writes over it.
"""

from dataclasses import replace

from bach_lib.models import Fault, Status
from bach_lib.outbound.retry import Settlement
from bach_lib.storage import Transaction

RECIPIENT_REMOVED = "recipient_removed"
"""The code of messages that were withdrawn because a person removed their recipient."""

WITHDRAWN = Fault(code=RECIPIENT_REMOVED, text="Its recipient was removed before it could be sent.")

UNDER_WAY = "recipient_removed_meanwhile"
"""The code of a message that is under way, and whose recipient was removed since it set out."""


def unless_withdrawn(tx: Transaction, settlement: Settlement) -> Settlement:
    """The settlement, or, if the message would wait again for somebody who was removed meanwhile, its end."""
    if settlement.status.is_final or tx.row("withdrawn_meanwhile", id=settlement.id, mark=UNDER_WAY) is None:
        return settlement
    return replace(settlement, status=Status.CANCELLED, next_retry_at=None, error=WITHDRAWN)
