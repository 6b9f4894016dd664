"""Recovery of the copy that was saved of a lost database; BACH is closed meanwhile."""

from pathlib import Path

from bach_lib.storage.saved import put_back, saved_copies


def has_saved_copy(path: Path) -> bool:
    """Whether a copy of the database of this path was saved and lies beside it or above."""
    return bool(saved_copies((path,)))


def put_saved_copy_back(path: Path) -> None:
    """Put the newest saved copy in the database's place, and what lies there aside. Raises an `OSError`."""
    if copies := saved_copies((path,)):
        put_back(copies[0], path)
