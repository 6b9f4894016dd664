"""Rescues a database whose file others moved or deleted while it was open, and decides what becomes of its log."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bach_lib.errors import StorageError
from bach_lib.said import Sentence
from bach_lib.storage.log_index import LOG_HEADER
from bach_lib.storage.place import LockedPath
from bach_lib.storage.saved import Saved, save
from bach_lib.storage.sqlite import Connection

REPLACED = Sentence("was_replaced_by_another_file", "was replaced by another file")
REPLACED_AND_THERE = Sentence("was_replaced_and_is_at", "was replaced by another file ({at} is the old one)")
OVERWRITTEN = Sentence("was_overwritten_by_another_program", "was overwritten by another program")
TORN = Sentence("lost_its_part", "lost its part {part}")
"""What can become of a file, behind its name."""


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
            return Sentence(
                "what_it_held_could_not_be_saved_error_put",
                "What it held could not be saved: {error} Put it back, or stop BACH and restore a backup.",
                error=error,
            )
        self.is_old = False
        copy = self._copy.path
        if is_doubtful:
            return Sentence(
                "what_of_it_could_still_be_read_is_in_copy",
                "What of it could still be read is in {copy}, perhaps not all: stop BACH and restore a backup.",
                copy=copy,
            )
        if is_torn:
            return Sentence(
                "stop_bach_and_start_it_again_a_copy_of_all",
                "Stop BACH and start it again; a copy of all it held is {copy}.",
                copy=copy,
            )
        return Sentence(
            "all_it_held_is_saved_in_copy_stop_bach_put",
            "All it held is saved in {copy}: stop BACH, put that in its place, and start it again.",
            copy=copy,
        )

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
