"""Where a database lies, and that nobody else has it: the file itself is locked, and `.lock` beside it.

The second lock keeps the name while the file is made, and is the only one where SQLite would stumble over ours.
"""

from pathlib import Path

from bach_lib.errors import StoreInUseError
from bach_lib.storage.lock import LOCKS_ANY_FILE, FileLock
from bach_lib.storage.origin import check_is_whole


class Place:
    """Held from `take` to `leave`; in between the file of this name can still be moved or deleted by others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(path.name + ".lock")
        self._name = FileLock(self._beside)
        self._file = FileLock(path, locks=LOCKS_ANY_FILE)
        self._is_new = False

    def take(self) -> None:
        """Lock the place; the file is made if there is none. Raises a `StorageError` or `OSError`."""
        self._is_new = not self._beside.exists()
        try:
            if not self._name.acquire():
                raise StoreInUseError(path=self._path)
            check_is_whole(self._path)
            if not self._file.acquire():
                raise StoreInUseError(path=self._path)
        except BaseException:
            self.leave(untouched=True)
            raise

    def leave(self, *, untouched: bool = False) -> None:
        """Give it back. `untouched`: nothing of ours stays beside a file that is not ours."""
        self._file.release()
        if untouched and self._is_new:
            self._beside.unlink(missing_ok=True)
        self._name.release()
