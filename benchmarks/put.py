"""How many messages a second reach the disk for good, for 1 to 1,000 callers that each wait for their own commit.

Fair, because every side stores the same text with `synchronous=FULL`, and raw sqlite3 writes the very row BACH writes.
`Queue.put` is the store alone; `Bach.send` (on a connection that is switched off) is all that a caller waits for.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bach_lib import Bach, Connection, Policy, SystemClock
from bach_lib.outbound.queue import Queue
from bach_lib.storage import Database
from bach_lib.testing.connector import FakePlatform, fake_connector
from benchmarks.floor import CONNECTION, DRAFT, TEXT, Peer
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
    settle,
    take_turns,
)
from benchmarks.peers import BLOCKING, Aiosqlite, those_there
from benchmarks.table import Aim, Row

CALLERS = (1, 10, 100, 1000)
TWO_TRIPS = "aiosqlite 1, execute and commit"
AIMS = {1: Aim(limit=0.70, at_least=True, of_ratio=True), 100: Aim(limit=20, at_least=True, of_ratio=True)}


def rows(effort: Effort) -> Iterator[Row]:
    """Ours to raw sqlite3, then ours to the others."""
    figures = take_turns(_sides(effort.seconds), effort.rounds)

    def row(what: str, callers: int, other: str, aim: Aim | None = None) -> Row:
        return figures.row(f"{what}, {counted(callers, 'caller')}", "/s", f"{what} {callers}", other, aim)

    for callers in CALLERS:
        yield row("put", callers, "raw sqlite3", AIMS.get(callers))
    for callers in (1, 100):
        yield row("send", callers, "raw sqlite3")
    for peer in ("litequeue", "persist-queue", "huey", "aiosqlite 1", TWO_TRIPS):
        yield row("put", 1, peer)
    yield row("put", 100, "aiosqlite 100")


def _sides(seconds: float) -> dict[str, Side]:
    return {
        **{name: partial(_blocking, peer, seconds) for name, peer in BLOCKING.items()},
        **{f"put {callers}": in_loop(_put, callers, seconds) for callers in CALLERS},
        **{f"send {callers}": in_loop(_send, callers, seconds) for callers in (1, 100)},
        **those_there({f"aiosqlite {callers}": in_loop(_aiosqlite, callers, seconds) for callers in (1, 100)}),
        **those_there({TWO_TRIPS: in_loop(_two_trips, seconds)}),
    }


def _blocking(peer: Callable[[Path], Peer], seconds: float) -> float:
    with scratch() as folder, closing(peer(folder)) as queue:
        grow_log(folder)
        return rate(queue.put, seconds)


async def _put(callers: int, seconds: float) -> float:
    with scratch() as folder:
        async with opened(Database(folder / "bach.db")) as store:
            grow_log(folder)
            queue = Queue(store, SystemClock(), "bench")

            def put() -> Awaitable[object]:
                return queue.put(DRAFT, leased=False)

            await settle(put)
            return await rate_of_callers(put, callers, seconds)


async def _send(callers: int, seconds: float) -> float:
    connectors = {"fake": fake_connector(FakePlatform())}
    policy = Policy(max_waiting=1_000_000)
    with scratch() as folder:
        async with Bach(folder / "bach.db", connectors=connectors, policy=policy) as bach:
            grow_log(folder)
            await bach.registry.add(Connection(name=CONNECTION, type="fake", is_active=False))

            def send() -> Awaitable[object]:
                return bach.send(CONNECTION, "42", TEXT)

            await settle(send)
            return await rate_of_callers(send, callers, seconds)


async def _aiosqlite(callers: int, seconds: float) -> float:
    with scratch() as folder:
        async with Aiosqlite(folder) as queue:
            grow_log(folder)
            await settle(queue.put)
            return await rate_of_callers(queue.put, callers, seconds)


async def _two_trips(seconds: float) -> float:
    with scratch() as folder:
        async with Aiosqlite(folder, begins=True) as queue:
            grow_log(folder)
            await settle(queue.put_and_commit)
            return await rate_of_callers(queue.put_and_commit, 1, seconds)
