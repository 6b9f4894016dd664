"""Run counter of a database, kept outside of its folder: how far it had come when it was last at work here.

A folder that was copied while nobody had it open, and is put back later, agrees with itself in everything: only
somebody who was not copied can know that it has gone further since. So each run that writes raises a number in the
database, first there and then in this file. Whoever loses the file, or has never had one, loses nothing but that
knowledge; after a power cut the file may be behind, and never before.
"""

import os
from contextlib import suppress
from os import PathLike
from pathlib import Path

_SIZE = 128
"""Bytes, always, so that it is written in one piece."""
_MOST = 2**53


class Runs:
    """The file of one database at its place. Used from the storage's thread; `path` is None where there is none."""

    def __init__(self, path: str | PathLike[str] | None) -> None:
        self._path = None if path is None else Path(path)

    def number(self, instance: str) -> int:
        """The highest number of this database that was noted; 0 if none was, or nobody can read it."""
        with suppress(ValueError):
            whose, number = read_words(self._path)
            if whose == instance:
                return min(int(number), _MOST)
        return 0

    def note(self, instance: str, number: int) -> None:
        """Note it. Only what is on the disk of the database already; so nobody waits for this one."""
        write_words(self._path, instance, number)


def read_words(path: Path | None) -> list[str]:
    """What was noted in a file; nothing if there is none, it is torn, or nobody can read it."""
    with suppress(OSError, ValueError):
        if path is not None:
            with path.open("rb") as file:
                raw = file.read(_SIZE + 1)
            *words, end = raw.decode("ascii").split()
            return words if len(raw) == _SIZE and end == "." else []
    return []


def write_words(path: Path | None, *words: str | int) -> None:
    """Note them, in one piece, if there is a place for it. Never raises."""
    if path is None:
        return
    with suppress(OSError, ValueError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            os.write(file, f"{' '.join(map(str, words))} .".ljust(_SIZE - 1).encode("ascii") + b"\n")
            os.ftruncate(file, _SIZE)
        finally:
            os.close(file)
