"""Detects that the open database file was deleted, moved or replaced, or cannot be written.

Linux lets anybody delete, move or replace a file that is open: SQLite would go on writing into one that nobody finds
again. So before every commit, and now and then while there is none, the names are held against the files that were
opened: a few calls of `stat`, some microseconds, and fewer while nothing happens in their folder. If they differ, all
that the open file holds is saved in a copy, and nothing new is taken: whoever asks is told why. What only writes down
what has happened (a message was sent) is still taken and goes into the copy as well. If it comes back, all goes on.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from errno import EACCES, EIO, EPERM, ETIMEDOUT
from hashlib import blake2b
from pathlib import Path

from bach_lib.errors import StorageError, StoreLockedError, StoreLostError
from bach_lib.field_logger import FieldLogger
from bach_lib.said import Sentence
from bach_lib.storage.folder import Folder
from bach_lib.storage.place import LockedPath
from bach_lib.storage.request import Request, has_failed, has_writes
from bach_lib.storage.rescue import OVERWRITTEN, REPLACED, REPLACED_AND_THERE, TORN, Rescue
from bach_lib.storage.sqlite import Connection
from bach_lib.storage.transaction import Transaction

type _Batch = Sequence[Request[Transaction]]
type _Key = tuple[int, int]

_LOGGER = FieldLogger(__name__)
_UNKNOWN = frozenset({EACCES, EIO, EPERM, ETIMEDOUT})
"""Errors of a look that say nothing about the file: a share that does not answer, a folder that may not be read."""
_SELDOM = 30.0
"""Seconds between two looks while nobody wants anything."""
_OFTEN = 5.0
"""The same while something is wrong."""
_SAMPLES = 64
"""Pages that are compared when somebody may have written into the file."""
_PAGE = 4096
_SALTS = 8  # bytes of what changes before a move that tell one log from the next
_PROBE = "probe"


@dataclass(slots=True)
class _Seen:
    """The file as it was when only SQLite had written into it."""

    size: int
    time: int
    moves: bytes
    samples: bytes


class Guard:
    """Guard of one open database; used from the storage's thread.

    `names`: its own path, and the one that was asked for, which may lead through links. `tell`: called with the reason
    when nothing can be written any more, and with None when it can again. `before_writing`: called before each write
    while all is well; whether it wrote itself.
    """

    def __init__(
        self,
        names: Sequence[Path],
        place: LockedPath,
        connection: Connection,
        tell: Callable[[StorageError | None], None],
        before_writing: Callable[[], bool] = lambda: False,
    ) -> None:
        self._path = path = names[0]
        self._place = place
        self._connection = connection
        self._tell = tell
        self._before_writing = before_writing
        self._names = names
        self._log = Path(f"{path}-wal")
        self._beside = {str(name): _key(name.stat()) for name in (self._log, Path(f"{path}-shm")) if name.exists()}
        self._looked_at = [str(name) for name in names]
        self._folder = Folder(path.parent, is_all=len(names) == 1)
        self._key = _key(path.stat())
        self._seen = self._see(path.stat())
        self._lost: StoreLostError | None = None
        self._failing: StorageError | None = None
        self._rescue = Rescue(connection, names, self._log)
        self._broken: BaseException | None = None
        connection.committed = self._after_commit

    @property
    def lost(self) -> StoreLostError | None:
        """Why nothing new is taken, if the file is not in its place."""
        return self._lost

    @property
    def patience(self) -> float:
        """Seconds until it should be looked at again."""
        return _OFTEN if self._lost or self._failing else _SELDOM

    def run(self, batch: _Batch, deliver: Callable[[_Batch], None]) -> None:
        """Run a batch, or refuse what is new in it. Never raises. `deliver`: what is done."""
        if has_writes(batch):
            if not self._is_nothing_new():
                self._look_for_it()
            if self._lost:
                refused, batch = self._refuse(batch, self._lost)
                deliver(refused)
            elif self._before_writing():  # the log has begun anew with that
                with suppress(OSError):
                    self._seen = self._see(self._path.stat())
        if batch:
            self._connection.run(batch, deliver)
            if broken := self._broken:
                self._broken = None
                raise broken
            self._judge(batch)

    def look(self) -> None:
        """To be called now and then while nobody wants anything. Never raises."""
        self._look_for_it()
        if self._lost:
            self._rescue.renew()
        elif self._failing and not self._probe():
            self._report(None)

    def leave(self) -> bool:
        """To be called before closing: whether the files of these names are ours, so that they may be tidied up."""
        self._look_for_it()
        if self._lost is None:
            return True
        self._rescue.renew()
        if not self._is_key_in_place():
            if self._is_log_in_place():
                self._rescue.spend_log()
        elif self._is_untouched():
            self._connection.checkpoint()  # only the log is lost: the file alone has everything then
        elif self._is_log_in_place():
            self._rescue.set_log_aside(self._path)
        return False

    def _after_commit(self) -> None:
        """Never raises: whoever asked for what is committed would be told that it failed, or it would be done again."""
        try:
            self._follow_log()
        except BaseException as error:  # noqa: BLE001 - raised when all are told
            self._broken = error

    def _follow_log(self) -> None:
        """That a log has begun anew moves nothing; unknown, it would let what others write next pass for a move."""
        moves = self._connection.log.moves
        if moves != self._seen.moves and not any(moves[_SALTS:]):
            with suppress(OSError):
                file = self._place.stat()
                if file.st_mtime_ns == self._seen.time and file.st_size == self._seen.size:
                    self._seen.moves = moves

    def _is_nothing_new(self) -> bool:
        """Whether, since the last whole look, no name came or went in the folder, and nobody wrote into the file."""
        if not self._folder.is_as_it_was():
            return False
        try:
            file = self._place.stat()
        except OSError:
            return False
        return file.st_mtime_ns == self._seen.time and file.st_size == self._seen.size

    def _look_for_it(self) -> None:
        moment = self._folder.forget()
        try:
            what = self._what()
        except OSError as error:
            if error.errno in _UNKNOWN:
                return
            what = Sentence("cannot_be_found_any_more", "cannot be found any more")
        if what is None:
            self._folder.remember(moment)
            if self._lost:
                self._lost = None
                _LOGGER.warning("%s is in its place again: BACH goes on", self._path)
                self._report(self._failing)
        elif self._lost is None:
            self._lost = StoreLostError(path=self._path, what=what, advice=self._save(what))
            _LOGGER.error("%s", self._lost)
            self._tell(self._lost)

    def _what(self) -> str | None:
        """What has become of the file. Raises an `OSError` that says nothing about it."""
        for name in self._looked_at:
            try:
                found = os.stat(name)  # noqa: PTH116 - before every commit: a Path takes twice as long
            except OSError as error:
                if error.errno in _UNKNOWN:
                    raise
                return self._where()
            if (found.st_dev, found.st_ino) != self._key:
                return REPLACED_AND_THERE(at=at) if (at := self._place.found_at) else REPLACED
            seen = self._seen
            if (found.st_mtime_ns != seen.time or found.st_size != seen.size) and not self._is_sqlites(found):
                return OVERWRITTEN
        for name, key in self._beside.items():
            try:
                found = os.stat(name)  # noqa: PTH116 - the same
                if (found.st_dev, found.st_ino) == key:
                    continue
            except OSError as error:
                if error.errno in _UNKNOWN:
                    raise
            return TORN(part=Path(name).name)
        return None

    def _where(self) -> str:
        if self._place.is_deleted:
            return Sentence("was_deleted", "was deleted")
        if found := self._place.found_at:
            return Sentence("was_moved_to", "was moved to {found}", found=found)
        return Sentence("vanished", "vanished with its folder or its disk")

    def _is_sqlites(self, found: os.stat_result) -> bool:
        """Whether it was SQLite that wrote into the file, here or in another program, or nothing has changed."""
        new = self._see(found)
        if new.moves == self._seen.moves and (new.samples != self._seen.samples or new.size != self._seen.size):
            return False
        self._seen = new
        return True

    def _see(self, found: os.stat_result) -> _Seen:
        step = max(found.st_size // _SAMPLES // _PAGE, 1) * _PAGE
        starts = range(0, found.st_size, step)
        moves, samples = self._connection.log.moves, blake2b()
        for start in starts:
            samples.update(self._place.read(_PAGE, start))
        return _Seen(found.st_size, found.st_mtime_ns, moves, samples.digest())

    def _is_key_in_place(self) -> bool:
        with suppress(OSError):
            return all(_key(name.stat()) == self._key for name in self._names)
        return False

    def _is_log_in_place(self) -> bool:
        with suppress(OSError):
            return _key(self._log.stat()) == self._beside.get(str(self._log))
        return False

    def _is_untouched(self) -> bool:
        with suppress(OSError):
            return self._is_sqlites(self._path.stat())
        return False

    def _save(self, what: str) -> str:
        """Save a copy; what somebody has to do now."""
        is_torn, is_doubtful = isinstance(what, Sentence) and what.key == TORN.key, what == OVERWRITTEN
        return self._rescue.save(self._place, is_torn=is_torn, is_doubtful=is_doubtful)

    def _refuse(self, batch: _Batch, error: StoreLostError) -> tuple[_Batch, _Batch]:
        """Those who want something new, who are told why not, and the others."""
        refused = [request for request in batch if request.writes and not request.ends]
        for request in refused:
            request.error = StoreLostError(**error.placeholders)
        left = [request for request in batch if not request.writes or request.ends]
        self._rescue.is_old |= has_writes(left)
        return refused, left

    def _judge(self, batch: _Batch) -> None:
        """Learn from what came of a batch whether the disk takes anything."""
        if not self._failing and not has_failed(batch):
            return
        errors = [request.error for request in batch if request.writes]
        if any(error is None for error in errors):
            if self._failing:
                self._report(None)
        elif (
            any(isinstance(error, StorageError) for error in errors) and not self._failing and (error := self._probe())
        ):
            _LOGGER.error("%s", error)
            self._report(error)

    def _probe(self) -> StorageError | None:
        """Why the disk takes nothing; None: it does, or somebody else is at work on the file."""
        try:
            self._connection.do(_write_something)
        except StoreLockedError:
            return None
        except StorageError as error:
            return error
        return None

    def _report(self, failing: StorageError | None) -> None:
        if self._failing and failing is None:
            _LOGGER.warning("%s can be written again", self._path)
        self._failing = failing
        self._tell(failing)


def _write_something(tx: Transaction) -> None:
    tx.run("save_meta", key=_PROBE, value="")
    tx.run("delete_meta", key=_PROBE)


def _key(stat: os.stat_result) -> _Key:
    return stat.st_dev, stat.st_ino
