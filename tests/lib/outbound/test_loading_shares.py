"""What is read after a start, share by share, and what is let into the lanes between two of them."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import override

import pytest

from bach_lib.bus import Bus
from bach_lib.models import Message, Status
from bach_lib.outbound import loading as module
from bach_lib.outbound.entry import Entry, entry_of
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.loading import Loading
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.outbound.schedule import Schedule
from bach_lib.storage import Store, Transaction, Value
from bach_lib.testing import FakeClock
from tests.lib.outbound.disk import Disk, tools
from tests.lib.outbound.make import BUSY, DraftFields, draft


class Told(Ledger):
    """A ledger that keeps what it is told of damaged rows."""

    told: list[Message]

    @override
    def recovered(self, message: Message) -> None:
        self.told.append(message)


class Bench:
    """What waits on disk, and the lanes into which it is read."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.queue = Queue(store, clock, "0123abcd")
        self.lanes = Lanes()
        self.damaged: list[Message] = []
        shared = replace(tools(Disk(store, clock), Bus(), clock, lambda *_: None), queue=self.queue)
        self.ledger = Told("home", shared, Coroutine.close, lambda _: None)
        self.ledger.told = self.damaged
        self.schedule = Schedule("home", shared, self.ledger, Coroutine.close, lambda _: None)
        self.loading = Loading("home", self.lanes, shared, self.ledger, self.schedule)

    async def put(self, *recipients: str, fields: DraftFields | None = None) -> list[int]:
        """Let messages wait on disk."""
        drafts = [replace(draft(**fields or {}), recipient=recipient) for recipient in recipients]
        return [(await self.queue.put(one, leased=False)).message.id for one in drafts]

    async def damage(self, message_id: int, column: str, value: Value = "odd") -> None:
        """Write what BACH has never written."""

        def work(tx: Transaction) -> None:
            tx._connection.execute(f"UPDATE messages SET {column} = ? WHERE id = ?", (value, message_id))

        await self.store.submit(work)

    @property
    def inside(self) -> list[int]:
        """The messages that the lanes know of."""
        return sorted(self.lanes._entries)

    async def entry(self, message_id: int) -> Entry:
        """A message as it is now, as memory knows it."""
        return entry_of(await self.queue.get(message_id), self.clock)


