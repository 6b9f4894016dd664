"""Steps of workers that share a commit: each brings what it would have brought alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bach_lib.models import File, Message, Status
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.storage import Database, Store, Transaction
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import BUSY, draft

FILE = File(name="a.txt", mime_type="text/plain", size=3, content=b"abc")
CLAIMS = [6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 99, None]
CLAIMED = [6, None, 8, 9, None, None, None, None, 14, None, None, None]


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Database]:
    """A database behind its thread, where what is asked for in one turn shares a transaction."""
    store = Database(path)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def fill(queue: Queue, disk: Store) -> list[Message]:
    """Messages 1 to 5 are under way, and returned; those from 6 on are to be claimed, each of them another case."""
    under_way = [
        await queue.put(replace(draft(text=f"{number}"), files=(FILE,) if number == 2 else ()), leased=True)
        for number in range(1, 6)
    ]
    for one in (
        draft(text="6"),
        draft(text="7 is replaced by 15", tag="door"),
        draft(text="8 is the newest of its tag", tag="door", recipient="bob"),
        replace(draft(text="9 has a file"), files=(FILE,)),
        draft(text="10 is cancelled"),
        draft(text="11 is another connection's", connection="work"),
        draft(text="12 is under way"),
        draft(text="13 cannot be read"),
        replace(draft(text="14 is wanted twice"), title="", context="Ünder\nway", reply_to="4", target="9"),
        draft(text="15"),
    ):
        await queue.put(one, leased=False)
    await queue.cancel(10)
    await queue.advance(None, 12, "home")

    def spoil(tx: Transaction) -> None:
        tx._connection.execute("UPDATE messages SET priority = 'odd' WHERE id = 13")
        tx._connection.execute("UPDATE messages SET tag = 'door' WHERE id = 15")
        tx._connection.execute("DELETE FROM messages WHERE id = 4")

    await disk.submit(spoil)
    return [put.message for put in under_way]


def settlements(under_way: Sequence[Message]) -> list[Settlement | None]:
    """What became of those, one of which was removed meanwhile; the other workers had nothing to do before."""
    made: list[Settlement | None] = [None] * len(CLAIMS)
    ends = (Status.SENT, Status.SENT, Status.FAILED, Status.SENT, Status.DEAD)
    for at, (message, status) in enumerate(zip(under_way, ends, strict=True)):
        one = Settlement(id=message.id, status=status, remote_id=f"{at}", waited=2.0, tried=message)
        error, is_sent = None if status is Status.SENT else BUSY, status is Status.SENT
        made[at] = replace(one, outcome=status.value, seconds=0.5, delivered=is_sent, error=error)
    return made


def everything(tx: Transaction) -> list[list[tuple[object, ...]]]:
    """All rows that a step may touch."""
    queries = [f"SELECT * FROM {table}" for table in ("messages", "attempts", "files")]
    return [[tuple(row) for row in tx._connection.execute(query).fetchall()] for query in queries]


async def test_steps_of_one_commit_bring_what_each_would_bring_alone(tmp_path: Path, clock: FakeClock) -> None:
    """With many workers a message would be sent that was cancelled, or twice, or another one would be called sent."""
    found = []
    for name in ("together", "alone"):
        async with opened(tmp_path / f"{name}.db") as disk:
            queue = Queue(disk, clock, "0123abcd")
            todo = []
            for settlement, claim in zip(settlements(await fill(queue, disk)), CLAIMS, strict=True):
                todo.append(queue.advance(settlement, claim, "home"))
                if name == "alone":
                    await todo[-1]
            found.append((await asyncio.gather(*todo), await disk.submit(everything)))
    [(together, left), (alone, left_alone)] = found
    assert together == alone
    assert left == left_alone
    assert [advance.claimed.id if advance.claimed else None for advance in together] == CLAIMED
    assert [advance.settled.id if advance.settled else None for advance in together[:5]] == [1, 2, 3, None, 5]
    assert [number for number, advance in enumerate(together) if advance.is_unsettled] == [6, 9]
    assert [advance.ended.id for advance in together if advance.ended] == [7, 13]


async def test_a_step_that_fails_takes_nothing_of_the_others_with_it(tmp_path: Path, clock: FakeClock) -> None:
    """One settlement that the disk refuses would let all others be sent again after a restart."""
    async with opened(tmp_path / "bach.db") as disk:
        queue = Queue(disk, clock, "0123abcd")
        made = settlements(await fill(queue, disk))
        assert made[1]
        made[1] = replace(made[1], retry_count=2**63)
        todo = [queue.advance(settlement, claim, "home") for settlement, claim in zip(made, CLAIMS, strict=True)]
        answers = await asyncio.gather(*todo, return_exceptions=True)
        assert [number for number, answer in enumerate(answers) if isinstance(answer, Exception)] == [1]
        rows = await disk.submit(lambda tx: tx.all_values("attempts_of", message_id=3))
        assert len(rows) == 1
