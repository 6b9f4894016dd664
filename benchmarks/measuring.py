"""How everything is measured: both sides in turns, for the same time, in a fresh folder on a real disk.

A busy machine disturbs one side of a turn as often as the other, so the median of the ratios of all turns is steady
where absolute figures are not.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Self

from bach_lib.storage import Store, readers
from bach_lib.storage.log_index import LARGE
from benchmarks.table import Aim, Row

_SQLITES = 1000
"""Pages of the log after which SQLite moves it into the file, unless it is told otherwise."""
_FILLER = 20
"""Pages that are written at a time to let the log grow; few, since they stay in the file."""
_AT_REST = 0.15
"""Seconds after which BACH's store believes that the folder's time tells of the next change (`storage/folder.py`)."""

BUILD = Path(__file__).parents[1] / "build"

type Side = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How thoroughly to measure.

    Turns, seconds a side and turn, samples of single events, finished rows in a big table. `share`: of the sizes that
    a row's name tells; below 1 to see that a row can be measured, which says nothing of speed.
    """

    rounds: int
    seconds: float
    samples: int
    finished: int
    share: float = 1.0

    def of(self, number: int) -> int:
        """The share of a row's own size."""
        return max(1, round(number * self.share))


QUICK = Effort(rounds=3, seconds=0.08, samples=100, finished=100_000)
FULL = Effort(rounds=15, seconds=0.25, samples=1000, finished=1_000_000)


class Figures:
    """What each side reached in each turn."""

    def __init__(self, turns: Mapping[str, list[float]]) -> None:
        self._turns = turns

    def __getitem__(self, side: str) -> float:
        return median(self._turns[side])

    def less(self, floor: str) -> Self:
        """What the other sides reached above one of them, in the same turn."""
        return type(self)(
            {
                name: [value - least for value, least in zip(values, self._turns[floor], strict=True)]
                for name, values in self._turns.items()
                if name != floor
            }
        )

    def row(self, name: str, unit: str, side: str, other: str, aim: Aim | None = None) -> Row:
        """Compare two sides; the ratio is the median of the ratios of all turns."""
        if other not in self._turns:
            return Row(name=name, unit=unit, ours=self[side], other=f"{other} (not installed)", aim=aim)
        ratio = median(one / two for one, two in zip(self._turns[side], self._turns[other], strict=True))
        return Row(name=name, unit=unit, ours=self[side], other=other, theirs=self[other], ratio=ratio, aim=aim)


def take_turns(sides: Mapping[str, Side], rounds: int) -> Figures:
    """Run every side once a round; who begins changes, since the second one may find the machine warm."""
    turns: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for _ in range(rounds):
        for name in order:
            turns[name].append(sides[name]())
        order.append(order.pop(0))
    return Figures(turns)


def in_loop[*Args](measure: Callable[[*Args], Coroutine[object, object, float]], *args: *Args) -> Side:
    """A side that measures inside an event loop of its own."""
    return lambda: asyncio.run(measure(*args))


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that goes afterwards. Not in /tmp, which is often in memory, where fsync costs nothing."""
    BUILD.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=BUILD) as folder:
        yield Path(folder)


async def rate_of_callers(step: Callable[[], Awaitable[object]], callers: int, seconds: float) -> float:
    """How often a second `step` is done when so many callers do it again and again, each waiting for its own.

    Each does it at least once.
    """
    done = 0
    start = time.perf_counter()
    end = start + seconds

    async def caller() -> None:
        nonlocal done
        await step()
        done += 1
        while time.perf_counter() < end:
            await step()
            done += 1

    await asyncio.gather(*(caller() for _ in range(callers)))
    return done / (time.perf_counter() - start)


def fsync_milliseconds() -> float:
    """How long this disk takes to have a page for good; the median of some tries."""
    times = []
    with scratch() as folder, (folder / "page").open("wb", buffering=0) as file:
        for _ in range(51):
            file.seek(0)
            file.write(b"x" * 4096)
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - start) * 1000)
    return median(times)


def grow_log(folder: Path) -> None:
    """Let the log of the open database in a folder have the size at which it begins anew, and lie on the disk.

    That is how it stands in a program that has run for a while; an fsync of a growing file costs up to twice as much.
    SQLite begins anew after a thousand pages, BACH's store, which looks after that itself, after some thousands.
    """
    [path] = folder.glob("*.db")
    pages = LARGE if path.name == "bach.db" else _SQLITES
    with closing(sqlite3.connect(path, isolation_level=None)) as sqlite:
        sqlite.execute("PRAGMA synchronous = OFF")
        sqlite.execute(f"PRAGMA wal_autocheckpoint = {pages}")
        sqlite.execute("CREATE TABLE filler AS SELECT NULL AS bytes")
        for _ in range(pages // _FILLER):
            sqlite.execute("UPDATE filler SET bytes = randomblob(?)", (_FILLER * 4096,))
        sqlite.execute("DROP TABLE filler")
    with suppress(FileNotFoundError), Path(f"{path}-wal").open("rb+") as log:  # some open their file later
        os.fsync(log.fileno())
    readers._BETWEEN = 0.0  # BACH's store takes us for a backup, for which its log would grow two minutes


async def settle(step: Callable[[], Awaitable[object]]) -> None:
    """Do something once, and let a moment pass in which nothing happens in the folder.

    That is how it stands in a program that has run for a while; only then does BACH's store take the folder's word that
    no file in it has gone.
    """
    await step()
    await asyncio.sleep(_AT_REST)


@asynccontextmanager
async def opened(store: Store) -> AsyncIterator[Store]:
    """A store for as long as the context lasts."""
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def rate(step: Callable[[], object], seconds: float) -> float:
    """How often a second one caller can do `step`; it is done at least once."""
    done = 0
    start = now = time.perf_counter()
    while not done or now < start + seconds:
        step()
        done += 1
        now = time.perf_counter()
    return done / (now - start)


def countdown(count: int) -> tuple[Callable[[], None], asyncio.Event]:
    """A function to be called so many times, and an event that is set then."""
    done = asyncio.Event()
    left = count

    def one() -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    return one, done


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0..1) of all do not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def counted(number: int, noun: str) -> str:
    """`1 caller`, `10 callers`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
