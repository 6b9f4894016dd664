"""How many messages may wait: no more than the limit, and which one is full is said."""

from typing import cast

import pytest

from bach_lib.errors import QueueFullError, ScheduleFullError
from bach_lib.outbound.room import MOST_SCHEDULED, room_after
from bach_lib.storage import Row, Transaction, Value
from tests.lib.outbound.make import NOW, draft


class Disk:
    """On which so many of "home" wait or are scheduled."""

    def __init__(self, **numbers: int) -> None:
        self.numbers = numbers
        self.limits: list[Value] = []

    def row(self, query: str, *, connection: str, limit: Value) -> Row | None:
        """As a database counts."""
        self.limits.append(limit)
        number = self.numbers[query] if connection == "home" else 0
        return {"number": number} if number else None


def room(disk: Disk, limit: int | None, time: float | None = None) -> int | None:
    """After one more."""
    return room_after(cast(Transaction, disk), draft(next_retry_at=time), limit)


def test_there_is_room_up_to_the_limit() -> None:
    """One message too many, or one too few, and nobody would know which queue is full."""
    disk = Disk(waiting_upto=2)
    assert room(disk, 3) == 0
    assert room(disk, 5) == 2
    assert room(Disk(waiting_upto=0), 1) == 0
    assert disk.limits == [3, 5]
    with pytest.raises(QueueFullError) as error:
        room(disk, 2)
    assert (error.value.connection, error.value.limit) == ("home", 2)
    assert room(Disk(), None) is None


def test_what_is_scheduled_has_a_limit_of_its_own() -> None:
    """What is to be sent next month would take its place from an alarm, or fill the memory."""
    disk = Disk(scheduled_upto=MOST_SCHEDULED - 1)
    assert room(disk, 0, NOW) is None
    assert disk.limits == [MOST_SCHEDULED]
    with pytest.raises(ScheduleFullError) as error:
        room(Disk(scheduled_upto=MOST_SCHEDULED), 0, NOW)
    assert (error.value.connection, error.value.limit) == ("home", MOST_SCHEDULED)
