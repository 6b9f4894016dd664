"""File locks, so that a second BACH on a database is refused with a sentence.

SQLite would let both in, and both would deliver the same messages. The lock is on the file and not on its name: a
symbolic link leads to the same lock, and whoever removes a lock file opens nothing. The kernel gives the lock back when
a process dies, however it dies.
"""

import os
import sys
from pathlib import Path

LOCKS_ANY_FILE = sys.platform == "linux"
"""Whether our lock and SQLite's own on the same file do not know of each other. Elsewhere only `.lock` is locked."""


_HELD: set[tuple[int, int]] = set()
"""Files that this process has locked: to open and close one of them again would drop SQLite's own locks on it."""


class FileLock:
    """An exclusive lock that lasts until `release` or the end of the process. It makes the file if there is none."""

    def __init__(self, path: Path, *, locks: bool = True) -> None:
        self._path = path
        self._locks = locks
        self._file: int | None = None
        self._taken_by = 0  # a process; who was forked from it has the lock, too, and must not give it back

    def acquire(self) -> bool:
        """Take the lock; False if somebody else has it. Raises `OSError` if the file cannot be made."""
        while True:
            if _identity(self._path) in _HELD:
                return False
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                if self._locks and not _lock(file):
                    return False
                if self._is_at_path(file):
                    _HELD.add(_key(os.fstat(file)))
                    self._file, self._taken_by, file = file, os.getpid(), -1
                    return True
            finally:
                if file >= 0:
                    os.close(file)

    @property
    def is_in_place(self) -> bool:
        """Whether the locked file is still the one of that name."""
        return self._file is not None and self._is_at_path(self._file)

    @property
    def is_deleted(self) -> bool:
        """Whether the locked file has no name at all any more."""
        return self._file is not None and os.fstat(self._file).st_nlink == 0

    @property
    def found_at(self) -> Path | None:
        """Where the locked file lies by now, where the system tells."""
        try:
            found = Path(f"/proc/self/fd/{self._file}").readlink()
        except OSError:
            return None
        return found if self._file is not None and _key(os.fstat(self._file)) == _identity(found) else None

    def stat(self) -> os.stat_result:
        """What the system says of the locked file. Raises an `OSError`."""
        if self._file is None:
            raise FileNotFoundError(self._path)
        return os.fstat(self._file)

    def read(self, size: int, start: int) -> bytes:
        """A part of the locked file, through the descriptor that is open anyway. Raises an `OSError`."""
        if self._file is None:
            return b""
        os.lseek(self._file, start, os.SEEK_SET)
        return os.read(self._file, size)

    def release(self) -> None:
        """Give the lock back, also for those who were forked meanwhile, whose copy would keep it.

        To be called when SQLite has closed the file: closing it here drops SQLite's locks, too.
        """
        if self._file is not None:
            _HELD.discard(_key(os.fstat(self._file)))
            if self._locks and self._taken_by == os.getpid():
                _unlock(self._file)
            os.close(self._file)
            self._file = None

    def _is_at_path(self, file: int) -> bool:
        return _key(os.fstat(file)) == _identity(self._path)


def _key(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        return _key(path.stat())
    except OSError:
        return None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: int) -> None:
        """Nobody is ever forked here; closing does it."""
        del file
else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
