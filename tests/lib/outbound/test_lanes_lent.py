"""An owner without a free worker lends lanes, wants them back when it has one, and hears what became of them."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine, Sequence
from dataclasses import replace

import pytest

from bach_lib import Policy
from bach_lib.bus import Bus
from bach_lib.errors import SessionEndedError, StoreFailedError
from bach_lib.events import Event, MessageEvent, MessageRetrying, MessageSent
from bach_lib.models import Connection, Message, Status
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.outbound.choosing import Choosing
from bach_lib.outbound.entry import Entry
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.lending import Lending
from bach_lib.outbound.loans import Ended, Loan, Lot
from bach_lib.outbound.retry import INTERRUPTED
from bach_lib.storage import Store
from bach_lib.testing import FakeClock
from tests.lib.outbound.disk import Disk, tools
from tests.lib.outbound.make import BUSY, message
from tests.lib.outbound.market import Market

FULL = StoreFailedError(path="bach.db", reason="the disk is full")


class Bench:
    """An owner whose workers (one) are at work, the lanes that it lends, and what it told and counted."""

    def __init__(self, store: Store, clock: FakeClock, parallel: int = 1) -> None:
        self.clock, self.market = clock, Market(clock)
        bus = Bus()
        self.told: list[Event] = []
        bus.subscribe(Event, self.told.append)
        self.counted: list[tuple[str, bool]] = []
        shared = tools(Disk(store, clock), bus, clock, lambda *told: self.counted.append(told))
        services = replace(shared, usual=Policy(parallel=parallel))
        self.directory = services.directory
        gate = services.gate(Connection(name="home", type="fake"), lambda: None)
        self.choosing = Choosing(Lanes(), gate, services)
        self.choosing.workers = parallel
        self.lanes = self.choosing.lanes
        self.tasks: list[asyncio.Task[None]] = []
        self.followed: list[list[int]] = []
        self.lending = Lending(
            "home",
            self.choosing,
            Ledger("home", services, self._spawn, lambda _: None),
            services,
            spawn=self._spawn,
            follow=lambda messages: self.followed.append([one.id for one in messages]),
        )

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def start(self, *, idempotent: bool = False) -> frozenset[int]:
        """Begin to lend."""
        return await self.lending.load(self.market, idempotent=idempotent)

    def wait_for(self, *recipients: str, **fields: object) -> None:
        """Let a message wait for each, numbered from 1 on."""
        for recipient in recipients:
            number = len(self.lanes._entries) + 1 if not fields else int(str(fields["id"]))
            self.lanes.add(Entry(**{"id": number, "recipient": recipient, **fields}))  # type: ignore[arg-type] # fields of it

    async def lend(self) -> None:
        """Offer what could go."""
        self.lending.lend()
        await self.clock.settle()

    def head(self) -> int | None:
        """The message that the owner itself may send now."""
        entry = self.lanes.take(self.clock.monotonic())
        return None if entry is None else entry.id

    @property
    def offered(self) -> dict[str, list[int]]:
        """What was lent, by recipient."""
        return {lot.recipient: [*lot.messages] for lot in self.market.lots.values()}


@pytest.fixture
async def bench(store: Store, clock: FakeClock) -> AsyncIterator[Bench]:
    """One that has lent nothing yet."""
    bench = Bench(store, clock)
    yield bench
    bench.lending.stop()
    await bench.clock.settle()
    assert [task.exception() for task in bench.tasks if not task.cancelled()] == [None] * len(bench.tasks)


def ended(number: int, *messages: Message, tried: bool = True, interrupted: bool = False) -> Ended:
    """A lane that came back."""
    ids = frozenset(one.id for one in messages)
    empty = frozenset[int]()
    return Ended(
        id=number,
        messages=messages,
        tried=ids if tried and not interrupted else empty,
        interrupted=ids if interrupted else empty,
    )


async def test_as_many_lanes_are_lent_as_keep_the_others_busy(store: Store, clock: FakeClock) -> None:
    """Other processes would stand idle, or take all and leave the owner nothing that it could order."""
    bench = Bench(store, clock, parallel=2)
    bench.wait_for("ada", "bob", "cyd", "dan", "eve", "fay", "ada")
    await bench.lend()
    assert bench.market.lots == {}, "it has not begun yet"
    await bench.start()
    bench.lending.lend()
    bench.lending.lend()
    await bench.clock.settle()
    assert bench.offered == {"ada": [1, 7], "bob": [2], "cyd": [3], "dan": [4]}
    assert bench.market.called == ["home"]
    await bench.lend()
    assert len(bench.market.lots) == 4
    assert bench.market.recalls == [], "no worker is free"
    bench.market.back = [ended(2, message(id=2, connection="home", status=Status.SENT))]
    bench.lending.collect()
    bench.lending.collect()
    await bench.clock.settle()
    assert bench.market.collected == [{1: [1, 7], 2: [2], 3: [3], 4: [4]}]
    await bench.lend()
    assert len(bench.market.lots) == 5
    bench.lending.stop()


async def test_what_is_just_being_lent_counts_as_lent(bench: Bench) -> None:
    """While the disk is busy, all lanes would be given away one by one."""
    bench.market.helpers = lambda: 2
    await bench.start()
    for recipient in ("ada", "bob", "cyd", "dan", "eve"):
        bench.wait_for(recipient)
        bench.lending.lend()
    await bench.clock.settle()
    assert [*bench.offered] == ["ada", "bob", "cyd", "dan"]


async def test_who_has_no_helper_lends_nothing(bench: Bench) -> None:
    """Alone, a process would give its lanes to nobody, who would not send them."""
    bench.market.helpers = lambda: 0
    bench.wait_for("ada")
    await bench.start()
    await bench.lend()
    assert (bench.market.lots, bench.head()) == ({}, 1)


async def test_a_lane_goes_out_with_what_may_go_now_and_how_urgent_it_is(bench: Bench) -> None:
    """Others would send what is to wait, or begin with what can wait."""
    bench.lanes.add(Entry(id=1, recipient="ada", priority=3))
    for number in range(2, 32):
        bench.lanes.add(Entry(id=number, recipient="ada", priority=3))
    bench.lanes.add(Entry(id=40, recipient="ada", due=bench.clock.monotonic() + 900))
    await bench.start()
    await bench.lend()
    [lot] = bench.market.lots.values()
    assert (lot.recipient, lot.priority, lot.messages) == ("ada", 3, [*range(1, 26)])


async def test_a_free_worker_wants_one_lane_back_and_others_keep_theirs(bench: Bench) -> None:
    """The owner would stand idle while its own messages wait for somebody who has no time for them."""
    bench.market.helpers = lambda: 2
    bench.wait_for("ada", "bob", "cyd")
    await bench.start()
    await bench.lend()
    bench.market.untaken.discard(1)
    bench.choosing.workers = 0
    bench.lending.lend()
    bench.lending.lend()
    await bench.clock.settle()
    assert bench.market.recalls == [([1, 2, 3], 1)]
    assert bench.followed == [[]], "there is something to send"
    assert (bench.head(), bench.head()) == (2, None), "the lane is its own again, with what was in it"
    await bench.lend()
    await bench.clock.advance(0.05)
    await bench.lend()
    assert len(bench.market.recalls) == 1, "not each time a worker looks around"
    await bench.clock.advance(0.06)
    await bench.lend()
    assert bench.market.recalls[1:] == [([1, 3], 1)]
    bench.market.refusals = [FULL]
    await bench.clock.advance(0.2)
    await bench.lend()
    assert (len(bench.market.recalls), bench.market.refusals) == (2, [])
    await bench.clock.advance(0.1)
    await bench.lend()
    assert bench.market.recalls[2:] == [([1], 1)], "a disk that failed once is asked again"
    assert len(bench.followed) == 2, "of what nobody gives back there is nothing to follow"


async def test_what_nobody_takes_is_had_back_and_nothing_is_lent_for_a_while(bench: Bench) -> None:
    """The messages of a house would wait for processes that have gone, a second at a time and for ever."""
    bench.market.helpers = lambda: 2
    bench.wait_for("ada", "bob")
    await bench.start()
    await bench.lend()
    await bench.clock.advance(0.9)
    assert (bench.market.recalls, bench.market.called) == ([], ["home"])
    await bench.clock.advance(0.1)
    assert bench.market.recalls == [([1, 2], 2)]
    assert bench.market.called == ["home"] * 2, "whoever has one and does not know it looks"
    assert bench.market.collected == [{1: [1], 2: [2]}]
    await bench.clock.advance(4.9)
    await bench.lend()
    assert len(bench.market.lots) == 2
    await bench.clock.advance(0.1)
    await bench.lend()
    assert len(bench.market.lots) == 4
    assert bench.market.collected[1:] == [{}], "where nothing is lent nobody looks for long"


async def test_what_somebody_has_taken_is_looked_for_each_second(bench: Bench) -> None:
    """The notice that a lane is back may be lost, and its messages would wait until the next start."""
    bench.market.helpers = lambda: 3
    bench.wait_for("ada", "bob", "cyd")
    await bench.start()
    await bench.lend()
    bench.market.untaken.discard(1)
    await bench.clock.advance(1)
    assert bench.market.recalls == [([1, 2, 3], 3)]
    bench.wait_for("dan", id=50)
    await bench.lend()
    assert "dan" in bench.offered, "somebody does take lanes"
    await bench.clock.advance(0.5)
    bench.wait_for("eve", id=51)
    await bench.lend()
    assert bench.offered["eve"] == [51]
    await bench.clock.advance(0.5)
    assert bench.market.recalls[1] == ([1, 4, 5, 6], 4), "the newest may still be taken"
    assert len(bench.market.collected) == 2
    bench.market.refusals = [FULL]
    await bench.clock.advance(1)
    bench.market.back = [ended(1, message(id=1, connection="home", status=Status.SENT))]
    await bench.clock.advance(1)
    assert 1 not in bench.lending._lent
    bench.lending.stop()
    looks = len(bench.market.collected)
    await bench.clock.advance(5)
    bench.lending.collect()
    await bench.lend()
    assert len(bench.market.collected) == looks


async def test_lanes_are_wanted_back_once_at_a_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow database would be asked for the same lanes by ten statements at once."""
    go_on = asyncio.Event()
    recall = bench.market.recall

    async def slow(ids: Collection[int], most: int) -> list[int]:
        found = await recall(ids, most)
        await go_on.wait()
        return found

    monkeypatch.setattr(bench.market, "recall", slow)
    bench.wait_for("ada")
    await bench.start()
    await bench.lend()
    bench.choosing.workers = 0
    for _ in range(3):
        await bench.clock.advance(0.2)
        await bench.lend()
    assert len(bench.market.recalls) == 1
    go_on.set()
    await bench.clock.settle()
    bench.choosing.workers = 1
    await bench.lend()
    assert len(bench.market.lots) == 2, "who wanted it back has no worker any more: others may take it"


