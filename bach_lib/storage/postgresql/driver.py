"""PostgreSQL driver: connections, and statements that share a trip to the server. Only this module imports psycopg.

Each trip costs what a commit on a fast disk costs, so what needs no answer waits for the next statement that does, and
goes with it (libpq's pipeline mode).
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from typing import cast, override

import psycopg
from psycopg import RawCursor, errors
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader

from bach_lib.said import Sentence
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.dialect import numbered
from bach_lib.storage.postgresql.named_rows import Found, NamedRow
from bach_lib.storage.postgresql.server_errors import ConnectionGoneError, RefusedError, not_connected
from bach_lib.storage.postgresql.server_waits import SilentError, attended
from bach_lib.storage.postgresql.session_settings import DEFAULTS, SETTINGS
from bach_lib.storage.transaction import Row, Statements, Value

CONNECT = 5.0
"""Seconds in which a server has to take a connection."""
_LEAST_CONNECT = 2.0
"""The same where less time is left; the driver takes no less."""
_QUIET = 3.0
"""Seconds without a word on a connection, after which the server is asked on another one what it does there."""
_ANSWER = 3.0
"""Seconds in which a server that is there has said something to what takes it no time."""
_TICK = 0.1
"""Seconds between two looks while nothing comes."""
_PLACE = "SELECT pid, CAST(backend_start AS text) AS began FROM pg_stat_activity WHERE pid = pg_backend_pid()"
"""Behind a pooler the number that the driver knows is not the server's."""
_AT_WORK = (
    "SELECT 1 AS found FROM pg_stat_activity WHERE pid = ?1 AND CAST(backend_start AS text) = ?2"
    " AND wait_event_type IS DISTINCT FROM 'Client'"  # else it waits for us, as we do for it
)
_NOTHING_LEFT = "\ufffd"
"""For NUL, which no text can hold here."""

type Statement = tuple[str, Sequence[Value]]
_COMMIT: Statement = ("COMMIT", ())
_SAYS_NOTHING = Sentence("its_server_says_nothing", "its server takes connections and says nothing")


class _Said(Dumper):
    """A value as text without a type: the server takes it for what stands in its place in the statement.

    So one prepared statement serves, whatever is empty in it.
    """

    oid = 0

    @override
    def dump(self, obj: object) -> Buffer | None:
        if isinstance(obj, bool):
            return b"1" if obj else b"0"
        if isinstance(obj, int) and not -(2**63) <= obj < 2**63:
            raise OverflowError("a number of more than 63 bits")  # as `sqlite3` does
        return str(obj).replace("\0", _NOTHING_LEFT).encode()


class _Number(Loader):
    """What the server counts with more digits than fit elsewhere (a sum)."""

    @override
    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdecimal() else float(text)


class _Connection(psycopg.Connection[Row]):
    """The driver's connection, which does not wait without end. `is_unwanted`: end the statement that is under way."""

    quiet: float = _ANSWER
    is_lost: Callable[[], bool] = staticmethod(lambda: True)
    is_unwanted: Callable[[], bool] = staticmethod(lambda: False)

    @override
    def wait[T](self, gen: psycopg.abc.PQGen[T], interval: float = _TICK, timeout: float | None = None) -> T:
        waiting = attended(gen, self._look, self.is_lost, self.quiet)
        try:
            return super().wait(waiting, interval) if timeout is None else super().wait(waiting, interval, timeout)
        except SilentError:
            self.close()
            raise psycopg.OperationalError(_SAYS_NOTHING) from None

    def _look(self) -> None:
        if self.is_unwanted():
            with suppress(psycopg.Error):
                self.cancel_safe(timeout=CONNECT)  # what this thread waits for here, and nothing else


