"""Letters, and what is written beside them: all of it or nothing, and one that is refused stops no other."""

import asyncio
import gc
from collections.abc import Sequence

import pytest

from bach_lib.errors import BachError, EmptyTextError, QueueFullError, StoreFailedError
from bach_lib.models import Message
from bach_lib.outbound.bundle import Bundle
from bach_lib.outbound.file_keeper import Keeping
from bach_lib.outbound.letters import Letter, Letters
from bach_lib.outbound.putting import Put
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.rows import Draft
from bach_lib.storage import Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import draft

FULL = ("here", "there")
"""Connections without room: the one is full in memory, the other as the disk counts."""


@pytest.fixture
def queue(store: Store, clock: FakeClock) -> Queue:
    """An empty queue."""
    return Queue(store, clock, "0123abcd")


def letters(queue: Queue) -> Letters:
    """As a sender stores them."""

    async def check(letter: Letter) -> Draft:
        if not letter.text:
            raise EmptyTextError
        priority = letter.options["priority"]
        return draft(connection=letter.connection, recipient=letter.recipient, text=letter.text, priority=priority)

    async def keep(one: Draft) -> Keeping:
        return await queue.files.keep(one, 1000)

    def place(one: Draft, _: None, bundle: Bundle) -> asyncio.Future[Put]:
        if one.connection == "here":
            raise QueueFullError(connection="here", limit=5)
        return bundle.put(one, leased=False)

    return Letters(queue, check, keep, place)


def to(recipient: str, text: str = "Water!", connection: str = "home") -> Letter:
    """One of them."""
    return Letter(connection=connection, recipient=recipient, text=text, options={"priority": 3})


async def test_one_that_is_refused_stops_no_other(queue: Queue) -> None:
    """Eve's queue is full, and nobody beside her would hear of the water; or the wrong one be said to have."""
    seen = list[list[int | None]]()

    def beside(tx: Transaction, ids: Sequence[int | None]) -> None:
        assert isinstance(tx, Transaction)
        if ids[4] is not None:  # as where another process works on that queue
            raise QueueFullError(connection="there", limit=7)
        seen.append([*ids])

    some = [to("ada"), to("eve", connection="here"), to("bob", ""), to("bob"), to("eve", connection="there")]
    puts = await letters(queue).put(some, beside)
    ada, bob = puts[0], puts[3]
    assert isinstance(ada, Message)
    assert isinstance(bob, Message)
    assert [(one.recipient, one.text, one.priority) for one in (ada, bob)] == [
        ("ada", "Water!", 3),
        ("bob", "Water!", 3),
    ]
    assert seen == [[ada.id, None, None, bob.id, None]]
    assert isinstance(puts[2], EmptyTextError)
    full = [one for one in (puts[1], puts[4]) if isinstance(one, QueueFullError)]
    assert [(one.connection, one.limit) for one in full] == [("here", 5), ("there", 7)]
    assert (await queue.get(ada.id)).recipient == "ada"


async def test_where_all_are_refused_the_rest_is_written(queue: Queue) -> None:
    """A run would not know that it has told nobody, and would tell nobody else."""
    seen = list[list[int | None]]()
    puts = await letters(queue).put([to("eve", connection="here")], lambda _, ids: seen.append([*ids]))
    assert (seen, [type(one) for one in puts]) == ([[None]], [QueueFullError])


async def test_what_cannot_be_written_beside_them_keeps_all_from_the_disk(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    """A crash would double a step of an alarm; or a full disk fill the log with what nobody asked for."""

    def beside(*_: object) -> None:
        raise StoreFailedError(path="x", reason="full")

    with pytest.raises(BachError, match="full"):
        await letters(queue).put([to("ada"), to("bob")], beside)
    assert await queue.look_up(lambda tx: tx.rows("count_waiting", connection="home")) == []
    gc.collect()
    assert caplog.messages == []