async def test_a_lane_that_is_lent_already_under_another_address_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be offered again and again, without a pause, for as long as somebody has the other one."""
    bench.market.helpers = lambda: 2
    bench.wait_for("ada")
    await bench.start()
    await bench.lend()
    offers: list[int] = []

    async def the_same(connection: str, lots: Sequence[Lot]) -> list[int]:
        offers.append(len(lots))
        return [1] * len(lots)

    monkeypatch.setattr(bench.market, "offer", the_same)
    bench.market.untaken.clear()
    bench.wait_for("bob", id=2)
    await bench.lend()
    await bench.clock.advance(0.9)
    await bench.lend()
    assert offers == [1]
    await bench.clock.advance(0.1)
    await bench.lend()
    assert offers == [1, 1]


@pytest.mark.parametrize("step", ["offer", "collect"])
async def test_who_was_taken_for_dead_lends_nothing_and_says_nothing(bench: Bench, step: str) -> None:
    """The log would show a fault of BACH where a process only begins anew."""
    bench.wait_for("ada")
    await bench.start()
    bench.market.refusals = [SessionEndedError()]
    if step == "offer":
        await bench.lend()
    else:
        bench.lending.collect()
    await bench.clock.settle()
    assert (bench.market.refusals, bench.market.lots) == ([], {})


async def test_what_others_had_lent_stays_theirs_until_it_comes_back(bench: Bench) -> None:
    """After a change of owners, two processes would send to one person at a time, and out of order."""
    bench.directory.learn(Lesson(connection="home", aliases=(Alias(spelling="@ada", normal="ada"),)))
    bench.market.adopted = [Loan(id=9, recipient="@ada", messages=(4, 5))], []
    assert await bench.start(idempotent=True) == {4, 5}
    bench.wait_for("ada", id=6)
    assert bench.head() is None
    await bench.clock.advance(1)
    assert bench.market.asked == [("home", True)] * 2
    assert bench.market.collected == [{9: []}]
    assert bench.market.recalls == [([9], 1)]
    bench.market.back = [ended(9, message(id=4, connection="home", status=Status.PENDING), tried=False)]
    bench.lending.collect()
    await bench.clock.settle()
    assert bench.head() == 6, "what of it waits is read from the disk"
    assert bench.followed[-1] == [4]


async def test_a_lane_that_was_taken_over_and_nobody_has_begun_is_had_back(bench: Bench) -> None:
    """It would stay busy for ever."""
    bench.market.adopted = [Loan(id=9, recipient="ada", messages=(4,))], []
    bench.market.untaken.add(9)
    await bench.start()
    bench.wait_for("ada", id=6)
    await bench.clock.advance(1)
    assert bench.head() == 6


async def test_who_begins_anew_forgets_what_was_lent(bench: Bench) -> None:
    """It would wait for lanes that another process owns now, or lend less than it could."""
    bench.wait_for("ada", "bob", "cyd")
    await bench.start()
    await bench.lend()
    bench.lending.lend()
    assert len(bench.market.lots) == 2
    bench.choosing.workers = 0
    bench.lending.lend()
    bench.tasks.pop().cancel()  # wants one back, and is stopped
    assert await bench.lending.load(None, idempotent=False) == frozenset()
    bench.choosing.workers = 1
    bench.wait_for("dan", "eve", "fay")
    await bench.start()
    await bench.lend()
    assert len(bench.market.lots) == 4
    bench.choosing.workers = 0
    await bench.clock.advance(0.2)
    await bench.lend()
    assert len(bench.market.recalls) == 1


async def test_what_came_back_is_told_and_counted_once(bench: Bench) -> None:
    """Automations would not hear what others have sent for this process, or hear twice of it."""
    sent, failed, cancelled, died, untouched = (
        message(id=number, connection="home", status=status, error=error)
        for number, status, error in (
            (1, Status.SENT, None),
            (2, Status.FAILED, BUSY),
            (3, Status.CANCELLED, BUSY),
            (4, Status.PENDING, replace(BUSY, code=INTERRUPTED)),
            (5, Status.PENDING, None),
        )
    )
    bench.lanes.add(Entry(id=50, recipient="zed", aside=True, due=bench.clock.monotonic() + 900))
    bench.market.adopted = (
        [],
        [
            ended(6, failed),
            ended(8, cancelled),
            ended(7, died, interrupted=True),
            ended(9, untouched, tried=False),
        ],
    )
    await bench.start()
    told = [event for event in bench.told if isinstance(event, MessageEvent)]
    assert [(event.connection, event.message.id) for event in told] == [("home", number) for number in (2, 3, 4)]
    assert type(told[0]) is MessageRetrying
    assert bench.counted == [("home", False)] * 2, "a cancellation is no attempt"
    assert bench.head() is None, "nothing has got through"
    bench.market.back = [ended(10, sent)]
    bench.lending.collect()
    await bench.clock.settle()
    assert [type(event) for event in bench.told[3:]] == [MessageSent]
    assert bench.counted[2:] == [("home", True)]
    assert bench.head() == 50, "what stepped aside is tried again, as something gets through"
