"""What importing BACH costs a program that already has Home Assistant's core, aiohttp and SQLite in memory.

The core is what every start of Home Assistant loads before any integration (`homeassistant.bootstrap`).

Each time in a fresh process, so that nothing is warm but the file cache, and what Python has compiled once and keeps
beside the source (which it does for everybody whose environment does not forbid it). Only what the user's connections
need may be loaded: `bach_lib` itself must bring no platform's library with it. A connector's rows are for its users.

It is measured among the packages that Home Assistant and the platforms' libraries ask for, and no others. httpx loads
`rich`, `pygments` and `click` for a command of its own where it finds them: our tests bring them, Home Assistant does
not, and they are a quarter of what the Telegram connector would seem to cost.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

import orjson
from packaging.requirements import Requirement

from bach_lib.connectors.requirements import NEEDED
from benchmarks.measuring import Effort, scratch
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


_ROOT = Path(__file__).parents[1]


def rows(effort: Effort) -> Iterator[Row]:
    """Milliseconds and memory for each, and what must not be loaded."""
    with scratch() as folder:
        _link(folder)
        for name, module in MODULES.items():
            _import(folder, module)  # a file that was changed or moved is compiled at its first import
            found = [_import(folder, module) for _ in range(effort.rounds)]
            milliseconds, memory, platforms = (median(column) for column in zip(*found, strict=True))
            yield Row(name=f"import {name}, over Home Assistant's core", unit="ms", ours=milliseconds)
            if memory:
                aim = AIMS.get(name)
                yield Row(name=f"import {name}, over Home Assistant's core", unit="MiB", ours=memory, aim=aim)
            if module == "bach_lib":
                yield Row(name="platforms' libraries loaded by bach_lib", unit="", ours=platforms, aim=Aim(limit=0))


def _import(folder: Path, module: str) -> list[float]:
    program = PROGRAM.format(module=module, platforms=PLATFORMS)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = f"{folder}{os.pathsep}{_ROOT}"
    command = [sys.executable, "-S", "-c", program]  # without the environment's own packages
    done = subprocess.run(command, capture_output=True, check=True, env=environment)
    figures: list[float] = orjson.loads(done.stdout)
    return figures


def _link(folder: Path) -> None:
    """Let a folder have the packages that a user has, and none that only we have."""
    for package in _needed("homeassistant", *(library.name for library in NEEDED.values())):
        for name in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
            if not (folder / name).exists():
                (folder / name).symlink_to(str(package.locate_file(name)))


def _needed(*names: str) -> Iterator[Distribution]:
    """What is installed of these, and of all that they ask for."""
    asked: list[tuple[str, str]] = [(name, "") for name in names]
    for name, extra in asked:  # which grows meanwhile
        try:
            package = distribution(name)
        except PackageNotFoundError:  # asked for on other systems
            continue
        yield package
        for requirement in map(Requirement, package.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                wanted = [(requirement.name, one) for one in ("", *requirement.extras)]
                asked += [one for one in wanted if one not in asked]
