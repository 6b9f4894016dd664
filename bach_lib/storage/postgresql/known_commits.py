"""What this process knows of the database without asking it, so that it can tell when the database goes back in time.

Somebody may put an older dump back, also while BACH is at work; a standby may take over without the last commits. Such
a database agrees with itself in everything. But each process has a number in it that rises with each of its commits,
and knows how far it had come: a row that is behind, or missing, is one of an older copy. The same is noted outside of
the database now and then, for the next start at this place.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from bach_lib.storage.runs import read_words, write_words

_EVERY = 20.0
"""Seconds between two notes."""
_LASTS = 20 * 86_400.0
"""Seconds for which a note tells anything: rows of processes that have gone are forgotten after 30 days."""


@dataclass(frozen=True, slots=True)
class Noted:
    """How far the process that was last at work here had come. `copies`: how often an older copy had been noticed."""

    instance: str
    session: str
    number: int
    copies: int


@dataclass(slots=True, kw_only=True)
class Commits:
    """The numbers of this process's commits. `tried`: of the last one that was tried; none has it twice."""

    session: str = field(default_factory=lambda: os.urandom(8).hex())
    tried: int = 0
    done: int = 0
    """Of the last one that is there for certain."""
    instance: str = ""
    """The name of the database; empty before it was opened."""
    copies: int = 0

    @property
    def has_begun(self) -> bool:
        """Whether the database was open."""
        return bool(self.instance)

    def finds(self, number: int | None) -> bool:
        """This stands in the database, or nothing; whether that is as new as what is known."""
        if number is None or number < self.done:
            return False
        self.done = number  # perhaps of a commit of which nobody knew what became of it
        return True


class Note:
    """The file outside of the database; `path` is None where there is none. Used from the storage's thread."""

    def __init__(self, path: str | PathLike[str] | None) -> None:
        self.path: Path | None = None if path is None else Path(path)
        self._written_at = -_EVERY

    def read(self, now: float) -> Noted | None:
        """What it says at this time, by the server's clock; None if that is nothing, or nobody can read it."""
        with suppress(ValueError):
            instance, session, number, copies, at = read_words(self.path)
            if 0 <= now - float(at) < _LASTS:
                return Noted(instance, session, int(number), int(copies))
        return None

    def write(self, commits: Commits, now: float, *, at_once: bool = False) -> None:
        """Note how far this process has come, unless that was done lately. Nobody waits for a disk for that."""
        if commits.done and (at_once or time.monotonic() - self._written_at >= _EVERY):
            self._written_at = time.monotonic()
            write_words(self.path, commits.instance, commits.session, commits.done, commits.copies, int(now))
