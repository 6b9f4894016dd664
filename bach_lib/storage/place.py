"""Path of a database, and its locks: the file itself is locked, and `.lock` beside it.

The second lock keeps the name while the file is made, and is the only one where SQLite would stumble over ours.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from bach_lib.errors import StoreInUseError
from bach_lib.field_logger import FieldLogger
from bach_lib.storage.foreign_log import set_foreign_log_aside
from bach_lib.storage.lock import LOCKS_ANY_FILE, FileLock
from bach_lib.storage.one_name import check_new_name, check_only_name
from bach_lib.storage.origin import check_is_whole
from bach_lib.storage.saved import bring_back

_LOGGER = FieldLogger(__name__)


class LockedPath:
    """A database's path with its two file locks, held from `take` to `leave`; others can still move or delete the file.

    `names`: its own path, and the one that was asked for.
    """

    def __init__(self, names: Sequence[Path]) -> None:
        self._names = names
        self._path = path = names[0]
        self._beside = path.with_name(path.name + ".lock")
        self._name = FileLock(self._beside)
        self._file = FileLock(path, locks=LOCKS_ANY_FILE)
        self._is_new = False
        self.alone: str = ""
        """Who the database is without its log, as its mark writes it; "" if it has no log."""

    def take(self) -> None:
        """Lock the place; the file is made if there is none. Raises a `BachError` or `OSError`."""
        self._is_new = not self._beside.exists()
        try:
            check_new_name(self._path)
            if not self._name.acquire():
                raise StoreInUseError(path=self._path)
            if copy := bring_back(self._names):
                _LOGGER.warning("%s was not there. Its saved copy %s is in its place now", self._path, copy)
            check_is_whole(self._path)
            if not self._file.acquire():
                raise StoreInUseError(path=self._path)
            check_only_name(self._path, self._file.stat())
            self.alone = set_foreign_log_aside(self._path)
        except BaseException:
            self.leave(untouched=True)
            raise

    @property
    def is_deleted(self) -> bool:
        """Whether the file has no name at all any more."""
        return self._file.is_deleted

    @property
    def found_at(self) -> Path | None:
        """Where the file lies by now, where the system tells."""
        return self._file.found_at

    def stat(self) -> os.stat_result:
        """What the system says of the open file, whatever its name leads to by now. Raises an `OSError`."""
        return self._file.stat()

    def read(self, size: int, start: int) -> bytes:
        """A part of the file as it lies there. Raises an `OSError`."""
        return self._file.read(size, start)

    def leave(self, *, untouched: bool = False) -> None:
        """Give it back. `untouched`: nothing of ours stays beside a file that is not ours."""
        self._file.release()
        if untouched and self._is_new:
            self._beside.unlink(missing_ok=True)
        self._name.release()
