"""Change detection of a folder: one call of `stat` instead of one for each name in it.

Whatever makes, moves or removes a name changes the time of its folder. So as long as that stands still, all names lead
where they led when they were looked at one by one, which takes some microseconds each beside every fsync.
"""

import os
import sys
from pathlib import Path
from time import monotonic, time

type Moment = tuple[int, int, int]

_SETTLED = 0.1
"""Seconds for which nothing has happened, so that the next change has another time: Linux counts hundredths."""
_SETTLED_IN_SECONDS = 3.0
"""The same where a file system notes whole seconds; FAT notes every other one."""
_TRUSTED = 1.0
"""Seconds after which the names are looked at all the same: something may be mounted over one, and not every file
system is exact."""


class Folder:
    """The folder of one open database. `is_all`: no other folder has a part in where its names lead, as links have."""

    def __init__(self, path: Path, *, is_all: bool) -> None:
        self._path = str(path)
        self._is_all = is_all and sys.platform != "win32"  # which keeps no time of the last change of any kind
        self._remembered: Moment | None = None
        self._until = 0.0

    def is_as_it_was(self) -> bool:
        """Whether nothing has happened since the moment that is remembered. No: it may have, or none is."""
        if self._remembered is None or monotonic() > self._until:
            return False
        try:
            return _moment(os.stat(self._path)) == self._remembered  # noqa: PTH116 - a Path takes twice as long
        except OSError:
            return False

    def forget(self) -> Moment | None:
        """To be called before the names are looked at: the moment from which on they may be as they are found then."""
        self._remembered = None
        try:
            found = os.stat(self._path)  # noqa: PTH116 - the same
        except OSError:
            return None
        settled = _SETTLED if found.st_ctime_ns % 1_000_000_000 else _SETTLED_IN_SECONDS
        return _moment(found) if self._is_all and found.st_ctime < time() - settled else None

    def remember(self, moment: Moment | None) -> None:
        """All names led where they should."""
        self._remembered = moment
        self._until = monotonic() + _TRUSTED


def _moment(found: os.stat_result) -> Moment:
    """That of any change: the one of the last change of names is set back by whoever restores a folder."""
    return found.st_dev, found.st_ino, found.st_ctime_ns
