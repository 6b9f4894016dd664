"""Checks that a database has one name: SQLite's log lies beside the name, not beside the file.

Whoever opens the same file by another name does not see what is in the log, and after a crash that is the latest
messages. A symbolic link is followed; a hard link, and a file that is mounted without its folder, look like any other.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

from bach_lib.errors import StoreLinkedError, StoreMountedError, StorePartError

_PARTS = ("-wal", "-shm", "-journal")
"""How SQLite's own files beside a database end. Whatever else has such a name is played back, cut or deleted."""
_OURS = (".lock", ".mark")
"""The same of BACH's."""
_MOUNTS = Path("/proc/self/mountinfo")
_POINT = 4  # its column
_ESCAPED = re.compile(rb"\\([0-7]{3})")


def check_no_part(path: Path) -> None:
    """Raise a `StorePartError` for a name that a part of some database has, or would have."""
    name = path.name.rstrip(" .").casefold()  # Windows leaves those out, and not only there are letters alike
    for ending in (*_PARTS, *_OURS):
        if name.endswith(ending) and name != ending:
            raise StorePartError(path=path, ending=ending)


def check_new_name(path: Path) -> None:
    """The same, unless it is a database already, and none of which it could be a part: that has gone well so far."""
    try:
        check_no_part(path)
    except StorePartError as error:
        whole = path.with_name(path.name.rstrip(" .")[: -len(error.ending)])
        if whole.is_file() or not path.exists():
            raise


def check_only_name(path: Path, file: os.stat_result) -> None:
    """Raise a `StorageError` if something else leads to this file as well. `file`: what the system says of it."""
    if file.st_nlink > 1 and (count := file.st_nlink - _remove_unfinished(path.parent, file)) > 1:
        raise StoreLinkedError(path=path, count=count)
    if _is_mounted(path):
        raise StoreMountedError(path=path)


def _remove_unfinished(folder: Path, file: os.stat_result) -> int:
    """The name that a copy has while it is written, left by a crash just when it had got its own; how many."""
    removed = 0
    with suppress(OSError):
        for name in folder.glob(".*.part"):
            if os.path.samestat(name.lstat(), file):
                name.unlink()
                removed += 1
    return removed


def _is_mounted(path: Path) -> bool:
    """Whether the file itself is a mount point, where the system tells."""
    try:
        rows = _MOUNTS.read_bytes().splitlines()
    except OSError:
        return False
    name = os.fsencode(path)
    points = (row.split(b" ", _POINT + 1)[_POINT : _POINT + 1] for row in rows)
    return any(_ESCAPED.sub(_unescaped, point) == name for found in points for point in found)


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8) & 0xFF])
