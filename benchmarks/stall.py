"""The longest time for which the event loop did not come round while 1,000 messages were sent at once.

A task that sleeps a millisecond again and again notes by how much it woke too late; everything else in the program
would have had to wait as long. BACH checks, stores and delivers them all, to a platform that answers at once. Beside
it: 1,000 messages that are only stored, with aiosqlite.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from bach_lib import Bach, Connection
from bach_lib.events import MessageFinished
from bach_lib.testing.connector import FakePlatform, fake_connector
from benchmarks.floor import CONNECTION, TEXT
from benchmarks.measuring import Effort, countdown, grow_log, in_loop, scratch, take_turns
from benchmarks.peers import Aiosqlite, those_there
from benchmarks.table import Aim, Row

MESSAGES = 1000
TICK = 0.001


def rows(effort: Effort) -> Iterator[Row]:
    """Ours to aiosqlite."""
    messages = effort.of(MESSAGES)
    figures = take_turns(
        {"BACH": in_loop(_bach, messages), **those_there({"aiosqlite": in_loop(_aiosqlite, messages)})}, effort.rounds
    )
    yield figures.row("longest stall, 1,000 sends at once", "ms", "BACH", "aiosqlite", Aim(limit=5))


class Watch:
    """Notes the longest stall, in milliseconds."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            start = time.perf_counter()
            await asyncio.sleep(TICK)
            self.longest = max(self.longest, (time.perf_counter() - start - TICK) * 1000)


@asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    """Watch the loop while the context lasts. Garbage of other measurements goes first."""
    gc.collect()
    watch = Watch()
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(5 * TICK)
    watch.longest = 0.0
    try:
        yield watch
    finally:
        task.cancel()


async def _bach(messages: int) -> float:
    finished, all_finished = countdown(messages)
    with scratch() as folder:
        async with Bach(folder / "bach.db", connectors={"fake": fake_connector(FakePlatform())}) as bach:
            grow_log(folder)
            await bach.registry.add(Connection(name=CONNECTION, type="fake"))
            await bach.check(CONNECTION)
            bach.subscribe(MessageFinished, lambda _: finished())
            async with watched() as watch:
                await asyncio.gather(*(bach.send(CONNECTION, str(number % 32), TEXT) for number in range(messages)))
                await all_finished.wait()
    return watch.longest


async def _aiosqlite(messages: int) -> float:
    with scratch() as folder:
        async with Aiosqlite(folder) as queue:
            grow_log(folder)
            async with watched() as watch:
                await asyncio.gather(*(queue.put() for _ in range(messages)))
    return watch.longest
