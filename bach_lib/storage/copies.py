"""Copies of a database from before a migration: the way back to an older BACH."""

from collections.abc import Callable, Iterator
from pathlib import Path

from bach_lib.said import Sentence
from bach_lib.storage.schema import LAYOUT


def keep_copy(path: Path, layout: int, copy_to: Callable[[Path], None]) -> None:
    """Keep a copy of this layout beside the file, and none of an older one. Raises a `StorageError` or `OSError`."""
    target = _copy(path, layout)
    unfinished = target.with_name(target.name + ".part")
    copy_to(unfinished)
    unfinished.replace(target)
    for older in range(1, layout):
        _copy(path, older).unlink(missing_ok=True)


def way_back(path: Path) -> str:
    """How to go on with this BACH although a newer one has changed the layout."""
    if copy := next(_copies(path), None):
        return Sentence(
            "to_stay_with_this_one_put_copy_in_its_place",
            "to stay with this one, put {copy} in its place: it is of the time before the update",
            copy=copy,
        )
    return Sentence(
        "to_stay_with_this_one_restore_a_backup", "to stay with this one, restore a backup of before the update"
    )


def _copies(path: Path) -> Iterator[Path]:
    """Those that this BACH can read, the newest first."""
    return (copy for layout in range(LAYOUT, 0, -1) if (copy := _copy(path, layout)).exists())


def _copy(path: Path, layout: int) -> Path:
    return path.with_name(f"{path.name}.layout{layout}")
