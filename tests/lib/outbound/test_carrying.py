"""A process carries lanes of an owner that has no worker free: while all goes well in them, and not for long."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bach_lib import Policy
from bach_lib.bus import Bus
from bach_lib.connectors.base import Setup
from bach_lib.errors import SessionEndedError, StoreFailedError
from bach_lib.events import Event
from bach_lib.models import Connection, Fault, Message, Operation, Status
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.outbound.advancing import Advance
from bach_lib.outbound.carrier import LONGEST, Carrier
from bach_lib.outbound.loans import Loan
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Uncertain
from bach_lib.storage import Store
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.bordered import bordered
from tests.lib.outbound.disk import Disk, policies_of, tools
from tests.lib.outbound.make import BUSY, draft, message
from tests.lib.outbound.market import Market

FULL = StoreFailedError(path="bach.db", reason="the disk is full")


class Bench:
    """A carrier with two workers, what it may take, and what it wrote."""

    def __init__(self, store: Store, clock: FakeClock, platform: FakePlatform, setup: Setup) -> None:
        self.clock, self.platform, self.setup = clock, platform, setup
        self.disk = Disk(store, clock)
        self.market = Market(clock, self.disk)
        bus = Bus()
        self.told: list[Event] = []
        bus.subscribe(Event, self.told.append)
        self.counted: list[tuple[str, bool]] = []
        self.saved: list[str] = []
        shared = tools(self.disk, bus, clock, lambda *told: self.counted.append(told))
        self.directory = shared.directory
        self.services = replace(
            shared,
            queue=Disk(store, clock),
            policies=policies_of({"home": Policy(parallel=2)}),
            save_breaker=lambda name, failures, until: self.saved.append(name),
        )
        self.carrier = self.new()

    def new(self, **fields: object) -> Carrier:
        """Another one, for a connection of which the owner has noted this."""
        row = Connection(name="home", type="fake", **fields)  # type: ignore[arg-type] # fields of it
        self.carrier = Carrier(row, self.services, self.market)
        return self.carrier

    async def start(self) -> None:
        """Begin to carry."""
        self.carrier.start(bordered(fake_connector(self.platform)(self.setup)))
        await self.clock.settle()

    def lend(self, number: int, *messages: Message, recipient: str = "ada") -> Loan:
        """A lane that may be taken, and what the disk answers to each step in it."""
        self.disk.answers.extend(Advance(claimed=one) for one in messages)
        loan = Loan(id=number, recipient=recipient, messages=tuple(one.id for one in messages))
        self.market.to_take.append([loan])
        return loan

    @property
    def claims(self) -> list[int | None]:
        """What was claimed, step by step; None: only something was settled."""
        return [claim for _, claim in self.disk.asked]

    @property
    def settled(self) -> list[tuple[int, Status]]:
        """What was written of attempts."""
        return [(one.id, one.status) for one, _ in self.disk.asked if one]

    @property
    def sent(self) -> list[int]:
        """What the platform has."""
        return [one.id for one in self.platform.sent]


@pytest.fixture
async def bench(store: Store, clock: FakeClock, platform: FakePlatform, setup: Setup) -> AsyncIterator[Bench]:
    """One that has not begun."""
    bench = Bench(store, clock, platform, setup)
    yield bench
    platform.hold = None
    await bench.carrier.stop(0, is_leaving=True)


def one(number: int, **fields: object) -> Message:
    """A message as it was claimed."""
    return replace(message(id=number, connection="home"), **fields)  # type: ignore[arg-type] # fields of it


async def test_a_lane_is_delivered_in_its_order_and_given_back(bench: Bench) -> None:
    """Its messages would wait for the owner, who has no worker for them; or go out of order, or be sent twice."""
    bench.directory.learn(Lesson(connection="home", aliases=(Alias(spelling="@ada", normal="ada"),)))
    bench.lend(5, one(1), one(2), one(3, recipient="@ada"))
    bench.disk.answers.extend([Advance(settled=one(3, status=Status.SENT))])
    bench.disk.answers[1] = Advance(settled=one(1, status=Status.SENT), claimed=one(2))
    bench.disk.answers[2] = Advance(settled=one(2, status=Status.SENT), claimed=one(3, recipient="@ada"))
    await bench.start()
    assert [(one.id, one.recipient) for one in bench.platform.sent] == [(1, "ada"), (2, "ada"), (3, "ada")]
    assert bench.claims == [1, 2, 3, None]
    assert bench.settled == [(number, Status.SENT) for number in (1, 2, 3)]
    assert bench.disk.asked_by == {"home"}
    assert bench.disk.forms[:3] == [["ada", "@ada"]] * 3
    assert bench.market.given_back == [(5, [1, 2, 3])]
    assert bench.market.came_back == ["home"]
    assert (bench.told, bench.counted, bench.saved) == ([], [], []), "that is for the owner to tell"


async def test_as_many_lanes_are_taken_as_workers_are_free(bench: Bench) -> None:
    """One process would take all that another could send at the same time."""
    bench.platform.hold = asyncio.Event()
    bench.lend(5, one(1))
    await bench.start()
    assert bench.market.wanted == [2]
    bench.lend(6, one(2), recipient="bob")
    bench.carrier.offered()
    bench.carrier.offered()
    await bench.clock.settle()
    assert bench.market.wanted == [2, 1]
    bench.carrier.offered()
    await bench.clock.settle()
    assert bench.market.wanted == [2, 1], "both are at work"
    assert len(bench.platform.attempts) == 2
    bench.platform.hold.set()
    await bench.clock.settle()
    assert sorted(bench.sent) == [1, 2]
    assert sorted(number for number, _ in bench.market.given_back) == [5, 6]
    assert bench.market.wanted[2:] == [2], "and then it looks for more"


async def test_lanes_are_looked_for_once_at_a_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks at once would each take as many lanes as there are workers."""
    go_on = asyncio.Event()
    take = bench.market.take

    async def slow(connection: str, most: int) -> list[Loan]:
        found = await take(connection, most)
        await go_on.wait()
        return found

    monkeypatch.setattr(bench.market, "take", slow)
    await bench.start()
    for _ in range(3):
        bench.carrier.offered()
        await bench.clock.settle()
    assert bench.market.wanted == [2]
    bench.lend(5, one(1))
    go_on.set()
    await bench.clock.settle()
    assert bench.sent == [1], "what was called out meanwhile is looked for"


