"""One dispatcher by itself, on a real table: what it takes, when it sends, what it tells, and how it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from typing import Unpack, cast, override

import pytest

from bach_lib import BreakerState, Policy
from bach_lib.bus import Bus
from bach_lib.connectors.base import Setup
from bach_lib.connectors.capabilities import Rate
from bach_lib.errors import QueueFullError, StorageError, StoreFailedError
from bach_lib.events import (
    Event,
    MessageAttempted,
    MessageCancelled,
    MessageEvent,
    MessageExpired,
    MessageQueued,
    MessageRetrying,
    MessageSent,
    RecipientMoved,
)
from bach_lib.models import Connection, Delivery, Fault, Operation, Status
from bach_lib.models.spellings import Alias, Lesson
from bach_lib.outbound import choosing as module
from bach_lib.outbound import loading as loading_module
from bach_lib.outbound.advancing import Advance
from bach_lib.outbound.background_tasks import BackgroundTasks
from bach_lib.outbound.by_hand import ByHand
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.dispatcher import Dispatcher
from bach_lib.outbound.loans import Ended, Loan, Loans, Lot
from bach_lib.outbound.putting import Put
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.rows import Request
from bach_lib.outbound.services import DispatchServices
from bach_lib.outbound.undoing import Undoing
from bach_lib.outcomes import Dead, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.registry.directory import Directory
from bach_lib.storage import SharedStore, Store, Transaction, portions
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from bach_lib.testing.connector import FakeConnector
from tests.lib.bordered import bordered
from tests.lib.outbound.make import BUSY, draft, nobody_asked
from tests.lib.storage.work import How

DOWN = Fault(code="unreachable", text="No route to host")
TOKEN = "s3cr3t-t0k3n"


class Bench:
    """A dispatcher, its disk, its platform, and what was told."""

    def __init__(self, store: Store, clock: FakeClock, platform: FakePlatform, connector: FakeConnector) -> None:
        self.store, self.clock, self.platform, self.connector = store, clock, platform, connector
        self.queue = Queue(store, clock, "0123abcd")
        self.corrections = Corrections(store, clock, "0123abcd")
        self.told: list[Event] = []
        self.counted: list[tuple[str, bool]] = []
        self.policy = Policy()
        self.dispatcher = self.new()

    def new(self, **policy: int) -> Dispatcher:
        """Another one for the same connection, as after a restart."""
        bus = Bus()
        bus.subscribe(Event, self.told.append)
        services = DispatchServices(
            queue=self.queue,
            directory=Directory(self.store, bus, lambda _: frozenset()),
            bus=bus,
            clock=self.clock,
            usual=replace(Policy(), **policy),  # type: ignore[arg-type] # numbers only
            random=lambda: 0.5,
            save_breaker=lambda name, failures, until: None,
            count=lambda name, delivered: self.counted.append((name, delivered)),
            ensure_account=nobody_asked,
        )
        self.dispatcher = Dispatcher(Connection(name="home", type="fake"), services)
        return self.dispatcher

    async def start(self, *, hold: bool = False) -> None:
        """Begin to deliver; with `hold`, attempts hang."""
        if hold:
            self.platform.hold = asyncio.Event()
        self.dispatcher.start(bordered(self.connector, TOKEN))
        await self.clock.settle()

    async def put(self, *recipients: str, **fields: object) -> list[int]:
        """Put messages, one after the other."""
        drafts = [replace(draft(), recipient=recipient, **fields) for recipient in recipients]  # type: ignore[arg-type] # of a draft
        return [(await self.dispatcher.put(one)).message.id for one in drafts]

    async def let_go(self) -> None:
        """What hangs may end."""
        if self.platform.hold:
            self.platform.hold.set()
        self.platform.hold = None
        await self.clock.settle()

    def events(self, kind: type[MessageEvent]) -> list[int]:
        """Of which messages this was told."""
        assert all(event.connection == "home" for event in self.told)
        return [event.message.id for event in self.told if isinstance(event, kind)]

    @property
    def sent(self) -> list[int]:
        """What the platform has."""
        return [message.id for message in self.platform.sent]

    async def statuses(self, ids: Sequence[int]) -> list[Status]:
        """As the disk has them."""
        return [(await self.queue.get(message_id)).status for message_id in ids]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is begun beside the one who asked for it: nobody waits for that, and so nobody hears that it failed."""
    tasks = list[asyncio.Task[None]]()
    spawn = BackgroundTasks.spawn

    def noted(self: BackgroundTasks, work: Coroutine[object, object, None]) -> None:
        before = {*self.tasks}
        spawn(self, work)
        tasks.extend(self.tasks - before)

    monkeypatch.setattr(BackgroundTasks, "spawn", noted)
    yield
    assert [task for task in tasks if not task.cancelled() and task.exception()] == []


@pytest.fixture
async def bench(
    store: Store, clock: FakeClock, platform: FakePlatform, setup: Setup, begun: None
) -> AsyncIterator[Bench]:
    """A dispatcher that rests."""
    bench = Bench(store, clock, platform, fake_connector(platform)(setup))
    yield bench
    await bench.let_go()
    await bench.dispatcher.stop(0)


# -- putting -------------------------------------------------------------------------------------------------------


