"""The blows: what is done to processes, database and network while messages go out."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bach_lib.owners.cluster import BEAT
from bach_lib.owners.membership import LEASE
from benchmarks.cluster.house import House
from benchmarks.cluster.machines import Machine, SmallDisk, Standby
from benchmarks.cluster.network import Network

_FOLLOWED = LEASE + 3 * BEAT
"""Seconds after which another process has all that a dead one had."""
_OFTEN = 0.3
_MANY = 7
"""Times that small blows are dealt for each large one."""
_FULL = 5.0


@dataclass(kw_only=True)
class Scene:
    """What there is to hit."""

    house: House
    machine: Machine
    network: Network | None = None
    standby: Standby | None = None

    @property
    def blows(self) -> range:
        """As many as are to be dealt."""
        return range(self.house.size.times)

    async def rest(self, blow: int) -> None:
        """Until the next blow finds all at work again; after the last one nobody waits."""
        if blow + 1 < self.house.size.times:
            await asyncio.sleep(_FOLLOWED)

    @property
    def between(self) -> Network:
        """The network, where all goes through one."""
        if self.network is None:
            raise TypeError("here is no network between")
        return self.network


async def killed(scene: Scene) -> None:
    """`kill -9` of one process, again and again; it is started anew when the others have followed it."""
    house = scene.house
    for _ in range(house.size.times):
        victim = house.random.choice(sorted(house.fleet.running))
        with house.blow(await house.owned_by(victim)):
            await house.fleet.end(victim, signal.SIGKILL)
        await asyncio.sleep(_FOLLOWED)
        await house.fleet.start(victim)
        await house.all_share()


async def asleep(scene: Scene) -> None:
    """A process is stopped for longer than its lease, and goes on in the middle of a line."""
    house = scene.house
    for _ in range(house.size.times):
        victim = house.random.choice(sorted(house.fleet.running))
        with house.blow(await house.owned_by(victim)):
            house.fleet.tell(victim, signal.SIGSTOP)
            await asyncio.sleep(_FOLLOWED)
            house.fleet.tell(victim, signal.SIGCONT)
        await house.all_share()


async def restarted(scene: Scene) -> None:
    """The database is started anew, as after an update."""
    await _stop(scene, signal.SIGINT)


async def crashed(scene: Scene) -> None:
    """The database is killed, and recovers from its log."""
    await _stop(scene, signal.SIGQUIT)


async def _stop(scene: Scene, how: signal.Signals) -> None:
    for number in scene.blows:
        with scene.house.blow():
            await asyncio.to_thread(scene.machine.stop, how)
            await asyncio.to_thread(scene.machine.start)
        await scene.rest(number)


async def silent(scene: Scene) -> None:
    """Nothing comes through the network, and nobody is told."""
    network = scene.between
    with scene.house.blow():
        network.tell("silent")
        await asyncio.sleep(scene.house.size.away)
        network.tell("heard")


async def frozen(scene: Scene) -> None:
    """The database's first process is stopped, then all of them, and go on."""
    for whole in (False, True):
        with scene.house.blow():
            scene.machine.freeze(signal.SIGSTOP, whole=whole)
            await asyncio.sleep(scene.house.size.away / (1 if whole else 4))
            scene.machine.freeze(signal.SIGCONT, whole=whole)
        await asyncio.sleep(_FOLLOWED)


async def terminated(scene: Scene) -> None:
    """The server ends connections at random, whatever they do."""
    ask = (
        "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
        " WHERE application_name = 'bach' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2) AS chosen"
    )
    for _ in range(_MANY * scene.house.size.times):
        with scene.house.blow():
            await asyncio.to_thread(scene.machine.ask, ask)
        await asyncio.sleep(_OFTEN * (0.5 + scene.house.random.random()))


async def cut(scene: Scene) -> None:
    """Connections break while a commit is under way: before the server hears of it, or once it is done."""
    network = scene.between
    for _ in range(_MANY * len(scene.blows)):
        with scene.house.blow():
            network.tell(scene.house.random.choice(("swallow 1", "eat 1", "swallow 3")))
            await asyncio.sleep(_OFTEN)
        await asyncio.sleep(_OFTEN * scene.house.random.random())


async def full(scene: Scene) -> None:
    """The database's disk is full; somebody makes room, and starts the server if it has ended."""
    machine = scene.machine
    if not isinstance(machine, SmallDisk):
        raise TypeError("this disk is for others, too")
    for number in scene.blows:
        with scene.house.blow():
            await asyncio.to_thread(machine.fill)
            await asyncio.sleep(_FULL)
            machine.empty()
            if machine.has_ended:
                await asyncio.to_thread(machine.start)
        await scene.rest(number)


async def failed_over(scene: Scene) -> None:
    """The primary dies, and its standby takes its place."""
    standby = scene.standby
    if standby is None:
        raise TypeError("nobody stands by")
    with scene.house.blow():
        await asyncio.to_thread(scene.machine.stop, signal.SIGQUIT)
        await asyncio.to_thread(standby.take_over)


BLOWS: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "killed": killed,
    "asleep": asleep,
    "restarted": restarted,
    "crashed": crashed,
    "terminated": terminated,
    "cut": cut,
    "silent": silent,
    "frozen": frozen,
    "full": full,
    "failed_over": failed_over,
}
