"""The command behind `script/bench`: measures the rows asked for, prints one table and writes build/bench.json."""

import argparse
import logging
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

import orjson

from benchmarks import (
    breaker,
    claim,
    crash,
    fsyncs,
    history,
    imports,
    latency,
    order,
    outage,
    pipeline,
    put,
    stall,
    wear,
)
from benchmarks.measuring import BUILD, FULL, QUICK, Effort
from benchmarks.table import Row, render

BENCHMARKS: Mapping[str, Callable[[Effort], Iterable[Row]]] = {
    "put": put.rows,
    "claim": claim.rows,
    "history": history.rows,
    "fsyncs": fsyncs.rows,
    "wear": wear.rows,
    "pipeline": pipeline.rows,
    "order": order.rows,
    "latency": latency.rows,
    "stall": stall.rows,
    "breaker": breaker.rows,
    "crash": crash.rows,
    "outage": outage.rows,
    "imports": imports.rows,
}


def main(arguments: Sequence[str]) -> None:
    """Measure and tell."""
    options = _parser().parse_args(arguments)
    logging.getLogger("bach_lib").setLevel(logging.CRITICAL)  # outages are what is measured
    effort = QUICK if options.quick else FULL
    load = os.getloadavg()[0]
    rows = list(_measure(options.rows or BENCHMARKS, effort))
    machine = _machine(load, quick=options.quick)
    table = render(rows)
    print(f"{table}\n\n{machine}")
    _write_json(rows, machine)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/bench", description="What BACH costs, beside what others cost.")
    parser.add_argument("rows", nargs="*", choices=[*BENCHMARKS, []], metavar="ROW", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="under a minute, less steady")
    return parser


def _measure(names: Iterable[str], effort: Effort) -> Iterator[Row]:
    for name in names:
        start = time.monotonic()
        print(f"{name} …", end="", file=sys.stderr, flush=True)
        yield from BENCHMARKS[name](effort)
        print(f" {time.monotonic() - start:.0f} s", file=sys.stderr)


def _machine(load: float, *, quick: bool) -> str:
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}, load {load:.1f} at the start{', quick' if quick else ''}"
    )


def _write_json(rows: Sequence[Row], machine: str) -> None:
    BUILD.mkdir(exist_ok=True)
    report = {"machine": machine, "rows": [asdict(row) | {"met": row.met} for row in rows]}
    (BUILD / "bench.json").write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main(sys.argv[1:])