async def test_what_is_put_before_anything_was_loaded_goes_when_it_starts(bench: Bench) -> None:
    """A connection that was just added would keep its first message for itself."""
    ids = await bench.put("ada", "bob")
    await bench.clock.advance(1)
    assert bench.sent == []
    await bench.start()
    assert bench.sent == ids
    assert await bench.statuses(ids) == [Status.SENT] * 2


async def test_no_more_may_wait_than_is_allowed(bench: Bench) -> None:
    """A loop in an automation would fill the disk; or the last one that has room be refused."""
    bench.new(max_waiting=3)
    puts = [bench.dispatcher.put(draft(recipient=name)) for name in ("ada", "bob", "eve")]
    for _ in range(2):
        with pytest.raises(QueueFullError) as caught:
            bench.dispatcher.put(draft())
        assert caught.value.placeholders == {"connection": "home", "limit": "3"}
        await asyncio.gather(*puts)
    await bench.start()
    await bench.put("ada")


async def test_what_is_on_its_way_counts_too(bench: Bench) -> None:
    """While a platform hangs, thousands would be taken, each of them on its way."""
    bench.new(max_waiting=2)
    await bench.start(hold=True)
    await bench.put("ada")
    await bench.clock.settle()
    await bench.put("bob")
    with pytest.raises(QueueFullError):
        bench.dispatcher.put(draft(recipient="eve"))
    await bench.let_go()
    await bench.put("eve")


async def test_what_goes_at_once_counts_once_while_it_is_written(bench: Bench) -> None:
    """With half as much as may wait, people would be told that there is no room."""
    bench.new(max_waiting=4)
    await bench.start(hold=True)
    puts = [bench.dispatcher.put(draft(recipient=name)) for name in ("ada", "bob", "eve", "joe")]
    with pytest.raises(QueueFullError):
        bench.dispatcher.put(draft(recipient="max"))
    await asyncio.gather(*puts)
    await bench.let_go()


async def test_what_is_still_to_be_read_counts_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every restart as many again would be let in."""
    monkeypatch.setattr(loading_module, "_SHARE", 1)
    await bench.put("ada", "bob", "eve")
    bench.new(max_waiting=3)
    await bench.dispatcher.load(idempotent=False)
    with pytest.raises(QueueFullError):
        bench.dispatcher.put(draft())


async def test_a_message_that_may_go_at_once_costs_one_transaction_less(bench: Bench) -> None:
    """Every message would be written once more before it goes, and every answer come later."""
    await bench.start(hold=True)
    first = await bench.dispatcher.put(draft())
    second = await bench.dispatcher.put(draft())
    assert (first.message.status, second.message.status) == (Status.SENDING, Status.PENDING)
    assert bench.events(MessageQueued) == [first.message.id, second.message.id]
    await bench.let_go()
    assert bench.sent == [first.message.id, second.message.id]
    assert bench.events(MessageAttempted) == bench.events(MessageSent) == bench.sent
    assert bench.counted == [("home", True)] * 2


async def test_two_that_come_at_once_keep_their_order(bench: Bench) -> None:
    """The second would be leased while the first is still being stored as waiting, and overtake it."""
    await bench.start()
    bench.platform.rates = {"all": Rate(count=1, per=10)}
    await bench.put("eve")
    puts = [bench.dispatcher.put(draft(text="one")), bench.dispatcher.put(draft(text="two"))]
    bench.platform.rates = {}
    puts.append(bench.dispatcher.put(draft(text="three")))
    assert [put.message.status for put in await asyncio.gather(*puts)] == [Status.PENDING] * 3
    await bench.clock.advance(10)
    assert [message.text for message in bench.platform.sent][1:] == ["one", "two", "three"]


async def test_who_comes_while_the_past_is_read_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the second of a restart a new message would overtake what has waited for hours."""
    monkeypatch.setattr(loading_module, "_SHARE", 1)
    old = await bench.put("ada", "bob", "ada")
    bench.new()
    await bench.dispatcher.load(idempotent=False)
    bench.dispatcher.start(bordered(bench.connector))
    new = await bench.dispatcher.put(draft(recipient="eve"))
    assert new.message.status is Status.PENDING
    await bench.clock.settle()
    assert bench.sent == [*old[:2], old[2], new.message.id]


@pytest.mark.parametrize("reason", ["full", "open", "paused", "limited", "parked"])
async def test_what_cannot_go_at_once_waits_and_holds_nothing(bench: Bench, reason: str) -> None:
    """A place, a permit or a lane would be kept by a message that does not go, and nothing go any more."""
    bench.new(parallel=1)
    await bench.start()
    if reason == "full":
        bench.platform.hold = asyncio.Event()
    elif reason == "open":
        bench.dispatcher.gate._breaker.trip()
    elif reason == "paused":
        bench.platform.outcomes.append(Wait(seconds=20, fault=BUSY, scope=Scope.CONNECTION))
    else:
        bench.platform.rates = {"all": Rate(count=1, per=20)}
    [first] = await bench.put("eve")
    await bench.clock.settle()
    if reason == "parked":
        await bench.put("fay")
        await bench.clock.settle()
    one = (await bench.dispatcher.put(draft(recipient="ada"))).message
    other = (await bench.dispatcher.put(draft(recipient="ada", text="other"))).message
    assert (one.status, other.status) == (Status.PENDING, Status.PENDING)
    await bench.let_go()
    await bench.clock.advance(400)
    assert set(bench.sent) >= {first, one.id, other.id}
    assert bench.sent.index(one.id) < bench.sent.index(other.id)


