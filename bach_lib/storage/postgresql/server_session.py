"""Transactions on one connection to the server: requests in them, and the mark by which their commit is known again.

Each transaction that writes raises a number that is this process's own, in the same commit. If the connection breaks
while a commit is under way, that number tells what became of it, also on a server that took the old one's place.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from bach_lib.errors import (
    BachError,
    SessionEndedError,
    StorageError,
    StoreFailedError,
    StoreLockedError,
)
from bach_lib.storage.alike import run_all
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.dialect import queries
from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.postgresql.known_commits import Commits
from bach_lib.storage.postgresql.reserved_rows import ReservedRows
from bach_lib.storage.postgresql.server_errors import ConnectionGoneError, RefusedError, gone_if_another
from bach_lib.storage.request import Request, Single, broken_text, has_writes, is_single, too_large_a_number, unforeseen
from bach_lib.storage.transaction import Transaction
from bach_lib.storage.values import integer

_BEGIN_WRITING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_MARK = (
    "WITH marked AS (UPDATE commits SET number = ?2 WHERE session = ?1 AND number = ?3 RETURNING 1)"
    " SELECT 1 / count(*) FROM marked"  # which fails where the number is another one
)
_STAY = "UPDATE commits SET seen_at = clock_timestamp() WHERE session = ?1"
_TIDY = "DELETE FROM commits WHERE seen_at < clock_timestamp() - interval '30 days'"
_OWNER = "SELECT check_session(?1)"
_FIND = "SELECT number FROM commits WHERE session = ?1 FOR UPDATE"
_NOW = "SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision) AS now"
_COLLIDED = frozenset({"40001", "40P01", "23505"})
"""Somebody else's transaction was first: with a row, a lock, or a name that was free when ours began."""
_STANDBY = "25006"
"""It takes nothing any more: another server has its place."""
_TOO_LARGE = "22003"
_LOCKED = "55P03"
_ENDED = "BA001"
"""Of our own (`check_session`)."""

type Batch = Sequence[Request[Transaction]]


class CollidedError(Exception):
    """Another process changed the same rows at the same time; this transaction was taken back and can be run again."""


class Session:
    """Runs batches of requests on one connection, each in one transaction."""

    def __init__(self, wire: Wire, commits: Commits, committing: AbstractContextManager[object]) -> None:
        self._wire = wire
        self._commits = commits
        self._committing = committing
        self._expected = 0
        self._transaction = Transaction(wire, queries(), self._additions, wire.later)

    @property
    def wire(self) -> Wire:
        """Its connection."""
        return self._wire

    def run(self, batch: Batch, deliver: Callable[[Batch], None]) -> None:
        """Run all in one transaction. `deliver`: what is done, at once after its commit.

        Raises what a request raises, `ConnectionGoneError` (perhaps in doubt), `RefusedError` or `CollidedError`;
        then nothing has changed.
        """
        try:
            self._run(batch, deliver)
        except ConnectionGoneError:
            raise
        except BaseException as error:
            self._wire.roll_back()
            if isinstance(error, RefusedError) and error.state in _COLLIDED:
                raise CollidedError(error) from error
            if isinstance(error, RefusedError) and error.state == _STANDBY and has_writes(batch):
                raise ConnectionGoneError(error.reason) from error
            if isinstance(error, RefusedError):
                gone_if_another(error)
            raise

    def _run(self, batch: Batch, deliver: Callable[[Batch], None]) -> None:
        wire = self._wire
        wire.roll_back()
        if has_writes(batch):
            self._commits.tried += 1
            wire.later(_BEGIN_WRITING)
            wire.later(_MARK, [self._commits.session, self._commits.tried, self._commits.done])
            for session in {request.session for request in batch} - {None}:
                wire.later(_OWNER, [session])
        else:
            wire.later(_BEGIN_READING)
        self._transaction.begin(is_shared=len(batch) > 1)
        self._expected = sum(isinstance(request.work, Single) for request in batch)
        if is_single(batch):
            with self._committing:
                wire.end_with_next()
                run_all(batch, self._transaction)
                if wire.is_in_transaction or wire.has_waiting:
                    wire.commit()
                self._has_committed(batch)
                deliver(batch)
            return
        run_all(batch, self._transaction)
        self._transaction.end()
        with self._committing:
            wire.commit()
            self._has_committed(batch)
            deliver(batch)

    def _has_committed(self, batch: Batch) -> None:
        if has_writes(batch):
            self._commits.done = self._commits.tried

    def _additions(self, query: str) -> ReservedRows:
        return ReservedRows(self._wire, query, self._take_expected)

    def _take_expected(self) -> int:
        expected, self._expected = self._expected, 0
        return expected

    def has_committed(self) -> bool:
        """Whether the last commit of this process is there, once it is known: whoever still works on it is waited for.

        Raises `ConnectionGoneError` or `RefusedError`.
        """
        rows = self._wire.execute(_FIND, [self._commits.session]).fetchall()
        if not rows or integer(rows[0]["number"]) != self._commits.tried:
            return False
        self._commits.done = self._commits.tried
        return True

    def now(self) -> float:
        """The server's clock, seconds since 1970. Raises `ConnectionGoneError` or `RefusedError`."""
        [row] = self._wire.execute(_NOW).fetchall()
        return float(row["now"] or 0)

    def live(self, process: int) -> None:
        """Say that a process lives, and by which connection the others hear it from now on. Raises as `now`."""
        self._transaction.run("beat", id=process)

    def stay(self) -> None:
        """Say that this process is still there, and forget those of long ago. Raises as `now`."""
        self._wire.execute(_STAY, [self._commits.session])
        self._wire.execute(_TIDY)


def explained(error: BaseException, address: Address) -> BachError:
    """What failed in a request, as an error that all who ask know."""
    if isinstance(error, UnicodeEncodeError):
        return broken_text()
    if isinstance(error, OverflowError):
        return too_large_a_number()
    if isinstance(error, CollidedError) and isinstance(error.args[0], BaseException):
        return explained(error.args[0], address)
    if not isinstance(error, RefusedError):
        return unforeseen(error, str(address))
    if error.state == _ENDED:
        return SessionEndedError()
    if error.state == _TOO_LARGE:
        return too_large_a_number()
    if error.state == _LOCKED:
        return StoreLockedError(path=address)
    return StoreFailedError(path=address, reason=error.reason)


def refuse(batch: Batch, error: StorageError, deliver: Callable[[Batch], None]) -> None:
    """Tell all who wait for these, each with an error of its own."""
    if batch:
        for request in batch:
            request.error = type(error)(**error.placeholders)
        deliver(batch)
