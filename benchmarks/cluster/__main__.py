"""The command behind `script/bench cluster`: deals blows, and prints what they cost; or what all of it carries."""

import argparse
import asyncio
import logging
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.cluster import figures
from benchmarks.cluster.blows import BLOWS, Scene
from benchmarks.cluster.house import House, Size, opened
from benchmarks.cluster.judging import Verdict
from benchmarks.cluster.machines import Machine, SmallDisk, Standby, may_mount
from benchmarks.cluster.network import Network
from benchmarks.measuring import FULL, QUICK, scratch
from benchmarks.table import render
from tests.servers import programs

_SMALL = 220
"""Megabytes of a disk that is filled."""
_THROUGH_NETWORK = frozenset({"cut", "silent"})
_HEAD = "| blow | accepted | lost | repeated | out of order | s until all went on | calls refused | slowest call, s |"


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
            house = scene.house
            sending = asyncio.create_task(house.send_all())
            await asyncio.sleep(size.spread / 10)
            await BLOWS[blow](scene)
            await sending
            await house.all_ended()
            verdict = await house.verdict()
            if not verdict.is_good:
                _keep(folder / "files", blow)
            return house, verdict


def _keep(files: Path, blow: str) -> None:
    kept = Path(__file__).parents[2] / "build" / f"cluster-{blow}"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(files, kept)


def main(arguments: Sequence[str]) -> None:
    """Deal the blows that were asked for."""
    parser = argparse.ArgumentParser(prog="script/bench cluster", description="What blows cost several processes.")
    parser.add_argument("blows", nargs="*", choices=list(BLOWS), metavar="BLOW", help=f"of {', '.join(BLOWS)}")
    for name, kind in (("connections", int), ("messages", int), ("spread", float), ("away", float), ("times", int)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Size(), name))
    parser.add_argument("--figures", action="store_true", help="no blows: what a server and several processes carry")
    parser.add_argument("--quick", action="store_true", help="figures that are less steady")
    parser.add_argument("--seed", type=int, default=Size().seed)
    options = vars(parser.parse_args(arguments))
    blows = options.pop("blows") or list(BLOWS)
    wants_figures, is_quick = options.pop("figures"), options.pop("quick")
    logging.getLogger("bach_lib").setLevel(logging.CRITICAL)  # outages are what is looked at
    if programs() is None:
        sys.exit("NOT RUN: no PostgreSQL is installed here")
    if wants_figures:
        print(render(figures.rows(QUICK if is_quick else FULL)))
        return
    print(_HEAD, "|---" * 8 + "|", sep="\n", flush=True)
    bad = [blow for blow in blows if not _told(blow, Size(**options))]
    if bad:
        sys.exit(f"promises were broken: {', '.join(bad)}; what was sent and logged lies in build/")


def _told(blow: str, size: Size) -> bool:
    if blow == "full" and not may_mount():
        print("| full | NOT RUN: a disk of its own needs root |", flush=True)
        return True
    start = time.monotonic()
    house, verdict = asyncio.run(deal(blow, size))
    repeated = f"{verdict.repeated} (+{verdict.dropped} known again, {verdict.untold} uncertain)"
    print(
        f"| {blow} × {len(house.blows)} | {verdict.accepted} | {len(verdict.lost)} | {repeated} |"
        f" {len(verdict.disordered)} | {house.pause:.1f} | {house.refused} | {house.slowest:.1f} |",
        flush=True,
    )
    print(f"  {verdict}; {time.monotonic() - start:.0f} s", file=sys.stderr)
    return verdict.is_good


if __name__ == "__main__":
    main(sys.argv[1:])
