"""By hand: `script/simulate` tells as many histories as one likes, and prints those that break a promise, shortened."""

import argparse
import logging
import sys
import time
from collections.abc import Iterator
from itertools import count

from tests.simulation.running import KINDS, Failure, try_seed


def main() -> int:
    """Tell histories; 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="script/simulate", description=__doc__)
    parser.add_argument("--histories", type=int, default=300, help="how many of each kind (300)")
    parser.add_argument("--seed", type=int, default=0, help="of the first one (0); the next ones follow")
    parser.add_argument("--minutes", type=float, help="go on for so long instead of counting")
    parser.add_argument("--kind", choices=sorted(KINDS), action="append", help="only this kind; may be repeated")
    parser.add_argument("--whole", action="store_true", help="do not shorten what fails")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    told, failed = 0, 0
    for seed in _seeds(options.seed, options.histories, options.minutes):
        for kind in options.kind or sorted(KINDS):
            told += 1
            failure = try_seed(seed, kind, shortest=not options.whole)
            failed += failure is not None
            _print(failure)
    took = time.monotonic() - started
    sys.stdout.write(f"{told} histories from seed {options.seed} on, {failed} of them failed, {took:.0f} s\n")
    return 1 if failed else 0


def _seeds(first: int, histories: int, minutes: float | None) -> Iterator[int]:
    if minutes is None:
        yield from range(first, first + histories)
        return
    until = time.monotonic() + minutes * 60
    for seed in count(first):
        if time.monotonic() > until:
            return
        yield seed


def _print(failure: Failure | None) -> None:
    if failure:
        sys.stdout.write(f"{failure}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
