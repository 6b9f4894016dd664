"""Messages of a connection on which another process works: they wait on disk, and whoever works there is told."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import override

import pytest

from bach_lib import Policy
from bach_lib.bus import Bus
from bach_lib.errors import QueueFullError
from bach_lib.events import Event, MessageCancelled, MessageQueued
from bach_lib.models import Status
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.outbound.bundle import Bundle
from bach_lib.outbound.by_hand import ByHand
from bach_lib.outbound.bystander import Bystander
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.putting import Put
from bach_lib.outbound.rows import Draft, Request
from bach_lib.outbound.undoing import Undoing
from bach_lib.storage import Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.disk import Disk, policies_of, tools
from tests.lib.outbound.make import draft, message

LIMIT = 3
pytestmark = pytest.mark.sqlite_only


class CountingDisk(Disk):
    """Counts what waits, as a database that several processes share does."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        super().__init__(store, clock)
        self.looks: list[int | None] = []

    @override
    def put(
        self,
        draft: Draft,
        *,
        leased: bool,
        request: Request | None = None,
        others: Sequence[str] = (),
        limit: int | None = None,
    ) -> asyncio.Future[Put]:
        self.looks.append(limit)
        return super().put(draft, leased=leased, request=request, others=others, limit=limit)

    @override
    def putting(
        self,
        draft: Draft,
        *,
        leased: bool,
        request: Request | None = None,
        others: Sequence[str] = (),
        limit: int | None = None,
    ) -> Callable[[Transaction], Put]:
        work = super().putting(draft, leased=leased, request=request, others=others)

        def counted(tx: Transaction) -> Put:
            found = tx._connection.execute("SELECT id FROM messages WHERE status = 'pending'").fetchall()
            waiting = len(found)
            if limit is not None and waiting >= limit:
                raise QueueFullError(connection=draft.connection, limit=limit)
            return replace(work(tx), room=None if limit is None else limit - waiting - 1)

        return counted


class Bench:
    """A bystander with room for three, its disk, and what was told to whom."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.clock = clock
        self.disk = CountingDisk(store, clock)
        self.bus = Bus()
        self.events: list[Event] = []
        self.bus.subscribe(Event, self.events.append)
        self.told: list[tuple[str, list[int]]] = []
        shared = tools(self.disk, self.bus, clock, lambda *_: None)
        self.directory = shared.directory
        policies = policies_of({"home": Policy(max_waiting=LIMIT)})
        self.bystander = Bystander("home", replace(shared, policies=policies), self.tell)

    def tell(self, connection: str, message_ids: Sequence[int]) -> None:
        """To the owner."""
        self.told.append((connection, [*message_ids]))

    def published(self) -> list[tuple[type[Event], str, int]]:
        """What everybody was told, in order."""
        known = [event for event in self.events if isinstance(event, MessageQueued | MessageCancelled)]
        return [(type(event), event.connection, event.message.id) for event in known]

    async def put(self, recipient: str = "ada", tag: str | None = None, request: Request | None = None) -> Put:
        """Store a message."""
        put = await self.bystander.put(draft(recipient=recipient, tag=tag), request)
        await self.clock.settle()
        return put


@pytest.fixture
def bench(store: Store, clock: FakeClock) -> Bench:
    """One whose queue is empty."""
    return Bench(store, clock)


async def test_the_owner_is_told_what_was_put_and_what_it_replaced(bench: Bench) -> None:
    """It would be sent when the owner is started the next time; or the old temperature as well."""
    bench.directory.learn(Lesson(connection="home", aliases=(Alias(spelling="@ada", normal="ada"),)))
    old, new = await bench.put("@ada", tag="t"), await bench.put("ada", tag="t")
    assert bench.told == [("home", [old.message.id]), ("home", [new.message.id, old.message.id])]
    assert bench.published() == [
        (MessageQueued, "home", old.message.id),
        (MessageQueued, "home", new.message.id),
        (MessageCancelled, "home", old.message.id),
    ]
    assert (await bench.disk.get(new.message.id)).status is Status.PENDING


async def test_what_was_put_before_under_its_key_is_told_again(bench: Bench) -> None:
    """Who stored it may have ended before the owner heard of it; whoever repeats the request would wait for ever."""
    request = Request(key="k", digest="d")
    first, again = [await bench.put(request=request) for _ in range(2)]
    assert (first.message.id, again.is_new) == (again.message.id, False)
    assert bench.told == [("home", [first.message.id])] * 2
    assert bench.published() == [(MessageQueued, "home", first.message.id)], "it is there once"


async def test_there_is_room_for_so_many_and_it_is_counted_now_and_then(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A program beside a daemon would fill the database, or read ten thousand rows for each message it sends."""
    looks = bench.disk.looks
    await bench.put()
    await bench.put("bob")
    assert looks == [LIMIT, None], "there was room for two more"
    await bench.clock.advance(5.0)
    await bench.put("cyd")
    assert looks[2:] == [None]
    for _ in range(2):
        with pytest.raises(QueueFullError):
            await bench.put()
    assert looks[3:] == [LIMIT] * 2
    assert len(bench.told) == 3, "of what is not there nobody is told"
    await bench.disk.cancel(1)
    await bench.put()
    with pytest.raises(QueueFullError):
        await bench.put()
    for number in (2, 3):
        await bench.disk.cancel(number)
    await bench.put()
    await bench.clock.advance(5.1)
    await bench.put()
    assert looks[5:] == [LIMIT] * 4, "after five seconds others may have put some"
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_what_is_put_together_is_told_when_it_is_stored_and_never_if_it_is_not(bench: Bench) -> None:
    """The owner would look for messages that are not there, or not look for those that are."""
    given_up = Bundle(bench.disk)
    bench.bystander.put(draft(), bundle=given_up)
    given_up.abandon()
    bundle = Bundle(bench.disk)
    puts = [bench.bystander.put(draft(recipient=one), bundle=bundle) for one in ("ada", "bob")]
    await bench.clock.settle()
    assert bench.told == []
    bundle.store()
    ids = [put.message.id for put in await asyncio.gather(*puts)]
    await bench.clock.settle()
    assert bench.told == [("home", [one]) for one in ids]


