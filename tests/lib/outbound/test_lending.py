"""What an owner lends is had back, also by one that was stopped in the middle and begins anew."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import cast, override

from bach_lib.bus import Bus
from bach_lib.models import Connection, Message, Status
from bach_lib.outbound.choosing import Choosing
from bach_lib.outbound.entry import Entry
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.lending import Lending
from bach_lib.outbound.loans import Ended, Loan, Loans, Lot
from bach_lib.storage import SharedStore, Store
from bach_lib.testing import FakeClock
from tests.lib.outbound.disk import Disk, tools
from tests.lib.outbound.make import message


class Nothing(Loans):
    """Loans of which there are none."""

    @override
    async def adopt(self, connection: str, *, idempotent: bool) -> tuple[list[Loan], list[Ended]]:
        return [], []


async def test_who_was_stopped_while_it_fetched_lanes_fetches_them_when_it_begins_anew(
    store: Store, clock: FakeClock
) -> None:
    """What other processes gave back would wait until the next start of the whole program."""
    spawned: list[Coroutine[object, object, None]] = []
    services = tools(Disk(store, clock), Bus(), clock, lambda *_: None)
    loans = Nothing(cast("SharedStore", store), clock, "test")
    lending = Lending(
        "home",
        cast("Choosing", object()),
        Ledger("home", services, spawned.append, lambda _: None),
        services,
        spawn=spawned.append,
        follow=lambda _: None,
    )
    for number in (1, 2):
        await lending.load(loans, idempotent=False)
        lending.collect()
        assert len(spawned) == number
        lending.stop()
        spawned[-1].close()  # cancelled before it had a turn


class Damaged(Nothing):
    """What is lent comes back, and says nothing of its messages; its owner has to."""

    @override
    async def offer(self, connection: str, lots: Sequence[Lot]) -> list[int]:
        return [5]

    @override
    async def collect(self, connection: str, lent: Mapping[int, Sequence[int]], *, idempotent: bool) -> list[Ended]:
        back = tuple(message(id=number, status=Status.PENDING) for number in lent[5])
        return [Ended(id=5, messages=back, tried=frozenset(), interrupted=frozenset())]


def made(store: Store, clock: FakeClock, follow: Callable[[Sequence[Message]], None]) -> tuple[Lending, Lanes]:
    """What lends, and the lanes that it lends; no worker of its own is free."""
    services = tools(Disk(store, clock), Bus(), clock, lambda *_: None)
    choosing = Choosing(Lanes(), services.gate(Connection(name="home", type="fake"), lambda: None), services)
    choosing.workers = services.policy.parallel
    ledger = Ledger("home", services, Coroutine.close, lambda _: None)
    return Lending("home", choosing, ledger, services, spawn=Coroutine.close, follow=follow), choosing.lanes


async def test_what_a_damaged_loan_was_lent_with_waits_again(store: Store, clock: FakeClock) -> None:
    """The message that is lent first would not be sent before the next start of the program."""
    followed: list[int] = []
    lending, lanes = made(store, clock, lambda messages: followed.extend(one.id for one in messages))
    loans = Damaged(cast("SharedStore", store), clock, "test")
    for number in (1, 2):
        lanes.add(Entry(id=number, recipient="ada"))
    head = lanes.take(clock.monotonic())
    assert head
    await lending._offer(loans, [head], clock.monotonic())
    await lending._collect(loans)
    assert followed == [1, 2]
    again = lanes.take(clock.monotonic())
    assert (head.id, again and again.id) == (1, 1)
    lending.stop()


async def test_an_address_of_which_others_have_a_lane_is_not_lent_again(store: Store, clock: FakeClock) -> None:
    """Once somebody has corrected it meanwhile, the lane of the new address would wait for ever."""
    lending, lanes = made(store, clock, lambda _: None)
    loans = Damaged(cast("SharedStore", store), clock, "test")
    lanes.add(Entry(id=1, recipient="ada"))
    first = lanes.take(clock.monotonic())
    assert first
    await lending._offer(loans, [first], clock.monotonic())
    lanes.move("ada", "bob", is_one_place=False)
    for number, recipient in enumerate(("ada", "bob"), 2):
        lanes.add(Entry(id=number, recipient=recipient))
    second = lanes.take(clock.monotonic())
    assert second
    await lending._offer(loans, [second], clock.monotonic())
    again = lanes.take(clock.monotonic())
    assert again
    assert (again.id, lanes.take(clock.monotonic())) == (2, None), "the owner sends it, and bob waits for what is lent"
    await lending._collect(loans)
    there = lanes.take(clock.monotonic())
    assert (there and there.id) == 3
    lending.stop()


async def test_what_the_disk_takes_for_being_sent_is_not_lent(store: Store, clock: FakeClock) -> None:
    """It would come back as one that was interrupted: "uncertain", for a moment or for good, where it only waits."""
    lending, lanes = made(store, clock, lambda _: None)
    loans = Damaged(cast("SharedStore", store), clock, "test")
    for number, recipient in enumerate(("ada", "bob"), 1):
        lanes.add(Entry(id=number, recipient=recipient))
    chosen = [entry for entry in (lanes.take(clock.monotonic()), lanes.take(clock.monotonic())) if entry]
    lending._ledger.unsettled[1] = asyncio.Event()
    lending._offering = 2
    await lending._offer(loans, chosen, clock.monotonic())
    assert ([lent.place.id for lent in lending._lent.values()], lending._offering) == ([2], 0)
    again = lanes.take(clock.monotonic())
    assert (again and again.id) == 1, "it can be lent as soon as the disk has heard of it"
    lending.stop()
