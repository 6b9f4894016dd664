"""How long the event loop stands still when a large queue is met again, and while a limit works it off.

`start`: 100,000 messages to 10,000 recipients wait on disk, and BACH is opened; everything else in the program would
have to wait as long. Then 10,000 recipients wait for a limit of 30 messages a second, as many as BACH takes
(`Policy.max_waiting`): what of the processor the delivery takes, and the longest stall. Nothing is left out to look
better: the garbage collector runs as it does in any program, and what it does to the loop is counted as ours.

Both run in a process that has nothing else to do; in Home Assistant the collector has more objects to walk.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bach_lib import Bach, Fault, Policy, Status
from bach_lib.connectors.capabilities import Rate
from bach_lib.policy import BreakerPolicy
from bach_lib.storage.schema import load_queries
from bach_lib.testing.connector import FakePlatform, fake_connector
from benchmarks.floor import CONNECTION, NEW, open_raw
from benchmarks.measuring import Effort, in_loop, scratch, take_turns
from benchmarks.stall import TICK, watched
from benchmarks.table import Aim, Row

WAITING, LANES = 100_000, 10_000
A_SECOND = 30
STALL = Aim(limit=20)


def rows(effort: Effort) -> Iterator[Row]:
    """Stalls in milliseconds, then a share of the processor."""
    with scratch() as folder:
        _fill(folder, waiting := effort.of(WAITING))
        stall = take_turns({"start": in_loop(_start, folder, waiting)}, max(3, effort.rounds // 3))["start"]
    yield Row(name="start, 100,000 waiting in 10,000 lanes, longest stall", unit="ms", ours=stall, aim=STALL)
    with scratch() as folder:
        _fill(folder, effort.of(LANES))
        stall, share = asyncio.run(_under_a_limit(folder, max(2.0 * effort.share, 12 * effort.seconds)))
    name = "10,000 lanes wait for 30 messages a second"
    yield Row(name=f"{name}, longest stall", unit="ms", ours=stall, aim=STALL)
    yield Row(name=f"{name}, of a processor", unit="%", ours=share, aim=Aim(limit=10))


def _fill(folder: Path, waiting: int) -> None:
    query = load_queries()["put_message"]
    rows = ({**NEW, "status": Status.PENDING, "recipient": f"p{number % LANES}"} for number in range(waiting))
    with closing(open_raw(folder / "bach.db")) as sqlite:
        sqlite.execute("UPDATE connections SET type = 'fake', is_active = 1")
        sqlite.execute("BEGIN")
        sqlite.executemany(query, rows)
        sqlite.execute("COMMIT")


def _bach(folder: Path, platform: FakePlatform) -> Bach:
    policy = Policy(breaker=BreakerPolicy(check_seconds=(0.3, 0.5)))
    return Bach(folder / "bach.db", connectors={"fake": fake_connector(platform)}, policy=policy)


async def _start(folder: Path, waiting: int) -> float:
    """Until all that waits is known. The platform is away, so nothing goes."""
    platform = FakePlatform()
    platform.fault = Fault(code="unreachable", text="away")
    async with watched() as watch, _bach(folder, platform) as bach:
        while len(bach._runtime(CONNECTION).dispatcher._lanes) < waiting - A_SECOND:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(TICK)
        return watch.longest


async def _under_a_limit(folder: Path, seconds: float) -> tuple[float, float]:
    """From the first message on; the stall, and the share of the processor in percent."""
    platform = FakePlatform()
    platform.rates = {"all": Rate(count=A_SECOND, per=1)}
    async with _bach(folder, platform):
        while not platform.sent:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(TICK)
        async with watched() as watch:
            await asyncio.sleep(seconds)
        began, work = time.perf_counter(), time.process_time()
        await asyncio.sleep(seconds)  # without the watch, which wakes up a thousand times a second
        share = (time.process_time() - work) / (time.perf_counter() - began)
    return watch.longest, 100 * share