class Wire(Statements):
    """One connection to the server; used from one thread.

    A server that says nothing is asked on another connection whether it is at work for this one; else it is closed.
    `within`: seconds to connect; none: the usual ones. `is_unwanted`: whether to end what is asked just now; then it is
    used no more.
    """

    def __init__(
        self,
        address: Address,
        *,
        within: float = 0.0,
        is_unwanted: Callable[[], bool] = lambda: False,
        is_patient: bool = True,
    ) -> None:
        """Raises `ConnectionGoneError` or `RefusedError`."""
        self._address = address
        self._waiting: list[Statement] = []
        self._ends_with_next = False
        self._is_committing = False
        try:
            given = psycopg.conninfo.conninfo_to_dict(address.full)
            seconds = max(_LEAST_CONNECT, min(within, CONNECT)) if within > 0 else CONNECT
            defaults = {**DEFAULTS, "connect_timeout": round(seconds)}
            options = {name: value for name, value in defaults.items() if name not in given}
            self._connection = _Connection.connect(address.full, autocommit=True, prepare_threshold=0, **options)  # type: ignore[arg-type] # its own way to give them
        except psycopg.Error as error:
            raise self._explained(error) from None  # what it was made from may hold a password
        self._connection.prepared_max = 1000
        self._connection.cursor_factory = RawCursor
        self._connection.row_factory = _named
        self._connection.add_notice_handler(lambda _: None)
        for kind in (bool, int, float, str):
            self._connection.adapters.register_dumper(kind, _Said)
        self._connection.adapters.register_loader("numeric", _Number)
        try:
            self.script("; ".join(SETTINGS))
            [row] = self.execute(_PLACE).fetchall()
        except BaseException:
            self._connection.close()
            raise
        self.place: tuple[Value, Value] = row["pid"], row["began"]
        """The server's process for this connection: its number, and when it began."""
        self._connection.is_unwanted = is_unwanted
        if is_patient:
            self._connection.is_lost, self._connection.quiet = self._is_lost, _QUIET

    @property
    def version(self) -> int:
        """Of the server, as 150018."""
        return self._connection.info.server_version

    @property
    def encoding(self) -> str:
        """Of the database."""
        return self._connection.info.parameter_status("server_encoding") or ""

    @property
    def is_in_transaction(self) -> bool:
        """Whether one was begun."""
        return self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    @property
    def has_waiting(self) -> bool:
        """Whether anything waits for the next statement."""
        return bool(self._waiting)

    def script(self, text: str) -> None:
        """Run statements without values, one after the other. Raises `ConnectionGoneError` or `RefusedError`."""
        try:
            self._connection.execute(text.encode(), prepare=False)
        except psycopg.Error as error:
            raise self._explained(error) from error

    def later(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """Run this together with the next statement whose answer somebody wants."""
        self._waiting.append((sql, parameters))

    def end_with_next(self) -> None:
        """The next statement is the last of its transaction: commit together with it."""
        self._ends_with_next = True

    @override
    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> Found:
        ends, self._ends_with_next = self._ends_with_next, False
        try:
            if not self._waiting and not ends:
                return _found(self._send(sql, parameters))
            return _found(self._trip([(sql, parameters)], ends=ends)[0])
        except psycopg.Error as error:
            raise self._explained(error) from error

    @override
    def executemany(self, sql: str, parameters: Iterable[Sequence[Value]], /) -> Found:
        try:
            cursors = self._trip([(sql, values) for values in parameters])
        except psycopg.Error as error:
            raise self._explained(error) from error
        return Found([], sum(cursor.rowcount for cursor in cursors))

    def commit(self) -> None:
        """Run what waits, and commit it. Raises `ConnectionGoneError`, perhaps in doubt, or `RefusedError`."""
        try:
            self._trip([], ends=True)
        except psycopg.Error as error:
            raise self._explained(error) from error

    def forget(self) -> None:
        """Run nothing of what waits."""
        self._waiting, self._ends_with_next, self._is_committing = [], False, False

    def roll_back(self) -> None:
        """Take back what was begun, if anything was. Raises `ConnectionGoneError`."""
        self.forget()
        if self.is_in_transaction:
            self.script("ROLLBACK")

    def listen(self, channel: str) -> None:
        """Hear what is called out on this channel. Raises as `script` does."""
        self.script(f"LISTEN {channel}")

    def notices(self) -> list[str]:
        """What was called out since the last time; waits for nothing. Raises as `script` does."""
        try:
            return [notice.payload for notice in self._connection.notifies(timeout=0)]
        except psycopg.Error as error:
            raise self._explained(error) from error

    def fileno(self) -> int:
        """For `select`: it can be read when something was called out."""
        return self._connection.fileno()

    def close(self) -> None:
        """Close. Never raises."""
        with suppress(psycopg.Error):
            self._connection.close()

    def _trip(self, statements: Sequence[Statement], *, ends: bool = False) -> "list[RawCursor[Row]]":
        """Run these behind what waits, in one trip; `ends`: and commit."""
        waiting, self._waiting = self._waiting, []
        self._is_committing = ends
        failed: psycopg.Error | None = None
        try:
            with self._connection.pipeline():
                try:
                    cursors = [self._send(*one) for one in (*waiting, *statements, *([_COMMIT] if ends else ()))]
                except psycopg.Error as error:  # caught here, as the driver would log what its end fails of after that
                    failed = error
        except psycopg.Error as error:
            raise failed or error from None
        if failed is not None:
            raise failed
        if ends:
            _check_committed(cursors[-1])
        self._is_committing = False
        return cursors[len(waiting) :]

    def _send(self, sql: str, parameters: Sequence[Value]) -> "RawCursor[Row]":
        cursor = cast("RawCursor[Row]", self._connection.cursor())
        return cursor.execute(numbered(sql), parameters, prepare=bool(parameters) or None)

    def _is_lost(self) -> bool:
        try:
            with closing(Wire(self._address, is_patient=False)) as other:
                return not other.execute(_AT_WORK, self.place).fetchall()
        except ConnectionGoneError:
            return True
        except RefusedError:  # that is an answer
            return False

    def _explained(self, error: psycopg.Error) -> ConnectionGoneError | RefusedError:
        reason = self._address.redact(error.diag.message_primary or _first_line(error))
        connection, is_committing = getattr(self, "_connection", None), self._is_committing
        self._is_committing = False
        if connection is None:
            return not_connected(reason, is_misspelt=isinstance(error, psycopg.ProgrammingError))
        if connection.closed:
            return ConnectionGoneError(reason, in_doubt=is_committing)
        return RefusedError(error.sqlstate or "", reason)


def _check_committed(cursor: "RawCursor[Row]") -> None:
    """The server says ROLLBACK to a COMMIT of what has failed before."""
    if cursor.statusmessage != "COMMIT":
        raise errors.InFailedSqlTransaction("it was taken back")


def _found(cursor: "RawCursor[Row]") -> Found:
    return Found(cursor.fetchall() if cursor.description else [], cursor.rowcount)


def _named(cursor: psycopg.Cursor[Row]) -> psycopg.rows.RowMaker[Row]:
    result = cursor.pgresult
    places: dict[str, int] = {}
    for place in range(result.nfields if result else 0):
        name = result.fname(place) if result else None
        places[(name or b"").decode()] = place
    return lambda values: NamedRow(places, values)


def _first_line(error: psycopg.Error) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