async def test_what_was_tried_of_a_lane_is_told_with_that_lane(bench: Bench) -> None:
    """What became of a message would be told to nobody, as another lane was given back before its own."""
    first, second = asyncio.Event(), asyncio.Event()
    other: asyncio.Future[Advance] = asyncio.get_running_loop().create_future()
    bench.platform.hold = first
    bench.market.to_take.append(
        [Loan(id=5, recipient="ada", messages=(1, 2)), Loan(id=6, recipient="bob", messages=(3,))]
    )
    sent = [Advance(settled=one(number, status=Status.SENT)) for number in (1, 2, 3)]
    bench.disk.answers.extend([Advance(claimed=one(1)), other, replace(sent[0], claimed=one(2)), sent[2], sent[1]])
    await bench.start()
    bench.platform.hold = second
    first.set()
    await bench.clock.settle()
    bench.platform.hold = None
    other.set_result(Advance(claimed=one(3)))
    await bench.clock.settle()
    assert bench.market.given_back == [(6, [3])]
    second.set()
    await bench.clock.settle()
    assert bench.market.given_back[1:] == [(5, [1, 2])]


async def test_who_was_taken_for_dead_as_it_gave_back_goes_on_with_what_it_is_offered(bench: Bench) -> None:
    """It would help no more until the next start."""
    bench.platform.hold = asyncio.Event()
    bench.lend(5, one(1))
    await bench.start()
    bench.market.refusals = [SessionEndedError()]
    bench.platform.hold.set()
    await bench.clock.settle()
    assert bench.market.wanted == [2, 1]


