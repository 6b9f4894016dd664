"""What is read of a message that was claimed: its row as it is now."""

from dataclasses import replace

import pytest

from bach_lib.models import File, Message, Status
from bach_lib.outbound.claimed_row import claimed
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.rows import Draft, UnreadableRowError
from bach_lib.storage import Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import draft

FILES = (File(name="a.png", content=b"aa", size=2), File(name="b.txt", mime_type="text/plain", content=b"b", size=1))
WITH_FILES = replace(draft(), files=FILES)


class Bench:
    """A queue with messages that were just claimed."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.clock, self.queue = store, clock, Queue(store, clock, "0123abcd")

    async def put(self, what: Draft) -> Message:
        """One more."""
        return (await self.queue.put(what, leased=True)).message

    async def read(self, message_id: int) -> Message:
        """As whoever sends it gets it."""
        found = await self.look(message_id)
        assert isinstance(found, Message)
        return found

    async def look(self, message_id: int) -> Message | UnreadableRowError:
        """The same, or what is wrong with it."""

        def work(tx: Transaction) -> Message | UnreadableRowError:
            try:
                return claimed(tx, message_id, self.clock.now(), "0123abcd")
            except UnreadableRowError as error:
                return error

        return await self.store.submit(work)

    async def spoil(self, sql: str) -> None:
        """A bad disk, or another program."""
        await self.store.submit(lambda tx: tx.change(sql, [()]))


@pytest.fixture
def bench(store: Store, clock: FakeClock) -> Bench:
    """An empty queue."""
    return Bench(store, clock)


@pytest.mark.parametrize("extra", [{}, {"title": "Door"}, {"context": "01ABC", "lost": ()}])
async def test_it_goes_as_it_was_put(bench: Bench, extra: dict[str, object]) -> None:
    """A picture would be left out, two be mixed up, or a message go as another one."""
    other = replace(draft(recipient="bob"), files=(File(name="other", content=b"other", size=5),))
    await bench.put(other)
    one = await bench.put(replace(WITH_FILES, **extra))  # type: ignore[arg-type] # of a draft
    plain = await bench.put(replace(draft(text="plain"), **extra))  # type: ignore[arg-type] # of a draft
    read = await bench.read(one.id)
    assert [(file.name, file.size, file.content) for file in read.files] == [("a.png", 2, b""), ("b.txt", 1, b"")]
    assert (read.id, read.nonce, read.title, read.status) == (one.id, one.nonce, one.title, Status.SENDING)
    assert replace(read, files=one.files, attempted_at=one.attempted_at) == one
    read = await bench.read(plain.id)
    assert (read.id, read.nonce, read.text, read.files) == (plain.id, plain.nonce, "plain", ())
    assert read.attempted_at == bench.clock.now()


async def test_a_row_that_cannot_be_read_is_said(bench: Bench) -> None:
    """A damaged row would go as something else."""
    one = await bench.put(draft())
    await bench.spoil("UPDATE messages SET priority = 'odd'")
    assert isinstance(await bench.look(one.id), UnreadableRowError)
