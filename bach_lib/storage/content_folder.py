"""The folder beside a database file that holds what is in files, each content once and under its hash.

A video of 50 MB has no place in a log that is written twice. A content is whole before it has its name, and on the disk
(file and folder) before a row names it. It is taken away after the commit that took away its row, by the same thread; a
writer holds what it is about to name. So what a crash leaves at worst is a file that no row names, and `sweep` ends it.
"""

import errno
import os
import re
import shutil
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from hashlib import file_digest, sha256
from pathlib import Path

from bach_lib.field_logger import FieldLogger

_LOGGER = FieldLogger(__name__)
_SUFFIX = "-files"
_SPARE = 50_000_000
"""Bytes of the disk that no file takes: alarms have to be written down, too."""
_OURS = re.compile(r"\.?([0-9a-f]{64})(?:\.[0-9a-f]{8}\.part)?")
"""Names of what is in it; nothing else is touched."""


def folder_of(path: Path) -> Path:
    """Where the contents of a database lie."""
    return path.with_name(path.name + _SUFFIX)


class ContentFolder:
    """The contents that lie beside one database. Written from any thread, emptied from the storage's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._whole: set[str] = set()
        self._kept: set[str] = set()  # held when no row named them any more
        self._copies = 0

    # -- writing, before the commit -----------------------------------------------------------------------------------

    def hold(self, digests: Iterable[str]) -> None:
        """Take none of these away until `let_go`: somebody is about to name them in a row."""
        with self._lock:
            self._held.update([*digests])  # not as a mapping, whose values would be counts

    def let_go(self, digests: Iterable[str]) -> bool:
        """They are named, or will not be. Whether one of them should have gone meanwhile, so that it is to be swept."""
        with self._lock:
            self._held.subtract([*digests])
            self._held += Counter()  # without those that nobody holds
            self._whole &= self._held.keys()
            kept, self._kept = self._kept, self._kept & self._held.keys()
            return kept != self._kept

    def write(self, digest: str, content: bytes) -> None:
        """Have this on the disk under its hash. Raises an `OSError`; then nothing of it has the name."""
        if digest in self._whole:  # another message that is being stored has seen to it
            return
        place = self._place(digest)
        if not _is_whole(place, digest):
            _check_room(self._path.parent, len(content))
            for folder in (self._path, place.parent):
                if not folder.is_dir():
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    _sync(folder.parent)
            # while somebody copies the folder, no name may vanish that was there: it is written where it stays
            unfinished = place.with_name(f".{digest}.{os.urandom(4).hex()}.part") if self._copies == 0 else place
            try:
                _write(unfinished, content)
                if unfinished != place:
                    unfinished.replace(place)
            except BaseException:  # raised again: a full disk, and a half would lie there under its name
                with suppress(OSError):
                    unfinished.unlink()
                raise
        _sync(place)
        _sync(place.parent)
        with self._lock:
            self._whole |= {digest} & self._held.keys()

    # -- reading ------------------------------------------------------------------------------------------------------

    def read(self, digest: str) -> bytes | None:
        """What lies under this hash; None if nothing does, or something else."""
        if not _OURS.fullmatch(digest):
            return None
        try:
            content = self._place(digest).read_bytes()
        except OSError:
            return None
        if sha256(content).hexdigest() == digest:
            return content
        _LOGGER.warning("A file is damaged on the disk: %s", self._place(digest))
        return None

    # -- taking away, after the commit --------------------------------------------------------------------------------

    def remove(self, digests: Iterable[str]) -> None:
        """No row names these any more. Never raises: what stays is swept another time."""
        with self._lock:
            for digest in digests:
                if self._held[digest]:
                    self._kept.add(digest)
                elif not self._copies and _OURS.fullmatch(digest):
                    with suppress(OSError):
                        self._place(digest).unlink()

    def sweep(self, named: Collection[str]) -> None:
        """Take away what neither a row names nor anybody holds. Never raises."""
        with self._lock:
            for file, digest in self._all() if not self._copies else ():
                if digest not in self._held and (digest not in named or file.name != digest):
                    with suppress(OSError):
                        file.unlink()

    def begin_copying(self) -> None:
        """From now on nothing is taken away: somebody copies what is there."""
        with self._lock:
            self._copies += 1

    def end_copying(self) -> None:
        """The copy is made. What should have gone meanwhile is to be swept."""
        with self._lock:
            self._copies -= 1

    def _all(self) -> Iterator[tuple[Path, str]]:
        with suppress(OSError):
            for folder in list(self._path.iterdir()):
                with suppress(OSError):
                    for file in list(folder.iterdir()):
                        if found := _OURS.fullmatch(file.name):
                            yield file, found[1]

    def _place(self, digest: str) -> Path:
        return self._path / digest[:2] / digest


def _is_whole(place: Path, digest: str) -> bool:
    try:
        with place.open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return False


def _check_room(folder: Path, size: int) -> None:
    """Leave some room for the words. Raises an `OSError`."""
    if shutil.disk_usage(folder).free - size < _SPARE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk. Not every system takes that of a folder."""
    with suppress(OSError):
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
