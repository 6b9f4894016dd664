"""A house: a database, three processes that work on it, and one that sends. What blows do to it is judged later."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bach_lib import Bach, Connection, Delivery, Status
from bach_lib.errors import BachError
from benchmarks.cluster.fleet import Fleet, Lane, now
from benchmarks.cluster.judging import Blow, Verdict, judge, longest_pause
from benchmarks.cluster.worker import CONNECTORS

WORKERS = ("one", "two", "three")
_AGAIN = 0.2
_LONGEST = 900.0
_KINDS = (
    ("plain", Delivery.AT_LEAST_ONCE),
    ("knowing", Delivery.AT_LEAST_ONCE),
    ("plain", Delivery.AT_MOST_ONCE),
    ("together", Delivery.AT_LEAST_ONCE),
    ("together", Delivery.AT_MOST_ONCE),
)
_PARALLEL = 2
"""Attempts of a process at once on a connection: those that several may deliver have more lanes than their owner has
workers, so that it lends some all the time."""
_RECIPIENTS = ("ada", "bob")
_MORE = ("cyd", "dan", "eve", "flo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is to do."""

    connections: int = 30
    messages: int = 3000
    seconds: float = 0.02
    """That a platform takes for a message."""
    spread: float = 30.0
    """Seconds over which the second half of the messages is sent."""
    away: float = 60.0
    """Seconds for which a database cannot be reached."""
    times: int = 3
    """How often a blow is dealt."""
    seed: int = 1

    @property
    def lanes(self) -> list[Lane]:
        """Two recipients each, but as many as three processes have workers where they deliver together."""
        names = [f"c{number:03}" for number in range(self.connections)]
        return [(name, one) for name in names for one in _recipients(name)]


def kind_of(connection: str) -> tuple[str, Delivery]:
    """What kind of platform it is, and how what goes there is delivered: all in turns."""
    return _KINDS[int(connection[1:]) % len(_KINDS)]


def _recipients(connection: str) -> tuple[str, ...]:
    return (*_RECIPIENTS, *_MORE) if kind_of(connection)[0] == "together" else _RECIPIENTS


@dataclass(kw_only=True)
class House:
    """All that belongs to one run. `random` decides what a blow meets."""

    size: Size
    bach: Bach
    fleet: Fleet
    random: random.Random
    accepted: dict[Lane, list[str]] = field(default_factory=dict)
    blows: list[Blow] = field(default_factory=list)
    met: list[tuple[Blow, frozenset[str]]] = field(default_factory=list)
    """From when on which connections had to go on."""
    refused: int = 0
    """Calls that were told that the database is away, and were made again under the same key."""
    slowest: float = 0.0
    """Seconds that one call took."""
    pause: float = 0.0
    """The longest time in seconds until a connection that was met went on; known with the verdict."""

    @contextmanager
    def blow(self, connections: frozenset[str] | None = None) -> Iterator[None]:
        """While one is dealt. `connections`: those that go on elsewhere from its beginning; None: all, from its end."""
        began = now()
        yield
        blow = Blow(began, now())
        self.blows.append(blow)
        everybody = frozenset(name for name, _ in self.size.lanes)
        self.met.append((blow if connections else Blow(blow.ended, blow.ended), connections or everybody))

    async def owned_by(self, worker: str) -> frozenset[str]:
        """The connections of one that lives."""
        living = [one for one in await self.bach.processes() if one.ended_at is None and one.name == worker]
        return frozenset(name for one in living for name in one.connections)

    async def all_share(self) -> None:
        """Wait until all who run have their share."""
        least = self.size.connections // len(self.fleet.running)

        async def is_so() -> bool:
            return min([len(await self.owned_by(name)) for name in self.fleet.running]) >= least

        await until(is_so)

    async def send_all(self) -> None:
        """To all lanes at once; in each, one after the other has been accepted."""
        each = self.size.messages // len(self.size.lanes)
        await asyncio.gather(*(self._send(lane, each) for lane in self.size.lanes))

    async def _send(self, lane: Lane, count: int) -> None:
        _, delivery = kind_of(lane[0])
        accepted = self.accepted.setdefault(lane, [])
        for number in range(count):
            key, text = f"{lane[0]} {lane[1]} {number}", f"{number}"
            while True:
                began = now()
                try:
                    await self.bach.send(*lane, text, delivery=delivery, idempotency_key=key)
                    break
                except BachError:
                    self.refused += 1
                    await asyncio.sleep(_AGAIN)
                finally:
                    self.slowest = max(self.slowest, (now() - began) / 1e9)
            accepted.append(text)
            if number >= count // 2:
                await asyncio.sleep(self.size.spread / (count / 2))

    async def all_ended(self) -> None:
        """Wait until nothing waits or is under way, however long that takes, as long as anything arrives meanwhile."""

        async def is_so() -> bool:
            queues = (await self.bach.queue_status()).values()
            return not any(queue.pending + queue.sending + queue.failed for queue in queues)

        await until(is_so, self.fleet.size_of_arrived)

    async def verdict(self) -> Verdict:
        """Of what arrived until now."""
        lanes, arrived = frozenset(self.accepted), self.fleet.arrived()
        self.pause = max((longest_pause(arrived, *met) for met in self.met), default=0.0)
        return judge(
            arrived,
            self.accepted,
            self.blows,
            once=frozenset(lane for lane in lanes if kind_of(lane[0])[1] is Delivery.AT_MOST_ONCE),
            knowing=frozenset(lane for lane in lanes if kind_of(lane[0])[0] == "knowing"),
            uncertain=await self._uncertain(),
        )

    async def _uncertain(self) -> frozenset[tuple[Lane, str]]:
        found, before = set(), None
        while page := await self.bach.messages(status=[Status.UNCERTAIN], before=before, limit=500):
            found |= {((one.connection, one.recipient), one.text) for one in page}
            before = page[-1].id
        return frozenset(found)


async def until(is_so: Callable[[], Awaitable[bool]], progress: Callable[[], int] = lambda: 0) -> None:
    """Ask again and again; also a database that is away. Raises a `TimeoutError` if that never comes.

    As long as `progress` grows, it may come.
    """
    loop, before = asyncio.get_running_loop(), 0
    async with asyncio.timeout(_LONGEST) as limit:
        while True:
            with suppress(BachError):
                if await is_so():
                    return
            await asyncio.sleep(_AGAIN)
            if (so_far := progress()) > before:
                before = so_far
                limit.reschedule(loop.time() + _LONGEST)


@asynccontextmanager
async def opened(address: str, folder: Path, size: Size) -> AsyncIterator[House]:
    """A house on an empty database, in which all work."""
    fleet = Fleet(address, folder, size.seconds, _PARALLEL)
    async with Bach(address, connectors=CONNECTORS, autostart=False) as bach:
        house = House(size=size, bach=bach, fleet=fleet, random=random.Random(size.seed))  # noqa: S311 - no secret
        names = sorted({name for name, _ in size.lanes})
        await asyncio.gather(*(bach.registry.add(Connection(name=name, type=kind_of(name)[0])) for name in names))
        try:
            await fleet.start(*WORKERS)
            await house.all_share()
            yield house
        finally:
            await fleet.end_all()
