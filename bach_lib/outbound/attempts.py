"""Attempt history of a message: a row for every attempt, written in the transaction that settles it.

So it costs no `fsync` of its own, and what it says is never ahead of the message nor behind it.
"""

from collections.abc import Iterable

from bach_lib.models import Attempt, Message, Status
from bach_lib.outbound.reasons import fault_of, fault_values
from bach_lib.outbound.retry import Settlement
from bach_lib.storage import Row, Transaction, Value
from bach_lib.storage.columns import Columns
from bach_lib.storage.values import integer, real

MAX_ATTEMPTS = 100
"""Rows a message; of one that is tried for longer the newest are kept."""
_MAX_WORDS = 500
"""Characters of the platform's words in one row; the message itself has all of the last ones."""

_COLUMNS = Columns({"number": (integer, 0), "started_at": (real, None), "seconds": (real, None)})


def record_attempts(tx: Transaction, attempts: Iterable[tuple[Settlement, Message | None]]) -> None:
    """Write down what attempts came to, with their messages as they are now; not what was settled without an attempt.

    What a fault says holds no secrets any more.
    """
    made = [(one, message) for one, message in attempts if message is not None and one.outcome is not None]
    tx.run_later("add_attempt", [_values(settlement, message) for settlement, message in made])
    more_may_come = [message for settlement, message in made if settlement.status is not Status.SENT]
    tx.run_later("trim_attempts", [{"message_id": message.id, "keep": MAX_ATTEMPTS} for message in more_may_come])


def _values(settlement: Settlement, message: Message) -> dict[str, Value]:
    return {
        "message_id": message.id,
        "recipient": (settlement.tried or message).recipient,  # where it went: a form learned on its way counts
        "outcome": settlement.outcome,
        "started_at": message.attempted_at,
        "seconds": settlement.seconds,
        **fault_values(settlement.error, _MAX_WORDS),
    }


def attempts_of(tx: Transaction, message_id: int) -> list[Attempt]:
    """What is known of a message's attempts, oldest first."""
    return [_attempt(row) for row in tx.rows("attempts_of", message_id=message_id)]


def _attempt(row: Row) -> Attempt:
    row = _COLUMNS.mended(row, _COLUMNS.damaged(row))
    return Attempt(
        number=integer(row["number"]),
        recipient=str(row["recipient"]),
        outcome=str(row["outcome"]),
        started_at=real(row["started_at"]),
        seconds=real(row["seconds"]),
        error=fault_of(row),
    )
