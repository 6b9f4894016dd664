"""Sets a log aside that belongs to another file than the one beside which it lies.

After a power cut the log holds what is not in the file yet. Whoever puts an older copy in the place of the file leaves
the log there, and SQLite would write it over the copy: pages of two moments, and neither of them whole. So the mark
names who the file may be without its log (`restored`). Whoever put file and log there has changed the log later.
"""

import os
from pathlib import Path

from bach_lib.field_logger import FieldLogger
from bach_lib.storage.origin import has_log
from bach_lib.storage.restored import alone_as, read_mark
from bach_lib.storage.saved import free_name

_LOGGER = FieldLogger(__name__)


def set_foreign_log_aside(path: Path) -> str:
    """Before a locked database is opened; who that is without its log, "" if it has none. Raises an `OSError`."""
    if not has_log(path):
        return ""
    found = alone_as(path)
    if found and _is_foreign(path, found):
        _set_aside(path)
    return found


def _is_foreign(path: Path, found: str) -> bool:
    if os.name != "posix":  # a file does not say there when it was changed
        return False
    log, mark = Path(f"{path}-wal"), read_mark(path.with_name(f"{path.name}.mark"))
    if mark is None or not mark.alone or found in mark.alone:
        return False
    return path.stat().st_ctime_ns > log.stat().st_ctime_ns


def _set_aside(path: Path) -> None:
    aside = free_name(path.with_name(f"{path.name}.before"))
    for suffix in ("-wal", "-shm"):
        if (there := Path(f"{path}{suffix}")).exists():
            there.rename(f"{aside}{suffix}")
    _LOGGER.warning(
        "%s was put in the place of the database that was here; the log of that one is %s-wal now", path, aside
    )
