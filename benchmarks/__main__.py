"""The command behind `script/bench`: measures the rows asked for, prints one table and writes build/bench.json."""

import argparse
import logging
import os
import platform
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson

from benchmarks import (
    batches,
    breaker,
    claim,
    crash,
    discord,
    fsyncs,
    history,
    imports,
    latency,
    order,
    outage,
    panel,
    pipeline,
    put,
    rules,
    stall,
    start,
    wear,
)
from benchmarks.measuring import BUILD, FULL, QUICK, Effort, fsync_milliseconds
from benchmarks.table import Row, render

BENCHMARKS: Mapping[str, Callable[[Effort], Iterable[Row]]] = {
    "put": put.rows,
    "claim": claim.rows,
    "batches": batches.rows,
    "history": history.rows,
    "fsyncs": fsyncs.rows,
    "wear": wear.rows,
    "pipeline": pipeline.rows,
    "order": order.rows,
    "latency": latency.rows,
    "discord": discord.rows,
    "stall": stall.rows,
    "start": start.rows,
    "breaker": breaker.rows,
    "rules": rules.rows,
    "crash": crash.rows,
    "outage": outage.rows,
    "imports": imports.rows,
    "panel": panel.rows,
}
DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
PLACE = re.compile(r"(<!-- table -->\n).*(<!-- end of table -->)", re.DOTALL)


def main(arguments: Sequence[str]) -> None:
    """Measure and tell."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.save and (options.rows or options.quick):
        parser.error("--save takes a full run of all rows")
    logging.getLogger("bach_lib").setLevel(logging.CRITICAL)  # outages are part of what is measured
    machine = _machine(quick=options.quick)
    rows = list(_measure(options.rows or BENCHMARKS, QUICK if options.quick else FULL))
    table = f"{machine}\n\n{render(rows)}"
    print(table)
    _write_json(rows, machine)
    if options.save:
        text = DOCUMENT.read_text("utf-8")
        DOCUMENT.write_text(PLACE.sub(lambda place: f"{place[1]}\n{table}\n\n{place[2]}", text), "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/bench", description="What BACH costs, beside what others cost.")
    parser.add_argument("rows", nargs="*", choices=list(BENCHMARKS), metavar="ROW", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="a minute or two, less steady")
    parser.add_argument("--save", action="store_true", help="a full run, and the table into docs/performance.md")
    return parser


def _measure(names: Iterable[str], effort: Effort) -> Iterator[Row]:
    for name in names:
        start = time.monotonic()
        print(f"{name} …", end="", file=sys.stderr, flush=True)
        yield from BENCHMARKS[name](effort)
        print(f" {time.monotonic() - start:.0f} s", file=sys.stderr)


def _machine(*, quick: bool) -> str:
    """What the figures depend on, without anything that tells whose machine it is."""
    return (
        f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, SQLite"
        f" {sqlite3.sqlite_version}; at the start a load of {os.getloadavg()[0]:.1f} and {fsync_milliseconds():.2f} ms"
        f" for an fsync{' (quick run)' if quick else ''}."
    )


def _write_json(rows: Sequence[Row], machine: str) -> None:
    BUILD.mkdir(exist_ok=True)
    report = {"machine": machine, "rows": [asdict(row) | {"met": row.met} for row in rows]}
    (BUILD / "bench.json").write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main(sys.argv[1:])
