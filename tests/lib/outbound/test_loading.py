"""Learning after a start what waits: in shares, the most urgent first, while messages come and go."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import override

import pytest

from bach_lib import Bach, Connection, Fault, Policy, Status
from bach_lib.errors import QueueFullError
from bach_lib.outbound import loading
from bach_lib.outcomes import Retry, Scope
from bach_lib.storage import MemoryDatabase, Transaction
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.outbound.make import draft
from tests.lib.promises.conftest import LastingStore

AWAY = Retry(scope=Scope.CONNECTION, fault=Fault(code="unreachable", text="No route to host"))


@pytest.fixture(autouse=True)
def shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three messages at once."""
    monkeypatch.setattr(loading, "_SHARE", 3)


@pytest.fixture
async def disk() -> LastingStore:
    """What outlives a process."""
    return LastingStore()


def bach_on(disk: MemoryDatabase, clock: FakeClock, platform: FakePlatform, **options: object) -> Bach:
    """A process."""
    policy = options.get("policy")
    assert policy is None or isinstance(policy, Policy)
    types = {"fake": fake_connector(platform)}
    return Bach(disk, clock=clock, connectors=types, policy=policy, autostart=not options.get("rests"))


async def leave(disk: LastingStore, clock: FakeClock, count: int = 20) -> None:
    """A process that ended with messages to five recipients in its queue, the last one urgent."""
    async with bach_on(disk, clock, FakePlatform(), rests=True) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        for number in range(count):
            await bach.send("home", f"p{number % 5}", str(number))
        await bach.send("home", "p0", "urgent", priority=5)


async def test_all_goes_in_its_order_and_the_urgent_first(
    disk: LastingStore, clock: FakeClock, platform: FakePlatform
) -> None:
    """After a restart messages would be left behind, come out of order, or an alarm after a backlog of hours."""
    await leave(disk, clock)
    async with bach_on(disk, clock, platform) as bach:
        await clock.settle()
        assert platform.sent[0].text == "urgent"
        for recipient in range(5):
            texts = [one.text for one in platform.sent if one.recipient == f"p{recipient}" and one.text != "urgent"]
            assert texts == [str(number) for number in range(recipient, 20, 5)]
        assert {message.status for message in await bach.messages(limit=100)} == {Status.SENT}
    await disk.discard()


async def test_what_comes_meanwhile_stands_behind(disk: LastingStore, clock: FakeClock, platform: FakePlatform) -> None:
    """A message that comes in the second of a restart would overtake what has waited for hours."""
    await leave(disk, clock)
    async with bach_on(disk, clock, platform) as bach:
        await bach.send("home", "p4", "new")
        await clock.settle()
        texts = [one.text for one in platform.sent if one.recipient == "p4"]
        assert texts == ["4", "9", "14", "19", "new"]
    await disk.discard()


async def test_what_is_changed_meanwhile_is_not_brought_back(
    disk: LastingStore, clock: FakeClock, platform: FakePlatform
) -> None:
    """What a person cancelled or moved while BACH started would be sent all the same, or twice."""
    await leave(disk, clock)
    async with bach_on(disk, clock, platform) as bach:
        await bach.cancel(20)
        await bach.retry(20)
        await bach.cancel(19)
        await bach.move("home", "p3", "p9")
        await clock.settle()
        sent = [one.text for one in platform.sent]
        assert sorted(sent) == sorted(["urgent", *(str(number) for number in range(20) if number != 18)])
        assert len([message for message in await bach.messages(limit=100) if message.status is Status.SENT]) == 20
    await disk.discard()


async def test_the_bound_counts_what_is_not_read_yet(
    disk: LastingStore, clock: FakeClock, platform: FakePlatform
) -> None:
    """At every restart a loop could queue as many again."""
    await leave(disk, clock)
    async with bach_on(disk, clock, platform, policy=Policy(max_waiting=21), rests=True) as bach:
        with pytest.raises(QueueFullError):
            await bach.send("home", "p1", "one more")
    await disk.discard()


async def test_switching_off_in_the_middle_loses_nothing(
    disk: LastingStore, clock: FakeClock, platform: FakePlatform
) -> None:
    """What was not read yet would wait for the next restart of all."""
    await leave(disk, clock)
    async with bach_on(disk, clock, platform) as bach:
        await bach.stop("home")
        await bach.start("home")
        await clock.settle()
        assert len(platform.sent) == 21
    await disk.discard()


class Hesitant(LastingStore):
    """A disk on which whoever looks up the second share waits until it is let go: others look up a lot as well."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    @override
    def read[T](self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        if isinstance(work, partial) and work.keywords.get("after"):
            return asyncio.ensure_future(self._when_let_go(work))
        return super().read(work)

    async def _when_let_go[T](self, work: Callable[[Transaction], T]) -> T:
        await self.go_on.wait()
        return await super().read(work)


async def test_times_to_live_end_while_the_rest_is_still_read(clock: FakeClock, platform: FakePlatform) -> None:
    """Old news would stand as waiting for as long as somebody else's long listing takes, though it is known."""
    disk = Hesitant()
    async with bach_on(disk, clock, FakePlatform(), rests=True) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        receipts = [await bach.send("home", "ada", "news", time_to_live=60) for _ in range(4)]
    async with bach_on(disk, clock, platform, rests=True) as bach:
        await clock.advance(61)
        known = [(await bach.get(one.id)).status for one in receipts]
        disk.go_on.set()
        await clock.settle()
        assert (await bach.get(receipts[-1].id)).status is Status.EXPIRED
    await disk.discard()
    assert known == [*[Status.EXPIRED] * 3, Status.PENDING]


async def test_what_was_heard_of_before_it_is_read_goes_before_what_was_only_read(
    disk: LastingStore, clock: FakeClock, platform: FakePlatform
) -> None:
    """Of what another process put in a row, the first ones would come last: they were named, the others found."""
    async with bach_on(disk, clock, platform, rests=True) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        await clock.settle()
        parts = bach._open_parts
        dispatcher = parts.runtimes.get("home").dispatcher
        put = [(await parts.queue.put(draft(), leased=False)).message for _ in range(4)]
        assert dispatcher._loading.again()
        dispatcher.follow(put[:2])
        assert await dispatcher._loading.go_on()
        first = dispatcher._lanes.take(clock.monotonic())
        assert first
        assert first.id == put[0].id
    await disk.discard()
