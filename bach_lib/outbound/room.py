"""Bounds of a queue on disk: how many messages of a connection may wait there, and how many may be scheduled.

Each has its own: what is to be sent next month takes no place from an alarm, and lies in memory until then as well.
"""

from bach_lib.errors import QueueFullError, ScheduleFullError
from bach_lib.outbound.rows import Draft
from bach_lib.storage import Transaction
from bach_lib.storage.values import integer

MOST_SCHEDULED = 1000
"""Of one connection."""


def has_room(tx: Transaction, connection: str) -> bool:
    """Whether one more may be scheduled."""
    return _counted(tx, "scheduled_upto", connection, MOST_SCHEDULED) < MOST_SCHEDULED


def room_after(tx: Transaction, draft: Draft, limit: int | None) -> int | None:
    """How many more may wait after this one, if there is a limit. Raises `QueueFullError` or `ScheduleFullError`."""
    connection = draft.connection
    if draft.next_retry_at is not None:
        if not has_room(tx, connection):
            raise ScheduleFullError(connection=connection, limit=MOST_SCHEDULED)
        return None
    if limit is None:
        return None
    if (number := _counted(tx, "waiting_upto", connection, limit)) >= limit:
        raise QueueFullError(connection=connection, limit=limit)
    return limit - number - 1


def _counted(tx: Transaction, query: str, connection: str, limit: int) -> int:
    row = tx.row(query, connection=connection, limit=limit)
    return integer(row["number"]) if row else 0
