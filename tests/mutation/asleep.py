"""Notices that a test waits for what will never come: nothing in its processes runs, so nothing will wake it.

Its time would end that as well, but that has to be long, as a busy machine lets it wait; and this is not misled by one:
what is ready to run, and only gets no turn, is not asleep.
"""

import os
import select
import sys
from pathlib import Path

_LOOK = 0.5
"""Seconds from one look to the next."""


def falls_asleep(group: int, seconds: float) -> bool:
    """Wait for the end of a process that leads a group; whether all of that group did nothing for so long before."""
    if sys.platform != "linux":
        return False
    end = os.pidfd_open(group)
    try:
        looks, before = 0, None
        while not select.select([end], [], [], _LOOK)[0]:
            now = _ticks(group)
            looks = looks + 1 if now is not None and now == before else 0
            before = now
            if looks * _LOOK >= seconds:
                return True
        return False
    finally:
        os.close(end)


def _ticks(group: int) -> int | None:
    """What its processes have used of the processor; None while one of their threads runs, or waits for the disk."""
    used = 0
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and (fields := _fields(process)) and int(fields[2]) == group:
            used += int(fields[11]) + int(fields[12])
            if any((one := _fields(thread)) and one[0] in "RD" for thread in process.glob("task/*")):
                return None
    return used


def _fields(of: Path) -> list[str] | None:
    """What the system tells of a process or thread, after its name; None if it has ended."""
    try:
        return (of / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
