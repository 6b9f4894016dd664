"""Rescues a database whose file others moved or deleted while it was open, and decides what becomes of its log."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bach_lib.errors import StorageError
from bach_lib.storage.place import LockedPath
from bach_lib.storage.saved import Saved, save
from bach_lib.storage.sqlite import LOG_HEADER, Connection


class Rescue:
    """The copy of what the open file holds, if one was needed. `names`: of the database; `log`: where that lies.

    `is_old`: something came to an end since the copy was made.
    """

    def __init__(self, connection: Connection, names: Sequence[Path], log: Path) -> None:
        self._connection = connection
        self._names = names
        self._log = log
        self._copy: Saved | None = None
        self.is_old: bool = False

    def save(self, place: LockedPath, *, is_torn: bool, is_doubtful: bool) -> str:
        """Save a copy; what somebody has to do now.

        `place`: of the file. `is_torn`: its log is lost. `is_doubtful`: somebody wrote into it.
        """
        if self._copy:  # the file was in its place again meanwhile, so that copy is of no use
            self._copy.remove()
            self._copy = None
        if is_torn:
            self._connection.checkpoint()
        try:
            self._copy = save(self._connection, self._names, place.found_at, is_doubtful=is_doubtful)
        except (StorageError, OSError) as error:
            return f"What it held could not be saved: {error} Put it back, or stop BACH and restore a backup."
        self.is_old = False
        copy = self._copy.path
        if is_doubtful:
            return f"What of it could still be read is in {copy}, perhaps not all: stop BACH and restore a backup."
        if is_torn:
            return f"Stop BACH and start it again; a copy of all it held is {copy}."
        return f"All it held is saved in {copy}: stop BACH, put that in its place, and start it again."

    def renew(self) -> None:
        """Let the copy have what came to an end since it was made."""
        if self._copy and self.is_old:
            self.is_old = False
            with suppress(StorageError, OSError):
                self._copy.renew(self._connection)

    def spend_log(self) -> None:
        """What lies at the place now is not ours, and would be spoilt by our log, all of which is in the copy."""
        if self._copy:
            with suppress(OSError), self._log.open("rb+") as file:
                file.write(bytes(LOG_HEADER))

    def set_log_aside(self, path: Path) -> None:
        """The same, but our log is all that is left for sure. Beside an empty file it is noticed."""
        with suppress(OSError):
            if path.stat().st_size:
                self._log.rename(f"{path}.before-wal")
