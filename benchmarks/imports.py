"""What importing BACH costs a program that already has Home Assistant's core, aiohttp and SQLite in memory.

The core is what every start of Home Assistant loads before any integration (`homeassistant.bootstrap`).

Each time in a fresh process, so that nothing is warm but the file cache, and what Python has compiled once and keeps
beside the source (which it does for everybody whose environment does not forbid it). Only what the user's connections
need may be loaded: `bach_lib` itself must bring no platform's library with it. A connector's rows are for its users.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from statistics import median

import orjson

from benchmarks.measuring import Effort
from benchmarks.table import Aim, Row

PROGRAM = """
import aiohttp.web, homeassistant.bootstrap, orjson, sqlite3, sys, time
def resident():
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4 / 1024
    except OSError:
        return 0.0
memory, start = resident(), time.perf_counter()
import {module}
print([(time.perf_counter() - start) * 1000, resident() - memory, len({platforms} & set(sys.modules))])
"""
MODULES = {
    "bach_lib": "bach_lib",
    "the Telegram connector": "bach_lib.connectors.telegram",
    "the Discord connector": "bach_lib.connectors.discord",
}
AIMS = {"the Telegram connector": Aim(limit=15)}
"""MiB."""
PLATFORMS = {"discord", "telegram", "httpx", "typer"}


def rows(effort: Effort) -> Iterator[Row]:
    """Milliseconds and memory for each, and what must not be loaded."""
    for name, module in MODULES.items():
        _import(module)  # a file that was changed or moved is compiled at its first import
        found = [_import(module) for _ in range(effort.rounds)]
        milliseconds, memory, platforms = (median(column) for column in zip(*found, strict=True))
        yield Row(name=f"import {name}, over Home Assistant's core", unit="ms", ours=milliseconds)
        if memory:
            yield Row(name=f"import {name}, over Home Assistant's core", unit="MiB", ours=memory, aim=AIMS.get(name))
        if module == "bach_lib":
            yield Row(name="platforms' libraries loaded by bach_lib", unit="", ours=platforms, aim=Aim(limit=0))


def _import(module: str) -> list[float]:
    program = PROGRAM.format(module=module, platforms=PLATFORMS)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment)
    figures: list[float] = orjson.loads(done.stdout)
    return figures
