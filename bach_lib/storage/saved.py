"""Rescue copy of a database whose file is lost while it is open, and how it comes back.

The open file still has everything when its name is gone. The copy lies where somebody looks for the file: beside it, or
as near as can be. It says of itself whose copy it is, so that the next start knows it again and does not begin empty.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path

from bach_lib.errors import BachError, BackupExistsError, StoreFailedError
from bach_lib.said import Sentence
from bach_lib.storage.backup_file import explained, give_name, tidied
from bach_lib.storage.origin import has_log
from bach_lib.storage.schema import load_queries
from bach_lib.storage.sqlite import Connection, ask_copy, change_meta

_SAVED = "saved"
"""Key in the copy: the path of the database it was saved from. Also how its name ends."""
_MOST = 20
"""Copies of one name in one folder."""


@dataclass(slots=True)
class Saved:
    """A rescue copy that this process has saved. `key`: of the file itself, since anybody may put another one there.

    `names`: of the database.
    """

    path: Path
    key: tuple[int, int]
    names: Sequence[Path]

    def renew(self, connection: Connection) -> None:
        """Write it again, if it is still there. Raises a `StorageError` or `OSError`."""
        if self._is_there():
            new = _save_in(self.path.parent, connection, self.names, is_doubtful=False)
            new.path.replace(self.path)
            self.key = new.key

    def remove(self) -> None:
        """Nobody needs it any more."""
        with suppress(OSError):
            if self._is_there():
                self.path.unlink()

    def _is_there(self) -> bool:
        return self.path.exists() and _key(self.path) == self.key


def save(connection: Connection, names: Sequence[Path], found: Path | None, *, is_doubtful: bool) -> Saved:
    """Write all that the open database holds into a new file.

    `names`: of the database, its own first. `found`: where it lies by now. `is_doubtful`: somebody wrote into it, so
    look whether the copy is sound; it will not be put in its place without being asked. Raises a `StorageError`.
    """
    path = names[0]
    failed = StoreFailedError(
        path=path, reason=Sentence("there_is_no_folder_for_a_copy", "there is no folder for a copy")
    )
    for folder in _folders(path, found):
        try:
            return _save_in(folder, connection, names, is_doubtful=is_doubtful)
        except StoreFailedError as error:
            failed = error
        except (OSError, BachError) as error:
            failed = StoreFailedError(path=folder, reason=getattr(error, "strerror", None) or error)
    raise failed


def saved_copies(names: Sequence[Path]) -> list[Path]:
    """The copies of a database of these names that lie beside it or above, the newest first."""
    copies = {copy for name in names for folder in name.parents for copy in _named(folder, names[0].name)}
    found = [copy for copy in copies if {*map(str, names)} & _saved_of(copy)]
    return sorted(found, key=lambda copy: -copy.stat().st_mtime)


def bring_back(names: Sequence[Path]) -> Path | None:
    """Put the saved copy in the place of a database that is not there; where it was. Raises an `OSError`."""
    path = names[0]
    try:
        if path.stat().st_size:
            return None
    except FileNotFoundError:
        pass
    copy = next(iter(saved_copies(names)), None)
    if copy:
        put_back(copy, path)
    return copy


def put_back(copy: Path, path: Path) -> None:
    """Put a saved copy in the place of the database, and what lies there aside. Raises an `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = free_name(path.with_name(f"{path.name}.before"))
    for suffix in ("", "-wal", "-shm"):  # a log of before would be written over the copy
        there = Path(f"{path}{suffix}")
        if suffix == "-wal" and not has_log(path):
            there.unlink(missing_ok=True)
        elif there.exists():
            there.rename(f"{kept}{suffix}")
    change_meta(copy, _SAVED, None)
    if not path.with_name(f"{path.name}.mark").exists():
        change_meta(copy, "token", None)  # nothing was sent since, so nothing needs to be held
    try:
        copy.rename(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(copy, path)
        path.chmod(0o600)
        copy.unlink()


def _folders(path: Path, found: Path | None) -> Iterator[Path]:
    """Where a copy may go, best first: where the file was, above that, where it is now, and what is always there."""
    there = [*path.parents][:-1]  # not the root of everything
    if found:
        there.append(found.parent)
    with suppress(RuntimeError):
        there.append(Path.home())
    there.append(Path(tempfile.gettempdir()))
    return (folder for folder in there if folder.is_dir())


def _save_in(folder: Path, connection: Connection, names: Sequence[Path], *, is_doubtful: bool) -> Saved:
    path = names[0]
    unfinished = folder / f".{path.name}.{os.urandom(4).hex()}.part"
    with tidied(unfinished):
        with explained(folder):
            os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection.copy_to(unfinished)
            change_meta(unfinished, _SAVED, None if is_doubtful else "\n".join(map(str, names)))
        if is_doubtful and ask_copy(unfinished, "PRAGMA integrity_check(1)") != [("ok",)]:
            raise StoreFailedError(
                path=path,
                reason=Sentence(
                    "what_was_written_over_it_is_in_the_middle", "what was written over it is in the middle of it"
                ),
            )
        with unfinished.open("rb+") as file:
            os.fsync(file)
        for name in map(Path, _names(folder / f"{path.name}.{_SAVED}")):
            with suppress(BackupExistsError):
                give_name(unfinished, name)
                return Saved(name, _key(name), names)
        raise StoreFailedError(
            path=folder,
            reason=Sentence(
                "there_are_number_saved_copies_already", "there are {number} saved copies already", number=_MOST
            ),
        )


def _saved_of(copy: Path) -> set[str]:
    """The names of the database that this is a copy of."""
    known = ask_copy(copy, load_queries()["all_meta"])
    return {name for key, value in known if key == _SAVED for name in str(value).split("\n")}


def _named(folder: Path, name: str) -> Iterable[Path]:
    return map(Path, filter(isfile, _names(folder / f"{name}.{_SAVED}")))


def _names(first: Path) -> Iterator[str]:
    """Not as paths: to make those of the many that nobody has took more time than all the rest of an opening."""
    yield str(first)
    for number in range(2, _MOST + 1):
        yield f"{first}-{number}"


def _key(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def free_name(first: Path) -> Path:
    """The first name like this that neither a database nor its log has."""
    free = (name for name in _names(first) if not os.path.lexists(name) and not os.path.lexists(f"{name}-wal"))
    return Path(next(free))
