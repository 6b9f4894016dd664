"""One message in a transaction: found, ended without an attempt, or ended because its time was over."""

from collections.abc import Callable

import pytest

from bach_lib.errors import UnknownMessageError
from bach_lib.models import Fault, Message, Status
from bach_lib.outbound.attempts import attempts_of
from bach_lib.outbound.interrupted import settle_interrupted
from bach_lib.outbound.one_message import end_message, expire_message, one_message
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import EXPIRED
from bach_lib.storage import Row, Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import BUSY, NOW, draft

LIVES = draft(expires_at=NOW + 60)
OURS = "0123abcd"


class Bench:
    """A queue, and what may be done in one transaction of it."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.queue = store, Queue(store, clock, OURS)

    async def do[T](self, work: Callable[[Transaction], T]) -> T:
        """One transaction."""
        return await self.store.submit(work)

    async def change(self, sql: str) -> None:
        """Somebody else writes."""
        await self.do(lambda tx: tx.change(sql, [()]))

    async def expire(self, number: int, nonce: str | None = None) -> Message | None:
        """The time of a message is over."""
        return await self.do(lambda tx: expire_message(tx, number, nonce, now=NOW + 61, instance=OURS))

    async def interrupted(self, *, idempotent: bool) -> Message | None:
        """A message was under way when its process ended."""

        def work(tx: Transaction) -> Message | None:
            row: Row | None = tx.row("get_message", id=1)
            assert row is not None
            return settle_interrupted(tx, row, idempotent=idempotent, now=NOW + 5, instance=OURS)

        return await self.do(work)


@pytest.fixture
def bench(store: Store, clock: FakeClock) -> Bench:
    """An empty queue."""
    return Bench(store, clock)


@pytest.mark.parametrize("number", [0, 7, 2**70])
async def test_a_message_that_is_not_there_is_said_by_its_number(bench: Bench, number: int) -> None:
    """Whoever mistypes a number would read of a disk that is broken."""
    with pytest.raises(UnknownMessageError) as caught:
        await bench.do(lambda tx: one_message(tx, OURS, "get_message", id=number))
    assert caught.value.placeholders == {"id": str(number)}


async def test_a_message_that_is_there_has_the_nonce_of_this_database(bench: Bench) -> None:
    """A platform would take it for a new one, and a person get it twice."""
    put = (await bench.queue.put(draft(), leased=False)).message
    assert await bench.do(lambda tx: one_message(tx, OURS, "get_message", id=1)) == put


@pytest.mark.parametrize("fault", [BUSY, None])
async def test_the_end_of_one_that_waits_is_written_with_its_moment_and_its_reason(
    bench: Bench, fault: Fault | None
) -> None:
    """A person would see that it was given up, and not why or when; or the whole queue end with it."""
    for _ in range(2):
        await bench.queue.put(draft(), leased=False)
    ended = await bench.do(lambda tx: end_message(tx, 2, Status.CANCELLED, fault, now=NOW + 5, instance=OURS))
    assert (ended.id, ended.status, ended.error, ended.finished_at) == (2, Status.CANCELLED, fault, NOW + 5)
    assert ended == await bench.queue.get(2)
    assert (await bench.queue.get(1)).status is Status.PENDING


async def test_a_message_whose_time_is_over_ends_once(bench: Bench) -> None:
    """It would come late, or wait for ever, or end a second time after somebody has revived it."""
    put = (await bench.queue.put(LIVES, leased=False)).message
    ended = await bench.expire(1, put.nonce)
    assert ended
    assert (ended.status, ended.error, ended.finished_at) == (Status.EXPIRED, EXPIRED, NOW + 61)
    assert ended == await bench.queue.get(1)
    assert await bench.expire(1, put.nonce) is None, "it does not wait any more"
    assert await bench.expire(7) is None, "it was removed"


@pytest.mark.parametrize("status", ["pending", "failed"])
async def test_one_that_waits_again_ends_as_well_but_not_as_another_one(bench: Bench, status: str) -> None:
    """What was amended in the last second would be given up by the time that the old words had."""
    await bench.queue.put(LIVES, leased=False)
    await bench.change(f"UPDATE messages SET status = '{status}'")
    assert await bench.expire(1, "another one") is None
    await bench.change("UPDATE messages SET expires_at = NULL")
    assert await bench.expire(1) is None, "it was revived, and lives without its old time"
    await bench.change(f"UPDATE messages SET expires_at = {NOW}")
    assert (await bench.expire(1)) is not None


async def test_one_that_is_on_its_way_is_left_to_its_attempt(bench: Bench) -> None:
    """A message that has just arrived would be shown as one that came too late."""
    put = (await bench.queue.put(LIVES, leased=True)).message
    assert await bench.expire(1, put.nonce) == put
    assert await bench.queue.get(1) == put


@pytest.mark.parametrize(("idempotent", "status"), [(True, Status.PENDING), (False, Status.UNCERTAIN)])
@pytest.mark.parametrize(("to", "went_to"), [("NULL", "ada"), ("'eve'", "eve")])
async def test_what_was_under_way_follows_its_policy_and_the_history_names_where_it_went(
    bench: Bench, idempotent: bool, status: Status, to: str, went_to: str
) -> None:
    """After a crash a siren would sound twice, or not at all, and nobody see at which address it was tried."""
    await bench.queue.put(draft(), leased=True)
    await bench.change(f"UPDATE messages SET under_way_to = {to}, delivery = 'at_most_once'")
    settled = await bench.interrupted(idempotent=idempotent)
    assert settled
    assert (settled.recipient, settled.status) == ("ada", status)
    assert settled.finished_at == (None if idempotent else NOW + 5)
    assert settled == await bench.queue.get(1)
    assert [attempt.recipient for attempt in await bench.do(lambda tx: attempts_of(tx, 1))] == [went_to]


async def test_what_was_under_way_and_cannot_be_read_is_a_dead_letter(bench: Bench) -> None:
    """One damaged row would keep a connection from starting, or its message be taken for sent."""
    put = (await bench.queue.put(draft(), leased=True)).message
    await bench.change("UPDATE messages SET priority = 'odd'")
    settled = await bench.interrupted(idempotent=True)
    assert settled
    assert (settled.status, settled.finished_at, settled.nonce) == (Status.DEAD, NOW + 5, put.nonce)
    assert settled.error
    assert settled.error.code == "unreadable"
