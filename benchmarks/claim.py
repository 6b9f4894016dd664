"""How many messages a second are claimed and, once "sent", acknowledged, by 1 to 1,000 workers at once.

Fair, because what is claimed must be on disk before it is sent, and acknowledged on disk after it: two commits for
everyone who works alone. BACH settles one message and claims the next in one transaction, and workers share commits.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bach_lib import Message, RetryPolicy, Status, SystemClock
from bach_lib.outbound.attempt import of_attempt
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement, Witnesses, decide
from bach_lib.outcomes import Sent
from bach_lib.storage import Database
from benchmarks.floor import Peer, fill, open_raw
from benchmarks.measuring import (
    Effort,
    Side,
    counted,
    grow_log,
    in_loop,
    opened,
    rate,
    rate_of_callers,
    scratch,
    take_turns,
)
from benchmarks.peers import BLOCKING, Aiosqlite, those_there
from benchmarks.table import Aim, Row

WORKERS = (1, 10, 100, 1000)
AIMS = {100: Aim(limit=30, at_least=True, of_ratio=True)}

_POLICY = RetryPolicy()
_MOST_PER_SECOND = 150_000
_MOST_PER_SECOND_ALONE = 10_000
"""More than a side can take, with group commit or without; so many messages wait for each second of measuring."""


def rows(effort: Effort) -> Iterator[Row]:
    """Ours to raw sqlite3, then ours to the others."""
    figures = take_turns(_sides(effort.seconds), effort.rounds)

    def row(workers: int, other: str, aim: Aim | None = None) -> Row:
        return figures.row(f"claim + acknowledge, {counted(workers, 'worker')}", "/s", f"{workers}", other, aim)

    for workers in WORKERS:
        yield row(workers, "raw sqlite3", AIMS.get(workers))
    for peer in ("litequeue", "persist-queue", "huey", "aiosqlite 1"):
        yield row(1, peer)
    yield row(100, "aiosqlite 100")


def sent(message: Message) -> Settlement:
    """What is written when the platform has taken a message."""
    outcome = Sent(remote_id="1")
    settlement = decide(
        message, outcome, Witnesses.CHECK, time.time(), policy=_POLICY, random=lambda: 0.5, idempotent=False
    )
    return of_attempt(settlement, "sent", 0.02, message)


async def work_off(queue: Queue, ids: Iterable[int], workers: int, seconds: float) -> float:
    """Claim and acknowledge until all are done or time is up; messages a second."""
    done = 0
    start = time.perf_counter()
    waiting = iter(ids)

    async def worker() -> None:
        nonlocal done
        settlement = None
        for message_id in waiting:
            advance = await queue.advance(settlement, message_id)
            settlement = sent(advance.claimed) if advance.claimed else None
            done += 1
            if time.perf_counter() > start + seconds:
                break
        await queue.advance(settlement, None)

    await asyncio.gather(*(worker() for _ in range(workers)))
    return done / (time.perf_counter() - start)


def _sides(seconds: float) -> dict[str, Side]:
    return {
        **{name: partial(_blocking, peer, seconds) for name, peer in BLOCKING.items()},
        **{f"{workers}": in_loop(_ours, workers, seconds) for workers in WORKERS},
        **those_there({f"aiosqlite {workers}": in_loop(_aiosqlite, workers, seconds) for workers in (1, 100)}),
    }


async def _ours(workers: int, seconds: float) -> float:
    count = int(_MOST_PER_SECOND * seconds)
    with scratch() as folder:
        with closing(open_raw(folder / "bach.db")) as sqlite:
            fill(sqlite, count, Status.PENDING)
        async with opened(Database(folder / "bach.db")) as store:
            grow_log(folder)
            queue = Queue(store, SystemClock(), "bench")
            return await work_off(queue, range(1, count + 1), workers, seconds)


def _blocking(peer: Callable[[Path], Peer], seconds: float) -> float:
    with scratch() as folder, closing(peer(folder)) as queue:
        grow_log(folder)
        queue.fill(int(_MOST_PER_SECOND_ALONE * seconds))
        return rate(queue.take, seconds)


async def _aiosqlite(workers: int, seconds: float) -> float:
    with scratch() as folder:
        with closing(open_raw(folder / "aiosqlite.db")) as sqlite:
            fill(sqlite, int(_MOST_PER_SECOND_ALONE * seconds), Status.PENDING)
        async with Aiosqlite(folder) as queue:
            grow_log(folder)
            return await rate_of_callers(queue.take, workers, seconds)
