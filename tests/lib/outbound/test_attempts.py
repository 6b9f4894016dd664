"""The history of a message: each attempt leaves a row, and none outlives its message."""

import pytest

from bach_lib.models import Attempt, Fault, Status
from bach_lib.outbound.attempts import MAX_ATTEMPTS
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.history import History
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.storage import Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import BUSY, NOW, draft


@pytest.fixture
def queue(store: Store, clock: FakeClock) -> Queue:
    """An empty queue."""
    return Queue(store, clock, "0123abcd")


@pytest.fixture
def corrections(store: Store, clock: FakeClock) -> Corrections:
    """The same messages, for people."""
    return Corrections(store, clock, "0123abcd")


def failed(message_id: int, **fields: object) -> Settlement:
    """An attempt that came to nothing."""
    return Settlement(id=message_id, status=Status.FAILED, error=BUSY, outcome="retry", **fields)  # type: ignore[arg-type] # fields of a settlement


async def rows(store: Store) -> int:
    """How many rows there are of whatever message."""

    def count(tx: Transaction) -> int:
        return len([row for message_id in range(1, 10) for row in tx.rows("attempts_of", message_id=message_id)])

    return await store.submit(count, writes=False)


async def test_every_attempt_leaves_a_row(queue: Queue, corrections: Corrections, clock: FakeClock) -> None:
    """Who asks why a message took an hour would see its last error only."""
    message = (await queue.put(draft(), leased=True)).message
    await queue.advance(failed(message.id, seconds=1.5), None)
    await clock.advance(30)
    await queue.advance(None, message.id)
    await queue.advance(Settlement(id=message.id, status=Status.SENT, outcome="sent", seconds=0.2), None)

    now, attempts = await corrections.history(message.id)

    assert now.status is Status.SENT
    assert attempts == [
        Attempt(number=1, recipient="ada", outcome="retry", started_at=NOW, seconds=1.5, error=BUSY),
        Attempt(number=2, recipient="ada", outcome="sent", started_at=NOW + 30, seconds=0.2),
    ]


async def test_what_was_no_attempt_leaves_none(queue: Queue, corrections: Corrections) -> None:
    """A connection that was stopped between claim and request would look like a failure of the platform."""
    message = (await queue.put(draft(), leased=True)).message
    await queue.advance(Settlement(id=message.id, status=Status.PENDING), None)
    assert (await corrections.history(message.id))[1] == []


async def test_what_a_crash_interrupted_is_told(queue: Queue, corrections: Corrections) -> None:
    """The one attempt that nobody knows the end of would be missing."""
    message = (await queue.put(draft(), leased=True)).message
    await queue.recover("home", idempotent=False)
    [attempt] = (await corrections.history(message.id))[1]
    assert (attempt.outcome, attempt.seconds, attempt.error and attempt.error.code) == (
        "uncertain",
        None,
        "interrupted",
    )


async def test_a_message_that_is_tried_for_ever_does_not_grow(
    queue: Queue, corrections: Corrections, store: Store
) -> None:
    """A message that steps aside for a day, or is sent again each hour, would fill the disk."""
    message = (await queue.put(draft(), leased=True)).message
    long = Fault(code="busy", text="x" * 10_000)
    for number in range(MAX_ATTEMPTS + 20):
        settlement = Settlement(id=message.id, status=Status.FAILED, error=long, outcome="retry", seconds=float(number))
        await queue.advance(settlement, message.id)
    attempts = (await corrections.history(message.id))[1]
    assert len(attempts) == await rows(store) == MAX_ATTEMPTS
    assert attempts[-1].number == MAX_ATTEMPTS + 20, "the newest are kept"
    assert attempts[-1].error
    assert len(attempts[-1].error.text) == 500


async def test_they_go_with_their_message(queue: Queue, store: Store, clock: FakeClock) -> None:
    """What nobody can ask for any more would stay on the disk for ever."""
    for connection in ("home", "work"):
        message = (await queue.put(draft(connection=connection), leased=True)).message
        await queue.advance(Settlement(id=message.id, status=Status.SENT, outcome="sent"), None)
    assert await rows(store) == 2
    await store.submit(lambda tx: tx.run("delete_messages", ids=f"[{message.id}]"))
    assert await rows(store) == 1
    assert await History(store, "0123abcd").purge(clock.now() + 1, [Status.SENT]) == 1
    assert await rows(store) == 0
