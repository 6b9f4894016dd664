"""fsyncs a message, counted by strace: a count does not depend on how busy the machine is.

A process of its own works under strace, once with messages and once without; what opening and closing the file costs
is the same in both and is subtracted. `python -m benchmarks.fsyncs JOB CALLERS MESSAGES` is that process.
"""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import closing
from functools import cache

from bach_lib import Status, SystemClock
from bach_lib.outbound.queue import Queue
from bach_lib.storage import Database
from benchmarks.claim import work_off
from benchmarks.floor import DRAFT, fill, open_raw
from benchmarks.measuring import Effort, counted, opened, scratch
from benchmarks.table import Aim, Row

COUNTED = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*\b(?:fsync|fdatasync)$", re.MULTILINE)
CASES = (
    ("put", 1, 300, 1.05),
    ("put", 10, 1000, 0.12),
    ("put", 100, 3000, 0.03),
    ("claim + acknowledge", 1, 300, 1.1),
    ("claim + acknowledge", 100, 3000, 0.03),
)
"""What, by how many callers, how many messages, and the aim."""


def rows(effort: Effort) -> Iterator[Row]:
    """Each case; the aims are counts a message."""
    for job, callers, most, limit in CASES:
        messages = effort.of(most // callers) * callers
        name, aim = f"fsyncs a message, {job}, {counted(callers, 'caller')}", Aim(limit=limit)
        try:
            count = _count(job, callers, messages) - _count(job, 1, 0)
        except NotMeasuredError as error:
            yield Row(name=name, unit="", ours=None, aim=aim, note=f"not measured: {error}")
        else:
            yield Row(name=name, unit="", ours=count / messages, other="one commit each", theirs=_alone(job), aim=aim)


class NotMeasuredError(Exception):
    """strace cannot do its work here."""


def _alone(job: str) -> float:
    """Commits a message of somebody who works alone."""
    return 1.0 if job == "put" else 2.0


@cache
def _count(job: str, callers: int, messages: int) -> int:
    """How often the process called fsync or fdatasync."""
    strace = shutil.which("strace")
    if strace is None:
        raise NotMeasuredError("strace missing")
    command = [strace, "-f", "--seccomp-bpf", "-c", "-e", "trace=fsync,fdatasync"]  # only these stop the process
    work = [sys.executable, "-m", "benchmarks.fsyncs", job, str(callers), str(messages)]
    done = subprocess.run([*command, *work], capture_output=True, text=True, check=False)
    if done.returncode and "strace:" in done.stderr:
        raise NotMeasuredError("strace cannot trace here")
    done.check_returncode()
    return sum(map(int, COUNTED.findall(done.stderr)))


async def _put(callers: int, messages: int) -> None:
    with scratch() as folder:
        async with opened(Database(folder / "bach.db")) as store:
            queue = Queue(store, SystemClock(), "bench")

            async def caller() -> None:
                for _ in range(messages // callers):
                    await queue.put(DRAFT, leased=False)

            await asyncio.gather(*(caller() for _ in range(callers)))


async def _claim(callers: int, messages: int) -> None:
    with scratch() as folder:
        with closing(open_raw(folder / "bach.db")) as sqlite:
            fill(sqlite, messages, Status.PENDING)
        async with opened(Database(folder / "bach.db")) as store:
            await work_off(Queue(store, SystemClock(), "bench"), range(1, messages + 1), callers, seconds=600)


JOBS: Mapping[str, Callable[[int, int], Coroutine[object, object, None]]] = {
    "put": _put,
    "claim + acknowledge": _claim,
}


if __name__ == "__main__":
    asyncio.run(JOBS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3])))
