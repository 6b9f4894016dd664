"""What is told of a message must be what the disk says of it."""

import pytest

from bach_lib.clock import SystemClock
from bach_lib.models import Delivery, Format
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.records import Draft
from bach_lib.storage import MemoryDatabase

FULL = Draft(
    connection="home",
    recipient="42",
    text="The garage door is open",
    title="Garage",
    format=Format.HTML,
    silent=True,
    reply_to="7",
    priority=-3,
    tag="garage",
    delivery=Delivery.AT_MOST_ONCE,
    context="01J",
    created_at=1_800_000_000.5,
    expires_at=1_800_000_060.5,
    max_retries=2,
)


@pytest.mark.parametrize("leased", [False, True])
async def test_a_stored_message_is_told_of_as_it_is_on_disk(leased: bool) -> None:
    """The first attempt would send something else than every later one, which reads the row."""
    store = MemoryDatabase()
    await store.open()
    queue = Queue(store, SystemClock(), "abcdef01")
    put = await queue.put(FULL, leased=leased)
    on_disk = await queue.get(put.message.id)
    await store.close()
    assert put.message == on_disk
