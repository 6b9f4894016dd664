"""Logging of the daemon: on stderr, and in a file beside the database, so that it can be read when it is gone.

The file is small and bounded, and goes when the daemon ends and nothing in it needs anybody's attention. Whatever
repeats itself is told a few times and then counted: a fault that comes a thousand times a second must not fill a disk.
"""

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO, override

from bach_lib.cli.exits import note
from bach_lib.cli.log_lines import JsonLine, Line

_MOST = 500_000
"""Bytes of a file; there are two."""
_OFTEN = 5
_WINDOW = 60.0
"""Seconds in which something is told so many times."""
_KINDS = 200
"""Different things that are counted; more are all told."""


def tail(path: Path, lines: int) -> list[str]:
    """The last lines, oldest first; none if there is no file. Raises OSError."""
    found: deque[str] = deque(maxlen=lines)
    for one in (path.with_name(f"{path.name}.1"), path):
        with suppress(FileNotFoundError), one.open(encoding="utf-8", errors="replace") as file:
            found.extend(line.rstrip("\n") for line in islice(file, _MOST))
    return list(found)


@contextmanager
def telling(*, is_json: bool = False) -> Iterator[None]:
    """Let everything that is logged go to stderr, for people or as lines of JSON."""
    logging.raiseExceptions = False  # a log that cannot be written must not be what fails
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # what is no HTTP is refused; it needs no traceback
    if sys.stderr is None:
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine() if is_json else Line("%(levelname)s %(name)s: %(message)s"))
    with _attached(handler):
        yield


@contextmanager
def noting() -> Iterator[None]:
    """For a command that is no daemon: let warnings be sentences on stderr, without anything that acts there.

    Python itself would write them as they are, and tracebacks below them.
    """
    usual, handler = logging.lastResort, _Noted(logging.WARNING)
    handler.addFilter(RepeatFilter())
    logging.lastResort = handler
    try:
        yield
    finally:
        logging.lastResort = usual


class _Noted(logging.Handler):
    """Log handler without a terminal of its own."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        note(" ".join(record.getMessage().split()))


@contextmanager
def keeping(path: Path) -> Iterator[None]:
    """Let everything that is logged go into this file as well. Only with the database's lock held: it is one's own."""
    kept = _Kept(path)
    try:
        handler = _file(path, kept)
    except OSError:  # the disk is full, or not ours: stderr has it all
        yield
        return
    try:
        with _attached(handler):
            yield
    except BaseException:  # raised again: whatever ended it, the file is what tells of it
        kept.is_worth_it = True
        raise
    finally:
        kept.tidy_up()


@contextmanager
def _attached(handler: logging.Handler) -> Iterator[None]:
    handler.addFilter(RepeatFilter())
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


class RepeatFilter(logging.Filter):
    """Rate limit of log lines: the same thing gets through a few times a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool | logging.LogRecord:
        key, now = (record.name, record.levelno, str(record.msg)[:_KINDS]), self._clock()
        since, count = self._seen.get(key, (now, 0))
        if now - since >= _WINDOW:
            left_out, since, count = count - _OFTEN, now, 0
            if left_out > 0:
                record = logging.makeLogRecord(record.__dict__ | {"msg": _again(record, left_out), "args": None})
        if key not in self._seen and len(self._seen) >= _KINDS:
            self._seen = {one: seen for one, seen in self._seen.items() if now - seen[0] < _WINDOW}
        if key in self._seen or len(self._seen) < _KINDS:
            self._seen[key] = since, count + 1
        return record if count < _OFTEN else False


class _Kept:
    """Record of whether the log file is worth keeping when the daemon has ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_worth_it = False

    def tidy_up(self) -> None:
        if not self.is_worth_it:
            for one in (self._path, self._path.with_name(f"{self._path.name}.1")):
                with suppress(OSError):
                    one.unlink(missing_ok=True)


class _File(RotatingFileHandler):
    """Log file that only its owner can read: there are names and numbers of people in it."""

    def __init__(self, path: Path, kept: _Kept) -> None:
        self._kept = kept
        super().__init__(path, maxBytes=_MOST, backupCount=1, encoding="utf-8", errors="backslashreplace")

    @override
    def _open(self) -> TextIO:  # type: ignore[override] # what it opens is a text
        return open(self.baseFilename, "a", encoding="utf-8", errors="backslashreplace", opener=_own)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self._kept.is_worth_it |= record.levelno >= logging.WARNING
        super().emit(record)


def _file(path: Path, kept: _Kept) -> logging.Handler:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = _File(path, kept)
    handler.setFormatter(Line("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


def _own(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _again(record: logging.LogRecord, times: int) -> str:
    return f"{record.getMessage()} (and {times} times more in the meantime)"
