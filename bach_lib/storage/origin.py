"""Checks whose file is about to be opened, and whether it is complete, before SQLite may change anything.

SQLite makes a database out of anything that is empty, and throws away a log whose file is missing. Both would be the
end of what somebody may still need.
"""

import stat
from collections.abc import Callable
from pathlib import Path

from bach_lib.errors import StoreDamagedError, StoreForeignError, StoreIncompleteError
from bach_lib.storage.schema import LAYOUT, Execute, layout_of

APPLICATION_ID = 0x42414348
"""Stands in every database from layout 5 on."""
OUR_TABLES = frozenset({"connections", "inbox", "messages", "meta"})
"""What every layout has had."""

_HEADER = 100
_MAGIC = b"SQLite format 3\0"
_LOG_MAGIC = (0x377F0682, 0x377F0683)
_LOG_HEADER = 32

type Look = Callable[[bool], tuple[int, frozenset[str]]]
"""Returns layout and tables of a file without changing it; True: as its log has them."""


def layout_and_names(execute: Execute) -> tuple[int, frozenset[str]]:
    """What a `Look` returns."""
    return layout_of(execute), frozenset(str(name) for (name,) in execute("SELECT name FROM sqlite_master"))


def check_is_file(path: Path) -> None:
    """Raise `StoreForeignError` for a pipe, a device or a socket: whoever opens one may wait for ever."""
    try:
        mode = path.stat().st_mode
    except OSError:  # said when it is opened
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # which nobody can open by mistake
        raise StoreForeignError(path=path)


def check_is_whole(path: Path) -> None:
    """Raise `StoreIncompleteError` for a log whose database is missing or empty."""
    if _size(path) == 0 and has_log(path):
        raise StoreIncompleteError(path=path, log=f"{path}-wal")


def check_is_ours(path: Path, look: Look) -> None:
    """Raise a `StorageError` unless there is nothing yet, or a database of BACH."""
    header = _beginning(path, _HEADER)
    if not header:
        return
    if not header.startswith(_MAGIC) or len(header) < _HEADER:
        raise StoreDamagedError(path=path)
    application = int.from_bytes(header[68:72])
    if application == APPLICATION_ID:
        return
    layout, tables = look(False)
    if application == 0 and not tables and has_log(path):  # young: all of it may be in the log
        layout, tables = look(True)
    ours = layout > 0 and tables >= OUR_TABLES
    is_empty = not tables and (layout == 0 or layout > LAYOUT)
    if application or not (ours or is_empty):
        raise StoreForeignError(path=path)


def _beginning(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except FileNotFoundError:
        return b""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def has_log(path: Path) -> bool:
    """Whether there is something in the log that SQLite would read."""
    log = Path(f"{path}-wal")
    header = _beginning(log, _LOG_HEADER)
    return int.from_bytes(header[:4]) in _LOG_MAGIC and _size(log) > _LOG_HEADER
