"""Detects programs that read the database's files (backup, rsync, tar) by inotify.

Linux tells who watches a file that it was opened and closed (`inotify`), whichever program does it, also in another
container. SQLite's own files stay open, so whatever is told is somebody else. Where it is not told (macOS, Windows, the
server's side of a network drive, an account that has no watcher left) nobody seems to read.
"""

import ctypes
import os
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_OPEN, _CLOSE, _OVERFLOW = 0x20, 0x18, 0x4000
_EVENT = struct.Struct("iIII")
_BUFFER = 65_536
_BETWEEN = 120.0
"""Seconds after a file was closed in which the same reader may come for the next."""
_LONGEST = 1800.0
"""Seconds after which a file that is left open is not being copied."""

_LAST: dict[Path, float] = {}
"""When the files of a database were read last, for who opens it again meanwhile."""


class Readers:
    """Watches the files of one database, whose files must be there. What this process opened before does not count."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._now = now
        self._open: set[int] = set()
        self._last = _LAST.get(path)
        self._file = _watch(path, Path(f"{path}-wal"))

    @property
    def can_be_known(self) -> bool:
        """Whether the system tells."""
        return self._file is not None

    @property
    def are_at_work(self) -> bool:
        """Whether somebody reads, or has just read one file and may go on with another."""
        self._take_in()
        if self._last is None:
            return False
        return self._now() - self._last < (_LONGEST if self._open else _BETWEEN)

    def close(self) -> None:
        """Watch no more."""
        self._take_in()
        if self._last is not None:
            _LAST[self._path] = self._last
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _take_in(self) -> None:
        """Learn what has happened since the last time."""
        with suppress(BlockingIOError):
            while self._file is not None and (told := os.read(self._file, _BUFFER)):
                self._last = self._now()
                start = 0
                while start < len(told):
                    watch, what, _, length = _EVENT.unpack_from(told, start)
                    start += _EVENT.size + length
                    if what & (_CLOSE | _OVERFLOW):
                        self._open.discard(watch)
                    elif what & _OPEN:
                        self._open.add(watch)


def _watch(*paths: Path) -> int | None:
    """A descriptor that tells of these files; None where there is no such thing."""
    if sys.platform != "linux":
        return None
    with suppress(OSError, AttributeError):
        system = ctypes.CDLL(None)
        file = int(system.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if file < 0:
            return None
        if all(system.inotify_add_watch(file, os.fsencode(path), _OPEN | _CLOSE) >= 0 for path in paths):
            return file
        os.close(file)
    return None
