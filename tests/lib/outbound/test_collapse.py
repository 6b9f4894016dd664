"""A tag with very many waiting messages: a person revived all dead letters of a sensor."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Fault, Status
from bach_lib.clock import SystemClock
from bach_lib.events import MessageCancelled
from bach_lib.models import Message
from bach_lib.outbound.collapse import AT_ONCE, OUTDATED, REPLACED
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.outcomes import Dead, Retry, Scope, Wait
from bach_lib.storage import Database, Transaction
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.outbound.make import BUSY, draft


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    """A real file."""
    database = Database(tmp_path / "bach.db")
    await database.open()
    yield database
    await database.close()


async def revived(queue: Queue, store: Database, number: int) -> None:
    """Let so many messages of the tag wait, as nobody could have put them."""
    first = (await queue.put(draft(tag="t", text="0"), leased=False)).message
    for begin in range(1, number, 2_000):
        puts = [
            queue.put(draft(tag=None, text=str(at)), leased=False) for at in range(begin, min(number, begin + 2000))
        ]
        await asyncio.gather(*puts)

    def work(tx: Transaction) -> None:
        tx._connection.execute("UPDATE messages SET tag = 't' WHERE id >= ?", (first.id,))

    await store.submit(work)


async def test_the_rest_is_replaced_in_portions_and_others_wait_for_none_of_it(store: Database) -> None:
    """One new temperature would hold up the fire alarm of another connection for seconds."""
    queue = Queue(store, SystemClock(), "0123abcd")
    await revived(queue, store, 5_000)
    put = await queue.put(draft(tag="t", text="new"), leased=False)
    assert (len(put.replaced), put.has_more) == (AT_ONCE, True)
    assert [message.text for message in put.replaced[:2]] == ["0", "1"], "those that would go first"
    others, ended = 0, list[Message]()

    async def replace() -> None:
        ended.extend([message async for message in queue.replace_rest(put.message)])

    replacing = asyncio.create_task(replace())
    while not replacing.done():
        await queue.put(draft(connection="work"), leased=False)
        others += 1
    await replacing
    assert len(ended) == 5_000 - AT_ONCE
    assert {(message.status, message.error) for message in ended} == {(Status.CANCELLED, REPLACED)}
    assert (await queue.get(put.message.id)).status is Status.PENDING
    assert others > 3, "one transaction of all lets in one before it begins, and one when it has ended"


async def test_none_of_the_rest_goes_before_the_newer_one(store: Database) -> None:
    """A process that ends in between would send old temperatures after the new one was accepted."""
    queue = Queue(store, SystemClock(), "0123abcd")
    await revived(queue, store, AT_ONCE + 5)
    put = await queue.put(draft(tag="t", text="new"), leased=False)
    advances = [await queue.advance(None, number) for number in range(AT_ONCE + 1, AT_ONCE + 6)]
    assert [advance.claimed for advance in advances] == [None] * 5
    assert {advance.ended.status for advance in advances if advance.ended} == {Status.CANCELLED}
    claimed = (await queue.advance(None, put.message.id)).claimed
    assert claimed is not None
    assert claimed.text == "new"


async def test_all_of_a_tag_are_told_and_only_the_newest_arrives(
    bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Automations that wait for one of them would wait for ever, and a person read a hundred old temperatures."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    platform.outcomes += [Dead(fault=Fault(code="refused", text="no"))] * (AT_ONCE + 30)
    for number in range(AT_ONCE + 30):
        await bach.send("home", "ada", str(number), tag="t")
        await clock.settle()
    await bach.registry.update("home", is_active=False)
    assert await bach.retry_all("home") == AT_ONCE + 30
    cancelled: list[MessageCancelled] = []
    bach.subscribe(MessageCancelled, cancelled.append)
    newest = await bach.send("home", "ada", "new", tag="t")
    await clock.settle()
    assert len({event.message.id for event in cancelled}) == AT_ONCE + 30
    await bach.registry.update("home", is_active=True)
    await clock.advance(60)
    assert [message.id for message in platform.sent] == [newest.id]


async def test_what_waits_under_another_form_of_its_recipient_is_replaced_at_once(tmp_path: Path) -> None:
    """While a connection rests, the home would show two notices of one tag as waiting, the older one for nothing."""
    kinds = {"fake": fake_connector(FakePlatform())}
    home = Connection(name="home", type="fake")
    async with Bach(tmp_path / "bach.db", connectors=kinds, connections=[home], autostart=False) as bach:
        older = await bach.send("home", "@ada", "older", tag="t")
    with closing(sqlite3.connect(tmp_path / "bach.db", isolation_level=None)) as file:  # learned, not yet followed
        file.execute("INSERT INTO spellings VALUES ('home', '@ada', '42', 0, 0, 1.0)")
    async with Bach(tmp_path / "bach.db", connectors=kinds, autostart=False) as bach:
        newer = await bach.send("home", "42", "newer", tag="t")
        statuses = {message.id: message.status for message in await bach.messages()}
        assert statuses == {older.id: Status.CANCELLED, newer.id: Status.PENDING}


async def dead_letters(bach: Bach, platform: FakePlatform, clock: FakeClock) -> tuple[int, int]:
    """An old temperature and a newer one that goes before it; both have failed for good."""
    await bach.registry.add(Connection(name="home", type="fake"))
    ids = list[int]()
    for text, priority in (("19", -1), ("20", 0)):
        platform.outcomes.append(Dead(fault=Fault(code="refused", text="no")))
        ids.append((await bach.send("home", "ada", text, tag="t", priority=priority, max_retries=0)).id)
        await clock.settle()
    return ids[0], ids[1]


@pytest.mark.parametrize("all_at_once", [False, True])
async def test_what_is_under_way_goes_not_again_after_a_newer_one_that_somebody_revived(
    bach: Bach, platform: FakePlatform, clock: FakeClock, all_at_once: bool
) -> None:
    """A person who sends dead letters again would read the old temperature last."""
    old, new = await dead_letters(bach, platform, clock)
    busy = Fault(code="busy", text="not now")
    platform.outcomes.append(Retry(fault=busy, scope=Scope.CONNECTION))
    platform.outcomes.append(Wait(fault=busy, scope=Scope.MESSAGE, seconds=5))
    await bach.retry(old)
    await clock.settle()  # it has stepped aside, and its lane goes on without it
    platform.hold = asyncio.Event()
    await clock.advance(60)
    await (bach.retry_all("home") if all_at_once else bach.retry(new))
    await clock.settle()
    platform.hold.set()
    await clock.advance(600)
    assert platform.texts == ["20"]
    assert [(await bach.get(one)).status for one in (old, new)] == [Status.CANCELLED, Status.SENT]


async def test_what_waits_goes_not_after_a_newer_one_that_somebody_revived(
    bach: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """The same of one that waits; whoever waits for it would wait for ever, too."""
    old, new = await dead_letters(bach, platform, clock)
    told = list[int]()
    bach.subscribe(MessageCancelled, lambda event: told.append(event.message.id))
    await bach.stop("home")
    await bach.retry_all("home")
    await bach.start("home")
    await clock.advance(600)
    assert platform.texts == ["20"]
    assert told == [old]
    assert (await bach.get(new)).status is Status.SENT


async def test_what_goes_takes_the_place_of_older_ones_whatever_their_recipient_was_called(
    store: Database, clock: FakeClock
) -> None:
    """Of a chat that got another id, the old temperature would be read after the new one."""
    queue = Queue(store, clock, "0123abcd")
    on_its_way = (await queue.put(draft(tag="t", recipient="+49"), leased=True)).message
    waiting = (await queue.put(draft(tag="t", recipient="@ada"), leased=False)).message
    newest = (await queue.put(draft(tag="t"), leased=False)).message
    await clock.advance(60)
    advance = await queue.advance(None, newest.id, "home", ["ada", "@ada", "+49"])
    assert advance.claimed
    ended = replace(waiting, status=Status.CANCELLED, finished_at=clock.now(), error=REPLACED)
    assert advance.replaced == (ended,)
    assert await queue.get(waiting.id) == ended
    assert (await queue.get(on_its_way.id)).error == Fault(code=OUTDATED, text=REPLACED.text)
    busy = Settlement(id=on_its_way.id, status=Status.FAILED, error=BUSY)
    settled = (await queue.advance(busy, None)).settled
    assert settled
    assert (settled.status, settled.error) == (Status.CANCELLED, REPLACED)


async def test_nothing_goes_while_a_newer_one_waits_whatever_its_recipient_was_called(
    store: Database, clock: FakeClock
) -> None:
    """The same for the old temperature whose turn comes first."""
    queue = Queue(store, clock, "0123abcd")
    old = (await queue.put(draft(tag="t"), leased=False)).message
    await queue.put(draft(tag="t", recipient="@ada"), leased=False)
    advance = await queue.advance(None, old.id, "home", ["ada", "@ada"])
    assert (advance.claimed, advance.ended) == (None, await queue.get(old.id))
    assert (await queue.get(old.id)).error == REPLACED


async def test_what_a_process_left_of_a_tag_ends_when_the_newest_goes(store: Database, clock: FakeClock) -> None:
    """A process ends while it replaces thousands: the rest would go after the newest one, if that is more urgent."""
    queue = Queue(store, clock, "0123abcd")
    await revived(queue, store, 250)
    newest = (await queue.put(draft(tag="t", text="new", priority=5), leased=False)).message
    advance = await queue.advance(None, newest.id, "home", ["ada"])
    assert advance.claimed is not None
    assert len(advance.replaced) == 250 - AT_ONCE
    assert {one.error for one in advance.replaced} == {REPLACED}
