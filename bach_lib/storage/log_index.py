"""Length of the write-ahead log, read from SQLite's index (`-shm`, "WAL-Index Header" of its file format)."""

import os
import struct
import sys
from contextlib import suppress

_SMALL = 1000
"""Pages of 4 KiB: below this, moving the log is not worth its writes."""
LARGE = 8000
"""Pages: above this, the log is moved in the middle of traffic; it may not fill the disk."""
_HEADER = 132
LOG_HEADER = 32
"""Bytes of the log itself; without a valid one SQLite takes it for empty."""

if sys.platform == "win32":

    def _beginning(file: int) -> bytes:
        os.lseek(file, 0, os.SEEK_SET)
        return os.read(file, _HEADER)
else:

    def _beginning(file: int) -> bytes:
        return os.pread(file, _HEADER, 0)


def _pages(header: bytes) -> tuple[int, int]:
    if len(header) < _HEADER:
        return 0, 0
    (written,) = struct.unpack_from("=I", header, 16)
    (moved,) = struct.unpack_from("=I", header, 96)
    return int(written), int(moved)


class LogIndex:
    """The index of one open database's log. To be closed after the database: closing drops SQLite's own locks on it."""

    def __init__(self, path: str) -> None:
        self._file: int | None = None
        self._last = b""
        self._bearable = 2 * LARGE
        with suppress(OSError):
            self._file = os.open(f"{path}-shm", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def wants_quiet(self) -> bool:
        """Whether the log should be moved as soon as nobody writes."""
        written, moved = self._read()
        return written - moved > _SMALL

    def was_long(self) -> bool:
        """Whether it could be crowded or overlong when it was looked at last, as the guard does after each commit."""
        written, _ = _pages(self._last)
        if written <= 2 * LARGE:
            self._bearable = 2 * LARGE
        return written > LARGE

    @property
    def is_crowded(self) -> bool:
        """Whether the log should be moved now."""
        written, moved = self._read()
        return written - moved > LARGE

    @property
    def length(self) -> int:
        """Pages in the log since it began anew."""
        return self._read()[0]

    def is_overlong(self) -> bool:
        """Whether lookups have kept the log from beginning anew for too long; asked again, only if it grew since."""
        (written, _), most = self._read(), 2 * LARGE
        self._bearable = most if written <= most else self._bearable
        is_too_much = written > self._bearable
        if is_too_much:
            self._bearable = written + LARGE
        return is_too_much

    @property
    def moves(self) -> bytes:
        """What changes before SQLite writes into the file itself, whichever program does it."""
        header = self._header()
        return header[32:40] + header[96:100] + header[128:]

    def _read(self) -> tuple[int, int]:
        """Pages in the log since it began anew, and how many of them are in the file."""
        return _pages(self._header())

    def _header(self) -> bytes:
        self._last = b"" if self._file is None else _beginning(self._file)
        return self._last

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
