"""Deals one blow: servers, network and processes for it, messages meanwhile, and what it cost."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.cluster.blows import BLOWS, Scene
from benchmarks.cluster.house import House, Size, opened
from benchmarks.cluster.judging import Verdict
from benchmarks.cluster.machines import Machine, SmallDisk, Standby
from benchmarks.cluster.network import Network
from benchmarks.measuring import scratch

_SMALL = 220
"""Megabytes of a disk that is filled."""
_THROUGH_NETWORK = frozenset({"cut", "silent"})


@asynccontextmanager
async def scene_of(blow: str, folder: Path, size: Size) -> AsyncIterator[Scene]:
    """Servers, network and processes for one blow."""
    place = await asyncio.to_thread(_place, folder, "server")
    machine = SmallDisk(place, _SMALL) if blow == "full" else Machine(place)
    network = standby = None
    try:
        await asyncio.to_thread(machine.start)
        address = machine.address(machine.empty_database("house"))
        if blow in _THROUGH_NETWORK:
            network = await Network.before(machine.port)
            address = f"postgresql://bach@127.0.0.1:{network.port}/house"
        if blow == "failed_over":
            standby = Standby(await asyncio.to_thread(_place, folder, "standby"), machine)
            await asyncio.to_thread(standby.follow)
            await asyncio.to_thread(standby.hold)
            hosts = f"127.0.0.1:{machine.port},127.0.0.1:{standby.port}"
            address = f"postgresql://bach@{hosts}/house?target_session_attrs=read-write"
        async with opened(address, await asyncio.to_thread(_place, folder, "files"), size) as house:
            yield Scene(house=house, machine=machine, network=network, standby=standby)
    finally:
        if network:
            await network.close()
        for one in (machine, standby):
            if one:
                one.stop()
        if isinstance(machine, SmallDisk):
            machine.unmount()


def _place(folder: Path, name: str) -> Path:
    folder.chmod(0o755)  # the server is somebody else, where we are root
    (folder / name).mkdir()
    return folder / name


async def deal(blow: str, size: Size) -> tuple[House, Verdict]:
    """One blow, from an empty database to what it cost."""
    with scratch() as folder:
        async with scene_of(blow, folder, size) as scene:
            await meanwhile(blow, scene)
            verdict = await scene.house.verdict()
            if not verdict.is_good:
                _keep(folder / "files", blow)
            return scene.house, verdict


async def meanwhile(blow: str, scene: Scene) -> None:
    """Send everything, deal the blow in the middle of it, and wait until nothing is left to do."""
    house = scene.house
    sending = asyncio.create_task(house.send_all())
    await asyncio.sleep(house.size.spread / 10)
    await BLOWS[blow](scene)
    await sending
    await house.all_ended()


def _keep(files: Path, blow: str) -> None:
    kept = Path(__file__).parents[2] / "build" / f"cluster-{blow}"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(files, kept)