async def test_a_put_that_fails_gives_back_what_it_had_reserved(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one full disk nobody in this chat would ever get anything again, and in the end nobody at all."""
    bench.new(parallel=1)
    await bench.start()

    def refuse(*_: object, **__: object) -> None:
        raise StoreFailedError(path="bach.db", reason="full")

    def later(*_: object, **__: object) -> asyncio.Future[object]:
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        future.set_exception(StoreFailedError(path="bach.db", reason="full"))
        return future

    for put in (refuse, later):
        with monkeypatch.context() as broken:
            broken.setattr(bench.queue, "put", put)
            for _ in range(3):
                with pytest.raises(StorageError):
                    await bench.dispatcher.put(draft())
        await bench.clock.settle()
        stored = await bench.dispatcher.put(draft())
        assert stored.message.status is Status.SENDING
        await bench.clock.settle()
    assert len(bench.sent) == 2


async def test_what_was_asked_for_twice_is_told_of_once(bench: Bench) -> None:
    """A program that repeats its request would show two messages, or keep the lane of one that never goes."""
    bench.new(parallel=1)
    await bench.start()
    asked = Request(key="order 7", digest="abc")
    puts = [await bench.dispatcher.put(draft(), asked) for _ in range(3)]
    await bench.clock.settle()
    assert [put.is_new for put in puts] == [True, False, False]
    assert bench.events(MessageQueued) == bench.sent == [puts[0].message.id]
    await bench.put("ada")
    await bench.clock.settle()
    assert len(bench.sent) == 2


async def test_a_replaced_message_is_told_and_never_goes(bench: Bench) -> None:
    """A person would read twenty old temperatures, and a dashboard show them as waiting."""
    old = await bench.put("ada", tag="t")
    new = await bench.put("ada", tag="t")
    assert bench.events(MessageCancelled) == old
    await bench.start()
    assert bench.sent == new


# -- choosing ------------------------------------------------------------------------------------------------------


async def test_no_more_go_at_a_time_than_is_allowed(bench: Bench) -> None:
    """A platform would be hit by a thousand requests after an outage."""
    bench.new(parallel=2)
    await bench.put("ada", "bob", "eve")
    await bench.start(hold=True)
    assert len(bench.platform.attempts) == 2
    await bench.put("fay")
    assert len(bench.platform.attempts) == 2
    await bench.let_go()
    assert len(bench.sent) == 4


async def test_a_worker_goes_on_with_what_waits(bench: Bench) -> None:
    """Between two messages of a backlog a whole round of the timer would pass."""
    bench.new(parallel=1)
    ids = await bench.put("ada", "bob", "ada", "bob")
    await bench.start()
    assert bench.sent == ids
    assert await bench.statuses(ids) == [Status.SENT] * 4


async def test_those_that_a_limit_stops_go_when_it_has_room(bench: Bench) -> None:
    """A limit of the platform would be passed, or those that wait for it be forgotten."""
    bench.platform.rates = {"all": Rate(count=1, per=10)}
    ids = await bench.put("ada", "bob", "eve")
    await bench.start()
    seen = [len(bench.sent)]
    for _ in range(3):
        await bench.clock.advance(9.9)
        seen.append(len(bench.sent))
        await bench.clock.advance(0.1)
        seen.append(len(bench.sent))
    assert seen == [1, 1, 2, 2, 3, 3, 3]
    assert bench.sent == ids


async def test_many_that_a_limit_stops_are_set_aside_a_turn_at_a_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands behind one limit would hold up the loop, or the one behind them that may go be held up by it."""
    monkeypatch.setattr(module, "_MOST_PARKED", 2)

    def rates(recipient: str) -> dict[str, Rate]:
        return {} if recipient == "eve" else {"all": Rate(count=1, per=10)}

    monkeypatch.setattr(bench.connector, "rates", rates)
    ids = await bench.put("a", "b", "c", "d", "eve")
    await bench.start()
    await bench.clock.advance(0.5)
    assert bench.sent == [ids[0], ids[4]]
    await bench.clock.advance(30)
    assert set(bench.sent) == set(ids)


async def test_it_wakes_when_something_may_go_and_not_before(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that waits for a minute would come late, or the machine be woken all the time."""
    bench.platform.outcomes.append(Retry(fault=BUSY, scope=Scope.MESSAGE))
    timers: list[float] = []
    call_later = bench.clock.call_later

    def noted(seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        if getattr(callback, "__name__", "") == "_pump":
            timers.append(seconds)
        return call_later(seconds, callback)

    [one] = await bench.put("ada")
    await bench.start()
    assert (await bench.queue.get(one)).next_retry_at == bench.clock.now() + 30
    monkeypatch.setattr(bench.clock, "call_later", noted)
    await bench.put("bob", expires_at=bench.clock.now() + 600)
    await bench.clock.settle()
    assert set(timers) == {30}
    await bench.clock.advance(29.9)
    assert one not in bench.sent
    assert len(timers) < 10
    await bench.clock.advance(0.1)
    assert one in bench.sent


async def test_a_resting_connection_wakes_only_for_what_ends(bench: Bench) -> None:
    """A connection that is switched off would wake the machine without an end, or keep messages after their time."""
    await bench.put("ada", "bob")
    await bench.put("eve", expires_at=bench.clock.now() + 60)
    await bench.clock.settle()
    assert len(bench.clock._callbacks) == 1
    await bench.clock.advance(60)
    assert len(bench.events(MessageExpired)) == 1
    assert bench.clock._callbacks == {}


# -- what follows from an attempt ----------------------------------------------------------------------------------


async def test_who_is_told_to_wait_waits_and_the_others_go_on(bench: Bench) -> None:
    """A chat that was told to wait would be asked again, or all others wait with it."""
    bench.platform.outcomes.append(Wait(seconds=45, fault=BUSY, scope=Scope.RECIPIENT))
    await bench.start()
    [first] = await bench.put("ada")
    await bench.clock.settle()
    second, other = await bench.put("ada", "bob")
    await bench.clock.advance(44)
    assert bench.sent == [other]
    assert bench.events(MessageRetrying) == [first]
    assert (await bench.queue.get(first)).next_retry_at == bench.clock.now() + 1
    await bench.clock.advance(1)
    assert bench.sent == [other, first, second]


async def test_a_wish_that_concerns_one_message_stops_no_other(bench: Bench) -> None:
    """A limit of one kind of request would hold up the alarm to the same person."""
    bench.platform.outcomes.append(Wait(seconds=45, fault=BUSY, scope=Scope.MESSAGE))
    await bench.start()
    [first] = await bench.put("ada", operation=Operation.EDIT, target="1")
    await bench.clock.settle()
    [alarm] = await bench.put("ada")
    [newer] = await bench.put("ada", operation=Operation.EDIT, target="1")
    await bench.clock.advance(44)
    assert bench.sent == [alarm]
    await bench.clock.advance(1)
    assert bench.sent == [alarm, first, newer]
    assert (await bench.queue.get(newer)).retry_count == 0


async def test_a_recipient_that_moved_is_followed_and_told(bench: Bench) -> None:
    """What waits for a group that became a supergroup would be refused, and nobody know its new address."""
    bench.platform.outcomes.append(Sent(remote_id="1", moved_to="ada2"))
    await bench.start(hold=True)
    await bench.put("ada", "ada")
    await bench.let_go()
    assert [message.recipient for message in bench.platform.sent] == ["ada", "ada2"]
    [moved] = [event for event in bench.told if isinstance(event, RecipientMoved)]
    assert (moved.connection, moved.old, moved.new) == ("home", "ada", "ada2")


async def test_what_stepped_aside_goes_when_something_gets_through(bench: Bench) -> None:
    """A message that was refused in an odd hour would wait for another one although all is well again."""
    await bench.start()
    refused = Retry(fault=BUSY, scope=Scope.CONNECTION)
    bench.platform.outcomes.append(refused)
    [one] = await bench.put("ada", max_retries=0)
    await bench.clock.settle()
    assert (await bench.queue.get(one)).retry_count == 1
    [behind] = await bench.put("ada")
    await bench.clock.settle()
    assert bench.sent == [behind, one], "its lane went on without it, and showed that all is well"


async def test_what_may_have_arrived_in_an_outage_goes_with_the_first_good_check(bench: Bench) -> None:
    """After an outage of a minute such a message would wait for another half hour."""
    await bench.start()
    bench.platform.outcomes.append(Uncertain(fault=DOWN))
    checks = bench.connector.check

    async def fail() -> Fault:
        return DOWN

    bench.connector.check = fail  # type: ignore[method-assign] # for a moment
    [one] = await bench.put("ada")
    await bench.clock.settle()
    assert (await bench.queue.get(one)).next_retry_at == bench.clock.now() + 30
    bench.connector.check = checks  # type: ignore[method-assign] # as it was
    await bench.clock.advance(23)
    assert len(bench.platform.attempts) == 2


async def test_a_probe_that_fails_lets_another_go_next(bench: Bench) -> None:
    """One message that takes the connection down each time would keep it closed for all."""
    await bench.start()
    bench.platform.fault = DOWN
    await bench.put("ada", "bob")
    await bench.clock.advance(60)
    assert bench.dispatcher.gate.state is BreakerState.OPEN
    bench.platform.attempts.clear()
    await bench.clock.advance(1000)
    assert [message.recipient for message in bench.platform.attempts[:3]] == ["ada", "bob", "ada"]
    bench.platform.fault = None
    await bench.clock.advance(400)
    assert [message.recipient for message in bench.platform.sent] == ["bob", "ada"]


async def test_a_good_check_is_the_probe_where_nothing_waits(bench: Bench) -> None:
    """The connection would look broken until somebody happens to send."""
    await bench.start()
    bench.dispatcher.gate._breaker.trip()
    await bench.clock.advance(300)
    assert bench.dispatcher.gate.state is BreakerState.CLOSED


async def test_a_message_that_the_disk_brought_too_late_is_not_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow disk would send "Dinner is ready" an hour later."""
    await bench.start()
    [one] = await bench.put("ada", expires_at=bench.clock.now() + 5, created_at=bench.clock.now())
    assert bench.sent == []
    put = bench.queue.put

    def slow(*arguments: object, **options: object) -> object:
        future = put(*arguments, **options)  # type: ignore[arg-type] # as they came
        bench.clock._move(bench.clock.monotonic() + 10)
        return future

    await bench.clock.settle()
    assert bench.sent == [one]
    monkeypatch.setattr(bench.queue, "put", slow)
    late = (await bench.dispatcher.put(draft(expires_at=bench.clock.now() + 5, created_at=bench.clock.now()))).message
    await bench.clock.settle()
    assert bench.sent == [one]
    assert (await bench.queue.get(late.id)).status is Status.EXPIRED
    assert bench.events(MessageExpired) == [late.id]
    assert late.id not in bench.events(MessageAttempted)
    monkeypatch.undo()
    await bench.put("ada")
    await bench.clock.settle()
    assert len(bench.sent) == 2


async def test_no_secret_is_in_what_is_told_of_an_attempt(bench: Bench) -> None:
    """A library that quotes the address would put the token on disk and on the dashboard."""
    await bench.start()
    bench.platform.outcomes.append(Dead(fault=Fault(code="refused", text=f"GET /bot{TOKEN}/send")))
    [one] = await bench.put("ada")
    await bench.clock.settle()
    message = await bench.queue.get(one)
    assert message.error == Fault(code="refused", text="GET /bot***/send")


# -- by hand -------------------------------------------------------------------------------------------------------


async def test_what_is_sent_again_goes_and_is_told(bench: Bench) -> None:
    """Who presses the button would see nothing happen."""
    await bench.start()
    bench.platform.outcomes.append(Dead(fault=BUSY))
    [one] = await bench.put("ada")
    await bench.clock.settle()
    bench.dispatcher.waits_again(await bench.queue.retry(one))
    await bench.clock.settle()
    assert bench.sent == [one]
    assert bench.events(MessageQueued) == [one, one]


async def test_what_is_taken_out_lets_the_next_one_go(bench: Bench) -> None:
    """Whoever waits behind a message that was cancelled would wait for as long as it was to wait."""
    bench.platform.outcomes.extend([Retry(fault=BUSY, scope=Scope.MESSAGE), Retry(fault=BUSY, scope=Scope.MESSAGE)])
    await bench.start()
    first, other = await bench.put("ada", "bob")
    await bench.clock.settle()
    behind = await bench.put("ada", "bob")
    bench.dispatcher.forget((await bench.queue.cancel(first))[1])
    bench.dispatcher.drop((await bench.queue.cancel(other))[1])
    await bench.clock.settle()
    assert bench.sent == behind
    assert bench.events(MessageCancelled) == [first], "what became another message is told as such"


async def test_what_another_process_put_goes_when_it_is_told(bench: Bench) -> None:
    """A message that somebody puts beside the owner would wait for a restart, or overtake an older one."""
    await bench.dispatcher.load(idempotent=False)
    await bench.start()
    one, two, three, four = [(await bench.queue.put(draft(), leased=False)).message for _ in range(4)]
    bench.dispatcher.follow([one])
    await bench.clock.settle()
    assert bench.sent == [1]
    bench.dispatcher.follow([three], has_more=True)
    await bench.clock.settle()
    assert bench.sent == [1, two.id, three.id, four.id]
    for tell in (None, ()):
        await bench.queue.put(draft(), leased=False)
        bench.dispatcher.follow(tell)
        await bench.clock.settle()
        assert bench.sent == [1, 2, 3, 4, 5], "no news is no reason to read everything anew"


@pytest.mark.parametrize(("is_move", "of_change"), [(False, "new"), (True, "old")])
async def test_what_waits_gets_the_one_name_of_its_place_and_a_change_stays_where_its_id_is(
    bench: Bench, is_move: bool, of_change: str
) -> None:
    """After a restart messages would stand in two lanes; and a deletion be made of another message in the new group."""
    ids = [*await bench.put("old"), *await bench.put("old", operation=Operation.DELETE, target="5")]
    alias = Alias(spelling="old", normal="new", is_move=is_move)
    bench.dispatcher._services.directory.learn(Lesson(connection="home", aliases=(alias,)))
    bench.dispatcher.renamed("old", "new")
    await bench.clock.settle()
    assert [(await bench.queue.get(number)).recipient for number in ids] == ["new", of_change]
    await bench.start(hold=True)
    assert [one.id for one in bench.platform.attempts] == ids[:1], "they share a lane"
    await bench.let_go()
    assert [(one.id, one.recipient) for one in bench.platform.sent] == [(ids[0], "new"), (ids[1], of_change)]


async def test_an_older_one_of_a_tag_does_not_go_when_its_place_turns_out_to_be_that_of_a_newer_one(
    bench: Bench,
) -> None:
    """A person would read yesterday's temperature after today's."""
    old, new = [*await bench.put("@ada", tag="t"), *await bench.put("ada", tag="t")]
    alias = Alias(spelling="@ada", normal="ada")
    bench.dispatcher._services.directory.learn(Lesson(connection="home", aliases=(alias,)))
    bench.dispatcher._meet("@ada")
    await bench.start()
    assert bench.sent == [new]
    assert await bench.statuses([old, new]) == [Status.CANCELLED, Status.SENT]


async def test_what_waits_goes_to_the_new_address(bench: Bench) -> None:
    """Who corrects an address would have to send everything again."""
    await bench.start(hold=True)
    await bench.put("ada", "ada", "ada")
    _ = [message async for message in bench.corrections.move("home", "ada", "ada2")]
    bench.dispatcher.moved("ada", "ada2")
    await bench.clock.settle()
    assert [message.recipient for message in bench.platform.attempts] == ["ada"], "what is under way goes first"
    await bench.let_go()
    assert [message.recipient for message in bench.platform.sent] == ["ada", "ada2", "ada2"]


@pytest.mark.sqlite_only
async def test_what_a_failing_disk_has_moved_stands_in_the_lane_of_the_new_address(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer words to the new address would overtake the older ones, which memory still had in the old lane."""
    hand = ByHand(
        *(bench.queue, bench.corrections, Bus(), lambda name: bench.dispatcher if name == "home" else None),
        undoing=Undoing(bench.clock),
        spellings=lambda _, one: [one],
    )
    monkeypatch.setattr(portions, "_FIRST", 2)
    await bench.start(hold=True)
    under_way, *ids = await bench.put("ada", "ada", "ada", "ada", "ada")
    submit, left = bench.store.submit, iter([False, False, True])  # it looks them up, moves some, and is full

    def fill_up[T](work: Callable[[Transaction], T], **how: Unpack[How]) -> asyncio.Future[T]:
        if next(left, False):
            raise StoreFailedError(path="bach.db", reason="disk full")
        return submit(work, **how)

    monkeypatch.setattr(bench.store, "submit", fill_up)
    with pytest.raises(StoreFailedError):
        await hand.move("home", "ada", "ada2")
    [new] = await bench.put("ada2")
    await bench.let_go()
    sent = [(message.recipient, message.id) for message in bench.platform.sent]
    assert [one for recipient, one in sent if recipient == "ada2"] == [*ids[:1], new]
    assert [one for recipient, one in sent if recipient == "ada"] == [under_way, *ids[1:]]
    assert await bench.statuses([under_way, *ids, new]) == [Status.SENT] * 6


async def test_what_is_told_of_a_moved_message_that_does_not_wait_lets_nothing_go(bench: Bench) -> None:
    """What was sent or is held meanwhile would go again."""
    await bench.start(hold=True)
    under_way, dead = await bench.put("ada", "ada")
    await bench.queue.cancel(dead)
    bench.dispatcher.drop(await bench.queue.get(dead))
    bench.dispatcher.readdressed([under_way, dead, 99], "ada2")
    await bench.let_go()
    assert bench.sent == [under_way]


async def test_a_message_that_is_gone_when_it_is_claimed_holds_nothing(bench: Bench) -> None:
    """A lane would be kept by a message that somebody cancelled in that very moment."""
    bench.new(parallel=1)
    gone, left = await bench.put("ada", "ada")
    await bench.queue.cancel(gone)
    await bench.start()
    assert bench.sent == [left]
    assert bench.events(MessageAttempted) == [left]


# -- life ----------------------------------------------------------------------------------------------------------


async def test_what_was_in_flight_is_settled_and_told_by_a_start(bench: Bench) -> None:
    """A message of before a crash would be shown as on its way for ever."""
    await bench.queue.put(draft(delivery=Delivery.AT_MOST_ONCE), leased=True)
    await bench.queue.put(draft(recipient="bob", delivery=Delivery.AT_MOST_ONCE), leased=True)
    await bench.dispatcher.load(idempotent=True)
    assert bench.events(MessageRetrying) == [1, 2]
    assert bench.counted == [("home", False)] * 2
    await bench.queue.advance(None, 1)
    await bench.new().load(idempotent=False)
    assert await bench.statuses([1, 2]) == [Status.UNCERTAIN, Status.PENDING]
    await bench.start()
    assert bench.sent == [2]


class Unanswered(Loans):
    """Lanes may be lent, and the disk never says that they are."""

    asked: Sequence[Lot] = ()

    @override
    async def offer(self, connection: str, lots: Sequence[Lot]) -> list[int]:
        assert connection == "home"
        self.asked = lots
        return await asyncio.Event().wait() and []

    @override
    async def adopt(self, connection: str, *, idempotent: bool) -> tuple[list[Loan], list[Ended]]:
        assert connection == "home"
        return [], []


async def test_what_was_about_to_be_lent_when_it_was_stopped_goes_after_the_next_start(bench: Bench) -> None:
    """A connection that is set up anew in that moment would keep lanes busy, and messages waiting, until a restart."""
    loans = Unanswered(cast("SharedStore", bench.store), bench.clock, "test")
    loans.helpers = lambda: 1
    bench.new(parallel=1)
    await bench.dispatcher.load(idempotent=True, loans=loans)
    await bench.put("ada", "bob", "eve", "eve")
    await bench.start(hold=True)
    assert [lot.messages for lot in loans.asked] == [[2], [3, 4]]
    await bench.dispatcher.stop(0)
    bench.platform.hold = None
    loans.helpers = lambda: 0
    await bench.dispatcher.load(idempotent=True, loans=loans)
    await bench.start()
    assert sorted(set(bench.sent)) == [1, 2, 3, 4]


async def test_a_second_load_forgets_what_the_first_had_read(bench: Bench) -> None:
    """A connection that is switched on again would try what was cancelled while it was off."""
    gone, left = await bench.put("ada", "bob")
    await bench.queue.cancel(gone)
    await bench.dispatcher.load(idempotent=False)
    assert len(bench.dispatcher._lanes) == 1
    await bench.start()
    assert bench.sent == [left]
    assert bench.events(MessageAttempted) == [left]


async def test_times_to_live_end_while_it_rests(bench: Bench) -> None:
    """A message to a connection that is switched off would hang after its time."""
    [one] = await bench.put("ada", expires_at=bench.clock.now() + 60)
    await bench.new().load(idempotent=False)
    await bench.clock.advance(60)
    assert await bench.statuses([one]) == [Status.EXPIRED]


@pytest.mark.parametrize("jump", [7200, -86_400])
async def test_a_clock_that_is_set_makes_nothing_older_or_younger(bench: Bench, jump: float) -> None:
    """A machine without a battery finds the time, and the alarm of two minutes ago would be over, or last for years."""
    end = bench.clock.now() + 600
    [one] = await bench.put("ada", expires_at=end, created_at=bench.clock.now())
    await bench.new().load(idempotent=False)
    bench.clock.jump(jump)
    await bench.put("bob")
    await bench.clock.advance(599)
    assert await bench.statuses([one]) == [Status.PENDING]
    assert (await bench.queue.get(one)).expires_at == end + jump, "the next start knows it, too"
    await bench.clock.advance(1)
    assert await bench.statuses([one]) == [Status.EXPIRED]


async def test_a_clock_that_was_set_is_followed_before_what_waits_is_changed_by_hand(bench: Bench) -> None:
    """What a person moves to another connection just then would be over there at once."""
    end = bench.clock.now() + 600
    [one] = await bench.put("ada", expires_at=end, created_at=bench.clock.now())
    await bench.new().load(idempotent=False)
    bench.clock.jump(7200)
    bench.dispatcher.look_at_the_wall()
    await bench.clock.settle()
    assert (await bench.queue.get(one)).expires_at == end + 7200


async def test_two_names_of_one_place_share_its_lane(bench: Bench) -> None:
    """Whoever is written to by name and by number would read the second message first."""
    alias = Alias(spelling="@ada", normal="ada")
    bench.dispatcher._services.directory.learn(Lesson(connection="home", aliases=(alias,)))
    ids = await bench.put("@ada", "ada", "@ada")
    await bench.start(hold=True)
    assert [one.id for one in bench.platform.attempts] == ids[:1]
    await bench.let_go()
    assert bench.sent == ids
    assert {message.recipient for message in bench.platform.sent} == {"ada"}


@pytest.mark.parametrize("grace", [0, 5])
async def test_a_clock_that_was_set_is_followed_before_the_end(bench: Bench, grace: float) -> None:
    """A reload just then would read that everything is over."""
    end = bench.clock.now() + 600
    [one] = await bench.put("ada", expires_at=end, created_at=bench.clock.now())
    dispatcher = bench.new()
    await dispatcher.load(idempotent=False)
    bench.clock.jump(0.9)
    await dispatcher.stop(grace)
    await bench.clock.settle()
    assert (await bench.queue.get(one)).expires_at == end, "so little does not matter"
    bench.clock.jump(7200)
    await dispatcher.stop(grace)
    await bench.clock.settle()
    assert (await bench.queue.get(one)).expires_at == pytest.approx(end + 7200.9)


async def test_stopping_gives_what_is_under_way_its_time(bench: Bench) -> None:
    """A reload would cut off what arrives a second later, and call it uncertain."""
    await bench.start(hold=True)
    [one] = await bench.put("ada")
    waiting = await bench.put("ada")
    await bench.clock.settle()
    stopping = asyncio.create_task(bench.dispatcher.stop(5))
    await bench.clock.advance(4)
    assert not stopping.done()
    await bench.let_go()
    assert stopping.done()
    assert await bench.statuses([one, *waiting]) == [Status.SENT, Status.PENDING]
    assert bench.sent == [one]
    await bench.clock.advance(600)
    assert bench.clock._callbacks == {}, "nothing wakes any more"
    assert bench.sent == [one]


async def test_stopping_cuts_off_what_takes_longer(bench: Bench) -> None:
    """A platform that hangs would keep Home Assistant from shutting down."""
    await bench.start(hold=True)
    one, other = await bench.put("ada", "bob")
    await bench.clock.settle()
    stopping = asyncio.create_task(bench.dispatcher.stop(5))
    await bench.clock.advance(4.9)
    assert not stopping.done()
    await bench.clock.advance(0.1)
    assert stopping.done()
    assert await bench.statuses([one, other]) == [Status.SENDING] * 2, "nobody knows, and a start will settle it"
    await bench.let_go()
    await bench.new().load(idempotent=False)
    await bench.start()
    assert sorted(bench.sent) == [one, one, other, other]


async def test_stopping_without_any_time_ends_at_once(bench: Bench) -> None:
    """A shutdown that has no second left would take one."""
    await bench.start(hold=True)
    await bench.put("ada")
    await bench.clock.settle()
    stopping = asyncio.create_task(bench.dispatcher.stop(0))
    await bench.clock.settle()
    assert stopping.done()


async def test_stopping_does_not_turn_in_circles(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While an attempt has its last seconds, the whole processor would be taken."""
    await bench.start(hold=True)
    await bench.put("ada")
    await bench.clock.settle()
    waited_for: list[int] = []
    wait = asyncio.wait

    def noted(awaited: list[asyncio.Task[None]]) -> object:
        waited_for.append(len(awaited))
        return wait(awaited)

    monkeypatch.setattr(asyncio, "wait", noted)
    stopping = asyncio.create_task(bench.dispatcher.stop(5))
    await bench.clock.advance(4)
    assert waited_for == [1]
    await bench.let_go()
    await stopping


async def test_what_is_being_stored_when_it_stops_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message whose sender was told that it is taken would begin to go after everything was closed."""
    await bench.start()
    put = bench.queue.put
    stored = asyncio.Event()

    def slow(*arguments: object, **options: object) -> asyncio.Task[object]:
        async def later() -> object:
            await stored.wait()
            return await put(*arguments, **options)  # type: ignore[arg-type] # as they came

        return asyncio.create_task(later())

    monkeypatch.setattr(bench.queue, "put", slow)
    bench.dispatcher.put(draft())
    stopping = asyncio.create_task(bench.dispatcher.stop(5))
    await bench.clock.settle()
    assert not stopping.done()
    stored.set()
    await bench.clock.settle()
    assert stopping.done()
    assert await bench.statuses([1]) == [Status.PENDING], "it waits as if it had never been leased"
    assert bench.sent == []


async def test_what_is_stored_when_its_workers_are_cancelled_waits_and_takes_no_worker_along(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A siren that must not sound twice would not sound at all, and one worker less would be left until a restart."""
    bench.new(parallel=1)
    await bench.start()
    put = bench.queue.put
    stored: asyncio.Future[Put] = asyncio.get_running_loop().create_future()
    new = replace(draft(), delivery=Delivery.AT_MOST_ONCE)
    on_disk = await put(new, leased=True)
    with monkeypatch.context() as patch:
        patch.setattr(bench.queue, "put", lambda *_, **__: stored)
        bench.dispatcher.put(new)
    stored.set_result(on_disk)  # of which is heard between the order to stop and the end of those at work
    await bench.dispatcher.stop(0)
    assert await bench.statuses([on_disk.message.id]) == [Status.PENDING]
    await bench.dispatcher.load(idempotent=False)
    await bench.start()
    assert bench.sent == [on_disk.message.id]


async def test_what_workers_have_left_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What became of a message would be told after its connection was called closed, or never."""
    written: asyncio.Future[Advance] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(bench.queue, "advance", lambda *_: written)
    bench.dispatcher._ledger.leave(Settlement(id=1, status=Status.SENT))
    stopping = asyncio.create_task(bench.dispatcher.stop(0))
    await bench.clock.settle()
    assert not stopping.done()
    written.set_result(Advance())
    await stopping


async def test_who_has_no_more_time_to_stop_it_takes_nothing_from_what_is_being_stored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message would be on disk as one that is on its way, although nobody has it."""
    await bench.start()
    stored: asyncio.Future[Put] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(bench.queue, "put", lambda *_, **__: stored)
    bench.dispatcher.put(draft())
    stopping = asyncio.create_task(bench.dispatcher.stop(5))
    await bench.clock.settle()
    stopping.cancel()
    await asyncio.wait([stopping])
    assert stopping.cancelled()
    assert not stored.done()
    stored.cancel()
    await bench.clock.settle()


async def test_what_an_attempt_came_to_is_kept_when_it_stops_over_the_question(bench: Bench) -> None:
    """What is known to have failed would be called uncertain, and a message that must not come twice never go."""
    asked = asyncio.Event()

    async def hang() -> Fault:
        asked.set()
        await asyncio.Event().wait()
        return DOWN

    await bench.start()
    bench.connector.check = hang  # type: ignore[method-assign] # it hangs from now on
    bench.platform.outcomes.append(Retry(fault=DOWN, scope=Scope.CONNECTION))
    [one] = await bench.put("ada", delivery=Delivery.AT_MOST_ONCE)
    await bench.clock.settle()
    assert asked.is_set()
    await bench.dispatcher.stop(0)
    assert bench.events(MessageRetrying) == [one], "and told of before it has stopped"
    message = await bench.queue.get(one)
    assert (message.status, message.error) == (Status.PENDING, DOWN)


async def test_what_was_claimed_while_it_stopped_waits_as_before(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message would go through a connection that somebody has just switched off."""
    await bench.start()
    advance = bench.queue.advance

    def slow(*arguments: object) -> object:
        bench.dispatcher._connector = None
        return advance(*arguments)  # type: ignore[arg-type] # as they came

    bench.platform.hold = asyncio.Event()
    first, second = await bench.put("ada", "ada")
    monkeypatch.setattr(bench.queue, "advance", slow)
    await bench.let_go()
    assert bench.sent == [first]
    assert await bench.statuses([second]) == [Status.PENDING]
    monkeypatch.undo()
    await bench.start()
    assert bench.sent == [first, second]


async def test_a_long_message_asks_for_each_of_its_places_and_keeps_how_far_it_is(bench: Bench) -> None:
    """A text in ten parts would be over the limit with the second, and after a crash come all over again."""
    await bench.start(hold=True)
    bench.platform.rates = {"bot": Rate(count=2, per=10)}
    [one] = await bench.put("ada")
    course = bench.dispatcher.course
    assert course.turn("ada") == 0
    assert course.turn("ada") == 5
    await course.keep(one, "1 of 2")
    assert (await bench.queue.get(one)).progress == "1 of 2"
    await bench.let_go()
    await bench.dispatcher.stop(0)
    assert course.turn("ada") == 0


async def test_the_work_can_be_told_by_its_name(bench: Bench) -> None:
    """Who looks at a program that hangs would not see which connection it is."""
    await bench.start(hold=True)
    await bench.put("ada")
    assert "bach-send-home" in {task.get_name() for task in asyncio.all_tasks()}