@pytest.fixture
def bench(store: Store, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Nothing waits yet; two messages are read at once."""
    monkeypatch.setattr(module, "_SHARE", 2)
    return Bench(store, clock)


async def test_it_says_how_many_are_left(bench: Bench) -> None:
    """The bound of what may wait would be passed by a whole backlog, or keep out what has room."""
    await bench.put("ada", "bob", "eve")
    await bench.put("ada", "bob", fields={"priority": 5})
    assert bench.loading.left == 0
    await bench.loading.begin()
    found = []
    for _ in range(6):
        found.append((bench.loading.left, len(bench.inside), bench.loading.is_over))
        await bench.loading.go_on()
    assert found == [(5, 0, False), (3, 2, False), (3, 2, False), (1, 4, False), (0, 5, False), (0, 5, True)]
    assert not await bench.loading.go_on()


async def test_each_share_begins_where_the_last_one_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start would read the same again and again, and take longer the more waits."""
    monkeypatch.setattr(module, "_SHARE", 3)
    await bench.put(*"abcdefg")
    await bench.loading.begin()
    inside = []
    while await bench.loading.go_on():
        inside.append(len(bench.inside))
    assert inside == [3, 6, 7]


async def test_where_nothing_waits_it_is_over_at_once(bench: Bench) -> None:
    """A connection without a backlog would be busy with its past for ever, and lease nothing."""
    await bench.loading.begin()
    assert not bench.loading.is_over
    assert not await bench.loading.go_on()
    assert (bench.loading.is_over, bench.loading.left) == (True, 0)


@pytest.mark.sqlite_only
async def test_each_is_known_as_it_stands_on_disk(bench: Bench, clock: FakeClock) -> None:
    """After a restart what is told to wait would go at once, an alarm wait in line, or a message outlive its time."""
    plain, urgent, dated, failed, aside = await bench.put("ada", "bob", "eve", "fay", "gus")
    await bench.damage(urgent, "priority", 7)
    await bench.damage(dated, "expires_at", clock.now() + 90)
    await clock.advance(5)
    for message_id, retries in ((failed, 1), (aside, 6)):
        await bench.queue.advance(None, message_id)
        settlement = Settlement(
            id=message_id, status=Status.FAILED, retry_count=retries, next_retry_at=clock.now() + 30, error=BUSY
        )
        await bench.queue.advance(settlement, None)
    await clock.advance(10)
    await bench.loading.begin()
    while await bench.loading.go_on():
        pass
    for message_id in (plain, urgent, dated, failed, aside):
        assert bench.lanes._entry(message_id) == await bench.entry(message_id)
    assert bench.lanes._entry(failed).due == clock.monotonic() + 20
    assert bench.lanes._entry(dated).expires == clock.monotonic() + 75
    assert bench.lanes._entry(aside).aside
    clock.jump(-100_000)
    later = Bench(bench.store, clock)
    await later.loading.begin()
    while await later.loading.go_on():
        pass
    assert later.lanes._entry(failed).due == clock.monotonic() + 30, "no later than it was when it was written"
    assert later.lanes._entry(dated).expires == clock.monotonic() + 90


async def test_a_message_without_a_time_is_known_all_the_same(bench: Bench) -> None:
    """A clock that stood at 0 when a message came would keep it from being sent."""
    bench.clock.jump(-bench.clock.now())
    [one] = await bench.put("ada", fields={"created_at": 0.0, "expires_at": 1000.0})
    bench.clock.jump(-100)
    await bench.loading.begin()
    await bench.loading.go_on()
    assert bench.lanes._entry(one).expires == bench.clock.monotonic() + 1000


@pytest.mark.sqlite_only
async def test_the_damaged_are_set_aside_between_the_others(bench: Bench) -> None:
    """One damaged row would keep all that stand behind it from being sent, whichever of a share it is."""
    ids = await bench.put(*(f"p{number}" for number in range(6)))
    await bench.damage(ids[1], "buttons", "{")
    await bench.damage(ids[2], "max_retries")
    await bench.damage(ids[3], "created_at", b"odd")
    await bench.loading.begin()
    while await bench.loading.go_on():
        pass
    assert bench.inside == [ids[0], ids[4], ids[5]]
    assert [message.id for message in bench.damaged] == ids[1:4]
    assert {message.status for message in bench.damaged} == {Status.DEAD}
    assert not bench.loading.left


@pytest.mark.sqlite_only
async def test_what_has_no_readable_priority_comes_last_and_is_set_aside(bench: Bench) -> None:
    """A damaged byte would stop the start of a whole connection, or let a backlog overtake an alarm."""
    low, urgent, odd, plain = await bench.put("ada", "bob", "eve", "fay")
    await bench.damage(low, "priority", -5)
    await bench.damage(urgent, "priority", 5)
    await bench.damage(odd, "priority")
    await bench.loading.begin()
    [late] = await bench.put("gus", fields={"priority": -9})
    bench.loading.add(await bench.entry(late))
    seen = []
    for _ in range(4):
        assert not bench.loading.is_over
        await bench.loading.go_on()
        seen.append((bench.inside, [message.id for message in bench.damaged]))
    assert seen == [
        ([urgent], []),
        ([urgent, plain], []),
        ([low, urgent, plain], []),
        ([low, urgent, plain, late], [odd]),
    ]
    assert not await bench.loading.go_on()


async def test_what_comes_meanwhile_is_let_in_when_all_before_it_is(bench: Bench) -> None:
    """A new message would overtake what has waited for hours; or an alarm wait until a backlog of thousands is read."""
    old = await bench.put("ada", "bob", "eve")
    [new] = await bench.put("fay", fields={"priority": 9})
    await bench.loading.begin()
    late, alarm, worse = [await bench.put("gus", fields={"priority": priority}) for priority in (0, 5, 9)]
    for [message_id] in (late, alarm, worse):
        bench.loading.add(await bench.entry(message_id))
    seen = [bench.inside]
    for _ in range(4):
        await bench.loading.go_on()
        seen.append(bench.inside)
    first = [new, *worse]
    assert seen[0] == []
    assert seen[1] == first, "as urgent as what was read last: nothing stands before it"
    assert seen[2] == [*old[:2], *first]
    assert seen[3] == sorted([*old, *late, *alarm, *first])
    assert bench.loading._late == {}


async def test_what_is_known_already_is_not_read_again(bench: Bench) -> None:
    """A message that went, or was cancelled, while it was read would be claimed again and again, or be sent twice."""
    ids = await bench.put("ada", "bob", "eve", "fay")
    await bench.loading.begin()
    bench.loading.discard(ids[3])
    bench.loading.add(await bench.entry(ids[2]))
    bench.loading.discard(ids[2])
    bench.loading.add(replace(await bench.entry(ids[1]), priority=3))
    await bench.loading.go_on()
    bench.loading.discard(ids[0])
    while await bench.loading.go_on():
        pass
    assert bench.inside == [ids[1]]
    assert bench.lanes._entry(ids[1]).priority == 3


async def test_after_it_is_over_what_comes_goes_straight_to_the_lanes(bench: Bench) -> None:
    """A message would wait until the next start, or one that was cancelled be tried."""
    [old] = await bench.put("ada")
    await bench.loading.begin()
    while await bench.loading.go_on():
        pass
    one, other = await bench.put("ada", "bob")
    for message_id in (one, other):
        bench.loading.add(await bench.entry(message_id))
    bench.loading.discard(one)
    bench.loading.move("bob", "bob2")
    assert bench.inside == [old, other]
    assert bench.lanes._entry(other).recipient == "bob2"
    assert (bench.loading._known, bench.loading._late, bench.loading._moved) == (set(), {}, {}), "memory stays as it is"


async def test_all_follow_who_moves_while_it_is_read(bench: Bench) -> None:
    """After a group became a supergroup, half of the backlog would go to an address that is no more."""
    ids = await bench.put("ada", "bob", "ada", "ada")
    await bench.loading.begin()
    await bench.loading.go_on()
    late = await bench.put("ada", "bob")
    for message_id in late:
        bench.loading.add(await bench.entry(message_id))
    bench.loading.move("ada", "ada2")
    while await bench.loading.go_on():
        pass
    assert {message_id: bench.lanes._entry(message_id).recipient for message_id in [*ids, *late]} == {
        ids[0]: "ada2",
        ids[1]: "bob",
        ids[2]: "ada2",
        ids[3]: "ada2",
        late[0]: "ada2",
        late[1]: "bob",
    }


async def test_some_follow_who_moves_while_it_is_read(bench: Bench) -> None:
    """Those that came since would stay in the lane of the old address, though the disk has the new one."""
    ids = await bench.put("ada", "bob", "ada", "ada")
    await bench.loading.begin()
    await bench.loading.go_on()
    late = await bench.put("ada", "ada")
    for message_id in late:
        bench.loading.add(await bench.entry(message_id))
    bench.loading.readdress([ids[0], late[0], 99], "ada2")
    while await bench.loading.go_on():
        pass
    found = {message_id: bench.lanes._entry(message_id).recipient for message_id in [*ids, *late]}
    assert [message_id for message_id, recipient in found.items() if recipient == "ada2"] == [ids[0], late[0]]
    assert sorted(bench.inside) == sorted([*ids, *late])


async def test_what_is_read_when_nobody_wants_it_any_more_is_left(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lanes that are thrown away would be filled, while the next start reads the same again."""
    await bench.put("ada", "bob")
    [new] = await bench.put("eve")
    await bench.loading.begin()
    bench.loading.add(await bench.entry(new))
    look_up = bench.queue.look_up

    async def slow[T](work: Callable[[Transaction], T]) -> T:
        found = await look_up(work)
        bench.loading.end()
        return found

    monkeypatch.setattr(bench.queue, "look_up", slow)
    await bench.loading.go_on()
    assert bench.inside == [new]
    assert (bench.loading.is_over, bench.loading.left) == (True, 0)
    assert not await bench.loading.go_on()


async def test_what_is_scheduled_waits_in_no_lane(bench: Bench) -> None:
    """After a restart a wish for next month would hold up the alarms of a month, or be sent at once."""
    due = bench.clock.now() + 60
    first, second, cancelled = await bench.put("ada", "bob", "eve", fields={"next_retry_at": due})
    [waits] = await bench.put("ada")
    await bench.loading.begin()
    bench.loading.discard(cancelled)
    while await bench.loading.go_on():
        pass
    assert bench.inside == [waits]
    assert [one in bench.schedule for one in (first, second, cancelled)] == [True, True, False]


async def test_a_clock_that_was_set_by_a_moment_ends_nothing(bench: Bench) -> None:
    """Found as a bug: what had half a second to live was over as soon as it was read, as no second is followed."""
    bench.ledger.begin()
    bench.clock.jump(-1.0)
    now = bench.clock.now()
    await bench.put("ada", fields={"created_at": now, "expires_at": now + 0.5})
    await bench.loading.begin()
    await bench.loading.go_on()
    assert bench.lanes.expired(bench.clock.monotonic()) == []


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
@pytest.mark.parametrize("when", ["before", "noticed", "meanwhile"])
async def test_times_to_live_stay_as_long_as_they_are_if_the_clock_is_set_while_they_are_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seconds: float, when: str
) -> None:
    """A correction by a time server just after a start would end all of the backlog unsent, or keep it for an hour."""
    bench.ledger.begin()
    fields: DraftFields = {"created_at": bench.clock.now(), "expires_at": bench.clock.now() + 60}
    ids = await bench.put("ada", "bob", "cyd", fields=fields)
    await bench.loading.begin()
    await bench.loading.go_on()
    look_up, sets = bench.queue.look_up, iter([seconds] if when == "meanwhile" else [])

    async def and_set[T](work: Callable[[Transaction], T]) -> T:
        found = await look_up(work)
        for jump in sets:
            bench.clock.jump(jump)
            bench.ledger.look_at_the_wall()
        return found

    monkeypatch.setattr(bench.queue, "look_up", and_set)
    if when != "meanwhile":
        bench.clock.jump(seconds)
    if when == "noticed":
        bench.ledger.look_at_the_wall()
    while await bench.loading.go_on():
        pass
    assert bench.inside == ids
    now = bench.clock.monotonic()
    assert [bench.lanes._entry(one).expires for one in ids] == [pytest.approx(now + 60)] * 3
