"""Write-ahead log checkpointing, timed so that whoever copies file and log has a whole database.

A copy of file and log is whole in whatever order they are read, as long as nothing is moved while they are read, and
the log does not begin anew. So while somebody reads them (`readers`) the log only grows. That is looked at before
moving and once more afterwards: until then the log cannot begin anew, since a reader of our own holds it.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from bach_lib.storage.readers import Readers
from bach_lib.storage.sqlite import Connection, Reader

_MOST = 262_144
"""Pages of 4 KiB: a log of 1 GB is moved whoever reads."""
_PAGE = 4096


class LogKeeper:
    """Checkpointer of one open database; used from the storage's thread.

    `may_move`: whether anything may be moved at all. `pause`: while it lasts, no lookups are made.
    """

    def __init__(
        self,
        path: Path,
        connection: Connection,
        may_move: Callable[[], bool],
        pause: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._path = path
        self._connection = connection
        self._may_move = may_move
        self._pause = pause
        self._pin = _Pin(str(path), lambda: False)
        self._readers = Readers(path)

    def after_writing(self) -> None:
        """Move the log in the middle of traffic if it has become too long. The guard has just looked at it."""
        log = self._connection.log
        if not (self._pin.holds or log.was_long()) or not self._may_move():
            return
        if (log.is_crowded or self._pin.holds) and self._is_free():
            self._move()
        if log.is_overlong() and self._is_free():
            self.move_all("PASSIVE")

    def when_quiet(self) -> None:
        """Move it because nobody writes."""
        if self.wants_quiet and self._is_free():
            self._move()

    @property
    def wants_quiet(self) -> bool:
        """Whether it should be moved as soon as nobody writes."""
        return self._may_move() and self._connection.log.wants_quiet and not self._readers.are_at_work

    @property
    def may_be_emptied(self) -> bool:
        """To be asked before closing: whether nobody reads."""
        return self._is_free()

    def move_all(self, mode: str) -> None:
        """Move all of it, which lookups would prevent."""
        self._pin.let_go()
        with self._pause():
            self._connection.checkpoint(mode)

    def close(self) -> None:
        """Before the connection is closed."""
        self._readers.close()
        self._pin.close()

    def _move(self) -> None:
        self._pin.let_go()
        if self._readers.can_be_known:
            self._pin.hold()
        self._connection.checkpoint()
        if self._is_free():
            self._pin.let_go()

    def _is_free(self) -> bool:
        """Whether nobody reads, or the log has become so long that this does not count any more."""
        if not self._readers.are_at_work:
            return True
        length = self._connection.log.length
        with suppress(OSError, AttributeError):
            disk = os.statvfs(self._path.parent)
            return length > _MOST or disk.f_bavail * disk.f_frsize < length * _PAGE
        return length > _MOST


class _Pin(Reader):
    """An open read transaction, which keeps the log from beginning anew."""

    holds = False

    def hold(self) -> None:
        """From here on."""
        self._sqlite.execute("BEGIN")
        self._sqlite.execute("SELECT 1 FROM meta LIMIT 1").fetchall()
        self.holds = True

    def let_go(self) -> None:
        """No more."""
        if self.holds:
            self._sqlite.execute("ROLLBACK")
            self.holds = False