async def test_a_lane_that_is_named_again_is_carried_once(bench: Bench) -> None:
    """The second worker on it would send the same messages at the same time."""
    bench.platform.hold = asyncio.Event()
    loan = bench.lend(5, one(1))
    await bench.start()
    bench.market.to_take.append([loan])
    bench.carrier.offered()
    await bench.clock.settle()
    assert bench.claims == [1]
    bench.platform.hold.set()


async def test_who_could_not_look_looks_when_it_is_called_again(bench: Bench) -> None:
    """After the database was away for a moment, this process would never help again."""
    bench.market.refusals = [FULL]
    await bench.start()
    bench.lend(5, one(1))
    bench.carrier.offered()
    await bench.clock.settle()
    assert bench.sent == [1]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Retry(fault=BUSY, scope=Scope.MESSAGE), Status.FAILED),
        (Dead(fault=BUSY), Status.DEAD),
        (Uncertain(fault=BUSY), Status.FAILED),
    ],
)
async def test_what_does_not_go_well_gives_the_lane_back(bench: Bench, outcome: Outcome, status: Status) -> None:
    """What has to be judged by what happens elsewhere would be judged by who knows nothing of that."""
    bench.platform.outcomes.append(outcome)
    bench.lend(5, one(1), one(2))
    bench.disk.answers[1] = Advance(settled=one(1, status=status))
    await bench.start()
    assert bench.claims == [1, None]
    assert bench.settled == [(1, status)]
    assert bench.market.given_back == [(5, [1])]
    assert (bench.told, bench.saved) == ([], [])


async def test_a_lane_is_not_kept_for_long(bench: Bench) -> None:
    """What comes for it with the owner meanwhile, perhaps an alarm, would wait for all that was lent."""
    bench.platform.hold = asyncio.Event()
    bench.lend(5, one(1), one(2), one(3))
    await bench.start()
    first, bench.platform.hold = bench.platform.hold, asyncio.Event()
    await bench.clock.advance(LONGEST - 0.1)
    first.set()
    await bench.clock.settle()
    assert bench.claims == [1, 2]
    await bench.clock.advance(0.1)
    bench.platform.hold.set()
    await bench.clock.settle()
    assert bench.claims == [1, 2, None]
    assert [number for number, _ in bench.market.given_back] == [5]


async def test_what_is_gone_is_left_and_the_lane_given_back(bench: Bench) -> None:
    """What somebody has just cancelled would be sent, or hold what is behind it."""
    bench.lend(5, one(1))
    bench.disk.answers[0] = Advance()
    await bench.start()
    assert (bench.claims, bench.sent) == ([1], [])
    assert bench.market.given_back == [(5, [])]
    assert bench.carrier._gate.admit() is not None


@pytest.mark.parametrize("operation", [Operation.EDIT, Operation.DELETE, Operation.REACT])
async def test_what_changes_another_message_is_its_owners_to_send(bench: Bench, operation: Operation) -> None:
    """It would go before the message that it changes, which may wait elsewhere."""
    bench.lend(5, one(1, operation=operation, target="9"))
    await bench.start()
    assert (bench.sent, bench.settled) == ([], [(1, Status.PENDING)])
    assert bench.market.given_back == [(5, [])]


async def test_what_is_too_late_is_not_sent(bench: Bench) -> None:
    """Yesterday's alarm would arrive because another process had a worker free."""
    bench.lend(5, one(1, expires_at=bench.clock.now() - 1))
    await bench.start()
    assert (bench.sent, bench.settled) == ([], [(1, Status.EXPIRED)])


