"""Messages that are stored together: all of them, or none."""

import asyncio

import pytest

from bach_lib.errors import IdempotencyKeyReusedError, QueueFullError, StoreFailedError
from bach_lib.models import Status
from bach_lib.outbound import queue as queue_module
from bach_lib.outbound.bundle import Bundle
from bach_lib.outbound.putting import Put
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.rows import Draft, Request
from bach_lib.storage import Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import draft


@pytest.fixture
def queue(store: Store, clock: FakeClock) -> Queue:
    """An empty queue."""
    return Queue(store, clock, "0123abcd")


async def test_each_is_stored_as_it_was_asked_for(queue: Queue) -> None:
    """One would wait although a worker stands ready for it, come twice, or leave an older one of its tag behind."""
    await queue.put(draft(recipient="@ada", text="old", tag="t"), leased=False)
    asked = Request(key="order 7", digest="abc")
    for is_new in (True, False):
        bundle = Bundle(queue)
        leased = bundle.put(draft(recipient="bob"), leased=True, request=asked)
        waits = bundle.put(draft(tag="t"), leased=False, others=["@ada"])
        bundle.store()
        first, second = await asyncio.gather(leased, waits)
        assert (first.is_new, first.message.recipient, first.message.status) == (is_new, "bob", Status.SENDING)
        assert (second.is_new, second.message.recipient, second.message.status) == (True, "ada", Status.PENDING)
        assert [one.text for one in second.replaced] == ["old" if is_new else "text"]


async def on_disk(queue: Queue) -> list[str]:
    """To whom something waits."""
    rows = await queue.look_up(lambda tx: tx.rows("count_waiting", connection="home"))
    return [(await queue.get(int(str(row["last"])))).recipient for row in rows]


async def test_one_for_which_there_is_no_room_keeps_all_from_the_disk(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person would be told that nobody got the message, and some have it."""

    def full(_: Transaction, draft: Draft, limit: int | None) -> None:
        if limit is not None:
            raise QueueFullError(connection=draft.connection, limit=limit)

    monkeypatch.setattr(queue_module, "room_after", full)  # only a database that others share counts there
    bundle = Bundle(queue)
    puts = [bundle.put(draft(), leased=False), bundle.put(draft(recipient="bob"), leased=False, limit=3)]
    bundle.store()
    for answer in await asyncio.gather(*puts, return_exceptions=True):
        assert isinstance(answer, QueueFullError)
        assert answer.placeholders == {"connection": "home", "limit": "3"}
    assert await on_disk(queue) == []


async def test_nothing_is_written_before_all_are_there(queue: Queue) -> None:
    """Of twenty who are told of a fire, some would have it twice when the last one turns out to be refused."""
    bundle = Bundle(queue)
    put = bundle.put(draft(), leased=False)
    await queue.put(draft(recipient="bob"), leased=False)
    bundle.abandon()
    assert put.cancelled()
    assert await on_disk(queue) == ["bob"]


@pytest.mark.parametrize(
    "error", [StoreFailedError(path="bach.db", reason="full"), IdempotencyKeyReusedError(key="k", id=1)]
)
async def test_what_fails_is_told_to_each(queue: Queue, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Whoever waits for one of them would wait for ever."""
    stored: asyncio.Future[list[Put]] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(queue, "put_all", lambda _: stored)
    bundle = Bundle(queue)
    puts = [bundle.put(draft(), leased=True) for _ in range(2)]
    bundle.store()
    stored.set_exception(error)
    assert await asyncio.gather(*puts, return_exceptions=True) == [error, error]


async def test_what_is_given_up_is_given_up_for_each(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane would be kept for a message that nobody stores any more."""
    stored: asyncio.Future[list[Put]] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(queue, "put_all", lambda _: stored)
    bundle = Bundle(queue)
    puts = [bundle.put(draft(), leased=True) for _ in range(2)]
    bundle.store()
    stored.cancel()
    await asyncio.wait(puts)
    assert all(put.cancelled() for put in puts)
