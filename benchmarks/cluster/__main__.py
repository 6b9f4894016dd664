"""The command behind `script/bench cluster`: deals blows, and prints what they cost; or what all of it carries."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence

from benchmarks.cluster import figures
from benchmarks.cluster.blows import BLOWS
from benchmarks.cluster.dealing import deal
from benchmarks.cluster.house import Size
from benchmarks.cluster.machines import may_mount
from benchmarks.measuring import FULL, QUICK
from benchmarks.table import render
from tests.servers import programs

_HEAD = "| blow | accepted | lost | repeated | out of order | s until all went on | calls refused | slowest call, s |"


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