async def test_who_rests_begins_nothing_more_and_gives_back_what_it_has(bench: Bench) -> None:
    """With the settings of before, the rest of a lane would go through an account that is another now."""
    bench.platform.hold = asyncio.Event()
    bench.lend(5, one(1), one(2))
    await bench.start()
    bench.carrier.rest()
    bench.platform.hold.set()
    await bench.clock.settle()
    assert bench.claims == [1, None]
    assert bench.sent == [1]
    assert [number for number, _ in bench.market.given_back] == [5]
    looked = len(bench.market.wanted)
    bench.carrier.offered()
    await bench.clock.settle()
    assert len(bench.market.wanted) == looked


@pytest.mark.parametrize("is_leaving", [False, True])
async def test_who_stops_waits_for_what_is_under_way_and_gives_all_back(bench: Bench, is_leaving: bool) -> None:
    """A lane would stay with a process that is gone, until the others have noticed."""
    bench.platform.hold = asyncio.Event()
    bench.lend(5, one(1))
    await bench.start()
    stopping = asyncio.create_task(bench.carrier.stop(5, is_leaving=is_leaving))
    await bench.clock.advance(4)
    assert (stopping.done(), bench.market.given_back) == (False, [])
    bench.market.refusals = [FULL]
    await bench.clock.advance(1)
    if not is_leaving:
        await bench.clock.advance(5)
    await stopping
    assert bench.market.given_back == ([] if is_leaving else [(5, [])]), "the end of its session says the same"


async def test_who_was_taken_for_dead_lets_go(bench: Bench) -> None:
    """What belongs to others again would be written by two."""
    bench.lend(5, one(1))
    bench.disk.answers[0] = SessionEndedError()
    await bench.start()
    assert (bench.sent, bench.market.given_back) == ([], [])
    assert bench.told == []


async def test_where_nothing_gets_through_from_here_no_lane_is_taken(bench: Bench) -> None:
    """A process without a network would take lanes and give them back, again and again, and hold up all."""
    bench.new(disabled_until=bench.clock.now() + 900, consecutive_failures=5)
    bench.lend(5, one(1))
    await bench.start()
    assert bench.sent == [1], "what the owner knows of its own network says nothing of this one"
    bench.platform.fault = Fault(code="unreachable", text="No route to host")
    for number in range(6):
        bench.lend(6 + number, one(2 + number))
        bench.carrier.offered()
        await bench.clock.settle()
    looked = len(bench.market.wanted)
    bench.carrier.offered()
    await bench.clock.settle()
    assert len(bench.market.wanted) == looked
    assert bench.saved == [], "the owner's own breaker is its own"
    bench.platform.fault = None
    bench.disk.answers.clear()
    bench.lend(20, one(20))
    await bench.clock.advance(31)
    assert bench.sent[-1] == 20, "as soon as a check goes well, it helps again"


async def test_who_has_had_nothing_to_carry_for_a_while_is_idle(bench: Bench) -> None:
    """Its connector would be kept open for ever, or closed while it sends."""
    assert [bench.carrier.was_idle for _ in range(2)] == [False, True], "nobody has asked before"
    bench.platform.hold = asyncio.Event()
    bench.lend(5, one(1))
    await bench.start()
    assert [bench.carrier.was_idle for _ in range(2)] == [False] * 2, "it still has one in hand"
    bench.platform.hold.set()
    await bench.clock.settle()
    assert bench.carrier.was_idle
    bench.disk.answers.clear()
    bench.lend(6, one(2))
    bench.carrier.offered()
    await bench.clock.settle()
    assert (bench.sent, bench.carrier.was_idle) == ([1, 2], False), "it was not idle all the time"


async def test_how_far_a_long_message_has_come_is_kept_with_the_lent_lane(bench: Bench) -> None:
    """After a crash all of a long text would come again."""
    kept = (await bench.disk.put(draft(), leased=True)).message
    await bench.carrier.course.keep(kept.id, "2 of 3")
    assert (await bench.disk.get(kept.id)).progress == "2 of 3"
