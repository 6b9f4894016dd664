"""Whoever sends while thousands of messages are changed waits for two small transactions, however slow the disk is.

Held by what is done in which order, not by a watch.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import override

import pytest

from bach_lib.models import Status
from bach_lib.outbound.corrections import Corrections
from bach_lib.outbound.history import History
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.rows import draft_row
from bach_lib.storage import MemoryDatabase, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import NOW, draft
from tests.lib.rows_written import changes

MANY = 3_000
LARGEST = 200
"""Messages that one transaction may change, however quick the disk is."""
ALARM = "alarm"


class Disk(MemoryDatabase):
    """Keeps in order how many rows each transaction changed; after the second one somebody sends an alarm."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[int | str] = []
        self.second: Callable[[], None] = lambda: None

    @override
    def submit[T](
        self, work: Callable[[Transaction], T], *, writes: bool = True, ends: bool = False, as_owner: bool = False
    ) -> asyncio.Future[T]:
        def watched(tx: Transaction) -> T:
            before = changes(tx)
            found = work(tx)
            if (changed := changes(tx) - before) > 0:
                self.done.append(changed)
            if len(self.done) == 2:
                self.second()
            return found

        return super().submit(watched, writes=writes, ends=ends, as_owner=as_owner)


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    """An open, empty storage."""
    disk = Disk()
    await disk.open()
    yield disk
    await disk.close()


async def consumed(found: AsyncIterator[object]) -> None:
    """All of them."""
    async for _ in found:
        pass


type Much = Callable[[Queue, Corrections, History, Sequence[int]], Awaitable[object]]

MUCH: dict[str, tuple[Status, Much]] = {
    "dead letters are sent again": (Status.DEAD, lambda _q, hand, _h, _i: consumed(hand.revive("home", None))),
    "dead letters are given up": (Status.DEAD, lambda _q, hand, _h, _i: consumed(hand.discard_dead("home", None))),
    "these are given up": (Status.DEAD, lambda _q, hand, _h, ids: consumed(hand.discard(ids))),
    "a recipient moves": (Status.PENDING, lambda _q, hand, _h, _i: consumed(hand.move("home", "ada", "eve"))),
    "times to live end": (Status.PENDING, lambda queue, _b, _h, ids: queue.expire(ids)),
    "old ones are removed": (Status.DEAD, lambda _q, _b, history, _i: history.purge(NOW + 1, {Status.DEAD})),
}


@pytest.mark.parametrize("name", MUCH)
async def test_who_sends_while_much_is_changed_gets_in_between(disk: Disk, clock: FakeClock, name: str) -> None:
    """The fire alarm would wait until the last of fifty thousand dead letters is dealt with."""
    status, change = MUCH[name]
    queue, corrections = Queue(disk, clock, "0123abcd"), Corrections(disk, clock, "0123abcd")
    values = draft_row(draft(expires_at=NOW + 60), status)
    ids = await disk.submit(lambda tx: [tx.insert("put_message", values) for _ in range(MANY)])
    disk.done.clear()
    puts: list[asyncio.Task[None]] = []

    async def put() -> None:
        await queue.put(draft(connection="work"), leased=False)
        disk.done.append(ALARM)

    loop = asyncio.get_running_loop()

    def second() -> None:
        disk.second = lambda: None
        loop.call_soon_threadsafe(lambda: puts.append(asyncio.create_task(put())))

    disk.second = second
    await change(queue, corrections, History(disk, "0123abcd"), ids)
    assert puts, "it is done in more than one transaction"
    await puts[0]
    assert ALARM in disk.done[3:7], disk.done[:20]
    assert len(disk.done) > MANY // LARGEST, "it was not the last"
    sizes = [one for one in disk.done if isinstance(one, int)]
    assert max(sizes) <= LARGEST, disk.done
    assert sum(sizes) >= MANY
