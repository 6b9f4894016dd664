"""What messages of one transaction share: statements that add them, the count of their connection, one reading."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bach_lib.errors import StoreFailedError
from bach_lib.models import File, Status
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.rows import Request, readable_message
from bach_lib.storage import Database, Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import draft


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[Store]:
    """A database behind its thread, where what is asked for in one turn shares a transaction."""
    store = Database(tmp_path / "bach.db")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def queue(disk: Store, clock: FakeClock) -> Queue:
    """An empty queue on it."""
    return Queue(disk, clock, "0123abcd")


async def texts(store: Store) -> dict[int, str]:
    """What is on disk, by id."""
    rows = await store.submit(
        lambda tx: tx.rows("list_messages", before=1 << 40, connection=None, statuses=None, limit=500)
    )
    return {int(row["id"] or 0): str(row["text"]) for row in rows}


@pytest.mark.parametrize("count", [1, 2, 5, 16, 37])
async def test_every_message_has_the_id_it_was_told(queue: Queue, disk: Store, count: int) -> None:
    """A receipt would name somebody else's message, and a cancellation would end that."""
    for _ in range(2):
        puts = await asyncio.gather(*(queue.put(draft(text=f"text {n}"), leased=False) for n in range(count)))
        found = await texts(disk)
        assert [found[put.message.id] for put in puts] == [f"text {n}" for n in range(count)]
    assert len(await texts(disk)) == 2 * count


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "more", [{}, {"tag": "door"}, {"files": (File(name="photo.jpg", content=b"1", size=1),)}, {"priority": 5}]
)
async def test_only_what_is_one_statement_goes_without_a_transaction(
    queue: Queue, disk: Store, count: int, more: dict[str, object]
) -> None:
    """A power cut would leave a message without its files; or a lone message would cost three statements."""
    statements: list[str] = []

    def watch(tx: Transaction) -> None:
        cast("sqlite3.Connection", tx._connection).set_trace_callback(statements.append)

    await disk.submit(watch)
    statements.clear()
    drafts = [replace(draft(text=f"text {n}"), **more) for n in range(count)]  # type: ignore[arg-type] # fields of it
    await asyncio.gather(*(queue.put(one, leased=False) for one in drafts))
    assert len(await texts(disk)) == count
    is_alone = count == 1 and not {"tag", "files"} & set(more)
    assert statements[0].split()[0] == ("INSERT" if is_alone else "BEGIN")


async def test_what_is_put_under_a_key_is_one_transaction_with_it(queue: Queue, disk: Store) -> None:
    """A caller who asks again after a power cut would send the message twice."""

    def break_key(tx: Transaction) -> None:
        tx._connection.execute(
            "CREATE TEMP TRIGGER no_key BEFORE UPDATE OF request_key ON messages BEGIN SELECT RAISE(FAIL, 'no'); END"
        )

    await disk.submit(break_key)
    with pytest.raises(StoreFailedError):
        await queue.put(draft(), leased=False, request=Request(key="key", digest="digest"))
    assert await texts(disk) == {}


async def test_a_lone_message_that_the_disk_refuses_is_not_there_and_the_next_one_is(queue: Queue, disk: Store) -> None:
    """Its caller would be told that it is stored; or whoever comes next would be refused as well."""

    def let_grow(tx: Transaction, pages: int) -> None:
        tx._connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()

    await disk.submit(lambda tx: let_grow(tx, 1), writes=False)
    with pytest.raises(StoreFailedError, match="full"):
        await queue.put(draft(text="one" * 100_000), leased=False)
    await disk.submit(lambda tx: let_grow(tx, 1 << 30), writes=False)
    put = await queue.put(draft(text="two"), leased=False)
    assert await texts(disk) == {put.message.id: "two"}


async def test_what_comes_between_finds_what_was_put_before(queue: Queue, disk: Store) -> None:
    """A tag would not find the message it replaces, and a claim not the message it is for."""

    def look(tx: Transaction) -> list[int]:
        rows = tx.rows("unsent_to", connection="home", recipient=draft().recipient, after=0, limit=10)
        return [int(row["id"] or 0) for row in rows]

    first = queue.put(draft(text="one"), leased=False)
    second = queue.put(draft(text="two"), leased=False)
    seen = disk.submit(look)
    third = queue.put(draft(text="three"), leased=False)
    claimed = queue.advance(None, 2)
    assert await seen == [(await first).message.id, (await second).message.id] == [1, 2]
    assert (await third).message.id == 3
    advance = await claimed
    assert advance.claimed
    assert advance.claimed.text == "two"


async def test_one_request_that_fails_takes_nothing_of_the_others_with_it(queue: Queue, disk: Store) -> None:
    """The others were told an id of rows that were taken back."""

    def fail(tx: Transaction) -> None:
        tx.tally("home", delivered=True, now=1.0)
        raise ValueError

    puts = [queue.put(draft(text="one"), leased=False), queue.put(draft(text="two"), leased=False)]
    guilty = disk.submit(fail)
    puts.append(queue.put(draft(text="three"), leased=False))
    found = {(await put).message.id: (await put).message.text for put in puts}
    with pytest.raises(StoreFailedError, match="ValueError"):
        await guilty
    assert found == await texts(disk) == {1: "one", 2: "two", 3: "three"}


async def test_what_a_settlement_tells_is_what_the_disk_has(queue: Queue, disk: Store, clock: FakeClock) -> None:
    """Events would tell of another message than every lookup after them."""
    puts = await asyncio.gather(*(queue.put(draft(text=f"text {n}"), leased=True) for n in range(3)))
    await clock.advance(5)
    for put, status in zip(puts, (Status.SENT, Status.FAILED, Status.DEAD), strict=True):
        await queue.keep_progress(put.message.id, "half of it")
        settlement = Settlement(id=put.message.id, status=status, retry_count=1, waited=2.0, remote_id="77")
        told = (await queue.advance(replace(settlement, tried=put.message), None)).settled
        row = await disk.submit(lambda tx, number=put.message.id: tx.row("get_message", id=number))  # type: ignore[misc]
        assert row
        assert told == readable_message(row, "0123abcd")
