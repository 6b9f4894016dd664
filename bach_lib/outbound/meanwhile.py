"""What was decided of a message while it was under way takes effect when its attempt has ended.

It cannot be called back, and nobody waits for it. So the decision is written down at once, with its row, and whoever
settles the attempt meets it there: also another process, or the next start after a crash.

- Nobody wants it any more: its recipient was removed, or a newer one of its tag came. A mark says so; where it would
  wait again, it is cancelled. The mark is a fault's code because the next settlement writes over it.
- A person corrected its recipient's address: it belongs there at once, for all who look for it, and `under_way_to` says
  where it went. If it arrived, that is where it is; else all else that becomes of it happens at the new address.
"""

from collections.abc import Mapping
from dataclasses import replace

from bach_lib.models import Fault, Status
from bach_lib.outbound.collapse import OUTDATED, REPLACED
from bach_lib.outbound.retry import Settlement
from bach_lib.said import Sentence
from bach_lib.storage import Transaction, Value

RECIPIENT_REMOVED = "recipient_removed"
"""The code of messages that were withdrawn because a person removed their recipient."""

WITHDRAWN = Fault(
    code=RECIPIENT_REMOVED,
    text=Sentence("its_recipient_was_removed_before_it_could", "Its recipient was removed before it could be sent."),
)

UNDER_WAY = "recipient_removed_meanwhile"
"""The code of a message that is under way, and whose recipient was removed since it set out."""

_REASONS: Mapping[Value, Fault] = {UNDER_WAY: WITHDRAWN, OUTDATED: REPLACED}
"""Each mark, and why what has it is cancelled."""


def unless_unwanted(tx: Transaction, settlement: Settlement) -> Settlement:
    """The settlement, or, if the message would wait again and nobody wants it to any more, its end."""
    if settlement.status.is_final or (row := tx.row("marked_meanwhile", id=settlement.id)) is None:
        return settlement
    reason = _REASONS.get(row["error_code"])
    return (
        settlement if reason is None else replace(settlement, status=Status.CANCELLED, next_retry_at=None, error=reason)
    )


def land(tx: Transaction, settlement: Settlement) -> bool:
    """Let a message that got another address meanwhile be where it belongs now; False if it did not get one."""
    return tx.run("land_sent" if settlement.status is Status.SENT else "land_unsent", id=settlement.id) > 0