def hand(bench: Bench) -> ByHand:
    """What a person does to messages through this process."""
    corrections = Corrections(bench.disk.store, bench.clock, "0123abcd")
    return ByHand(
        *(bench.disk, corrections, bench.bus, lambda name: bench.bystander if name == "home" else None),
        undoing=Undoing(bench.clock),
        spellings=bench.directory.spellings,
    )


async def test_the_owner_is_told_what_a_person_does(bench: Bench) -> None:
    """What was cancelled here would be sent there, what was corrected go to the old address, and nobody see it."""
    first, second = [(await bench.put()).message for _ in range(2)]
    under_way = (await bench.disk.put(draft(), leased=True)).message
    bench.told.clear()
    bench.events.clear()
    by_hand = hand(bench)
    await by_hand.cancel(first.id)
    await by_hand.retry(first.id)
    assert bench.told == [("home", [first.id])] * 2
    told = [(MessageCancelled, "home", first.id), (MessageQueued, "home", first.id)]
    assert bench.published() == told
    amended = await by_hand.amend(second, draft(text="another"))
    assert amended
    assert bench.told[2:] == [("home", [second.id])] * 2
    assert bench.published()[2:] == [(MessageQueued, "home", second.id)]
    await by_hand.move("home", "ada", "bob")
    assert bench.told[4:] == [("home", [under_way.id]), ("home", [])], "what is under way, and all that waits"
    await by_hand.withdraw("home", "bob")
    assert bench.told[6:] == [("home", [first.id]), ("home", [second.id])]
    assert bench.published()[3:] == [(MessageCancelled, "home", one) for one in (first.id, second.id)]


def test_who_changed_nothing_tells_nobody(bench: Bench) -> None:
    """A correction that concerns nobody would have the owner read all that waits."""
    bench.bystander.readdressed([], "bob")
    assert bench.told == []
    bench.bystander.readdressed(iter([7]), "bob")
    assert bench.told == [("home", [7])]
    bench.bystander.drop(message(id=8))
    assert (bench.told[1:], bench.events) == ([("home", [8])], []), "another message is told as such"
