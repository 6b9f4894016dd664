"""What our own work costs, whatever the disk: beside raw sqlite3 that writes the same rows, a hundred in each commit.

A hundred callers share our commits as well, so both sides wait for the disk equally often; the rest is work of ours, of
asyncio and of SQLite. Raw sqlite3 does not find out who waits for which row, and makes an object of none; it is the
floor under everything that does. Microseconds are the processor's (`time.process_time`), which other programs on the
machine disturb less than the time on the wall.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial

from bach_lib import Bach, Connection, Status, SystemClock
from bach_lib.events import MessageFinished
from bach_lib.outbound.queue import Queue
from bach_lib.outbound.retry import Settlement
from bach_lib.storage import Database
from bach_lib.testing.connector import FakePlatform, fake_connector
from benchmarks.claim import sent
from benchmarks.floor import CONNECTION, DRAFT, TEXT, RawBatches, fill, open_raw
from benchmarks.measuring import Effort, Side, countdown, grow_log, in_loop, opened, scratch, settle, take_turns
from benchmarks.table import Aim, Row

CALLERS = 100
AIM = Aim(limit=0.6, at_least=True, of_ratio=True)
_PER_SECOND = 20_000
"""So many messages are measured for each second of effort."""

type Clock = Callable[[], float]


def rows(effort: Effort) -> Iterator[Row]:
    """Rates, which the disk has a part in, then microseconds of work."""
    count = round(effort.seconds * _PER_SECOND) // CALLERS * CALLERS
    figures = take_turns(_sides(count), effort.rounds)
    for what in ("put", "claim + acknowledge"):
        name, raw = f"{what}, 100 callers", f"raw, 100 a commit: {what}"
        yield figures.row(name, "/s", f"{what} /s", f"{raw} /s", AIM)
        yield figures.row(f"work of {name}", "µs", f"{what} µs", f"{raw} µs")
    yield figures.row("work of all, from send until finished", "µs", "whole way µs", "put µs")
    yield figures.row("work of a put, raw", "µs", "raw, 100 a commit: put µs", "without the index of recipients µs")
    with_attempts = "raw, 100 a commit: claim + acknowledge µs"
    yield figures.row("work of claim + acknowledge, raw", "µs", with_attempts, "without rows of attempts µs")


def _sides(count: int) -> dict[str, Side]:
    sides: dict[str, Side] = {"whole way µs": in_loop(_whole_way, count)}
    for unit, clock in (("/s", time.perf_counter), ("µs", time.process_time)):
        raw = "raw, 100 a commit"
        sides[f"put {unit}"] = in_loop(_put, count, clock)
        sides[f"claim + acknowledge {unit}"] = in_loop(_take, count, clock)
        sides[f"{raw}: put {unit}"] = partial(_raw, RawBatches.put_many, count, clock)
        sides[f"{raw}: claim + acknowledge {unit}"] = partial(_raw, RawBatches.take_many, count, clock)
    work = time.process_time
    sides["without the index of recipients µs"] = partial(_raw, RawBatches.put_many, count, work, "messages_to")
    sides["without rows of attempts µs"] = partial(_raw, partial(RawBatches.take_many, recorded=False), count, work)
    return sides


def _figure(count: int, seconds: float, clock: Clock) -> float:
    """Messages a second of the clock on the wall, or microseconds a message of the processor's."""
    return seconds / count * 1e6 if clock is time.process_time else count / seconds


async def _put(count: int, clock: Clock) -> float:
    with scratch() as folder:
        async with opened(Database(folder / "bach.db")) as store:
            grow_log(folder)
            queue = Queue(store, SystemClock(), "bench")
            await settle(lambda: queue.put(DRAFT, leased=False))

            async def caller() -> None:
                for _ in range(count // CALLERS):
                    await queue.put(DRAFT, leased=False)

            return _figure(count, await _all(caller, clock), clock)


async def _take(count: int, clock: Clock) -> float:
    with scratch() as folder:
        with closing(open_raw(folder / "bach.db")) as sqlite:
            fill(sqlite, count, Status.PENDING)
        async with opened(Database(folder / "bach.db")) as store:
            grow_log(folder)
            queue, waiting = Queue(store, SystemClock(), "bench"), iter(range(1, count + 1))

            async def worker() -> None:
                settlement: Settlement | None = None
                for message_id in waiting:
                    claimed = (await queue.advance(settlement, message_id)).claimed
                    settlement = sent(claimed) if claimed else None
                await queue.advance(settlement, None)

            return _figure(count, await _all(worker, clock), clock)


async def _all(caller: Callable[[], Awaitable[None]], clock: Clock) -> float:
    start = clock()
    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return clock() - start


async def _whole_way(count: int) -> float:
    """Checked, stored, sent to a platform that answers at once, settled, told."""
    finished, all_finished = countdown(count)
    with scratch() as folder:
        async with Bach(folder / "bach.db", connectors={"fake": fake_connector(FakePlatform())}) as bach:
            grow_log(folder)
            await bach.registry.add(Connection(name=CONNECTION, type="fake"))
            await bach.check(CONNECTION)
            bach.subscribe(MessageFinished, lambda _: finished())

            async def caller(recipient: str) -> None:
                for _ in range(count // CALLERS):
                    await bach.send(CONNECTION, recipient, TEXT)

            start = time.process_time()
            await asyncio.gather(*(caller(str(number)) for number in range(CALLERS)))
            await all_finished.wait()
            return _figure(count, time.process_time() - start, time.process_time)


def _raw(step: Callable[[RawBatches, int], None], count: int, clock: Clock, without: str = "") -> float:
    with scratch() as folder, closing(RawBatches(folder)) as queue:
        if without:
            queue.sqlite.execute(f"DROP INDEX {without}")
        if step is not RawBatches.put_many:
            queue.fill(count)
        grow_log(folder)
        start = clock()
        for _ in range(count // CALLERS):
            step(queue, CALLERS)
        return _figure(count, clock() - start, clock)
