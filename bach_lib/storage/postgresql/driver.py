"""PostgreSQL driver: connections, and statements that share a trip to the server. Only this module imports psycopg.

Each trip costs what a commit on a fast disk costs, so what needs no answer waits for the next statement that does, and
goes with it (libpq's pipeline mode).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import cast, override

import psycopg
from psycopg import RawCursor, errors
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader

from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.dialect import numbered
from bach_lib.storage.postgresql.named_rows import Found, NamedRow
from bach_lib.storage.transaction import Row, Statements, Value

_CONNECT = 5
"""Seconds in which a server has to answer."""
_SILENT = 15_000
"""Milliseconds after which a network that acknowledges nothing is gone."""
_DEFAULTS: Mapping[str, str | int] = {
    "connect_timeout": _CONNECT,
    "application_name": "bach",
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": _SILENT,
}
_SETTINGS = (
    "SET search_path TO bach",
    "SET client_encoding TO 'UTF8'",
    "SET lock_timeout TO '5s'",  # as SQLite's `busy_timeout`
    "SET idle_in_transaction_session_timeout TO '4s'",  # a process that was stopped holds up nobody
    "SET statement_timeout TO 0",
    "SET DateStyle TO ISO",
    "SET TimeZone TO 'UTC'",
)
_NOTHING_LEFT = "\ufffd"
"""For NUL, which no text can hold here."""

NO_ADDRESS, NOT_LET_IN = "address", "28000"
"""Kinds of refusals that come before there is a connection."""
_NO_VALUE = re.compile(r"invalid (integer|port|\w+ value)|for connection option")
_LETS_NOBODY_IN = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|does not exist|permission denied|not permitted"
)

type Statement = tuple[str, Sequence[Value]]
type _Connection = psycopg.Connection[Row]


class ConnectionGoneError(Exception):
    """The connection broke. `in_doubt`: while a commit was under way, so nobody knows what became of it."""

    def __init__(self, reason: str, *, in_doubt: bool = False) -> None:
        super().__init__(reason)
        self.in_doubt: bool = in_doubt


class RefusedError(Exception):
    """The server refused something. `state`: what kind of refusal (SQLSTATE); `reason`: its own words, one line."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(state, reason)
        self.state: str = state
        self.reason: str = reason


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


class Wire(Statements):
    """One connection to the server; used from one thread at a time, but for `interrupt`."""

    def __init__(self, address: Address) -> None:
        """Raises `ConnectionGoneError` or `RefusedError`."""
        self._address = address
        self._waiting: list[Statement] = []
        self._ends_with_next = False
        self._is_committing = False
        try:
            given = psycopg.conninfo.conninfo_to_dict(address.full)
            options = {name: value for name, value in _DEFAULTS.items() if name not in given}
            self._connection = cast(
                "_Connection",
                psycopg.connect(address.full, autocommit=True, prepare_threshold=0, **options),  # type: ignore[arg-type] # its own way to give them
            )
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
            self.script("; ".join(_SETTINGS))
        except BaseException:
            self._connection.close()
            raise

    @property
    def version(self) -> int:
        """Of the server, as 150018."""
        return self._connection.info.server_version

    @property
    def encoding(self) -> str:
        """Of the database."""
        return self._connection.info.parameter_status("server_encoding") or ""

    @property
    def pid(self) -> int:
        """The number of the server's process for this connection."""
        return self._connection.info.backend_pid

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
        waiting, self._waiting = self._waiting, []
        try:
            self._is_committing = ends
            if not waiting and not ends:
                return _found(self._send(sql, parameters))
            with self._connection.pipeline():
                for statement in waiting:
                    self._send(*statement)
                cursor = self._send(sql, parameters)
                if ends:
                    last = self._send("COMMIT", ())
            if ends:
                _check_committed(last)
            return _found(cursor)
        except psycopg.Error as error:
            raise self._explained(error) from error
        finally:
            self._is_committing = False

    @override
    def executemany(self, sql: str, parameters: Iterable[Sequence[Value]], /) -> Found:
        waiting, self._waiting = self._waiting, []
        try:
            with self._connection.pipeline():
                for statement in waiting:
                    self._send(*statement)
                cursors = [self._send(sql, values) for values in parameters]
        except psycopg.Error as error:
            raise self._explained(error) from error
        return Found([], sum(cursor.rowcount for cursor in cursors))

    def commit(self) -> None:
        """Run what waits, and commit it. Raises `ConnectionGoneError`, perhaps in doubt, or `RefusedError`."""
        waiting, self._waiting = self._waiting, []
        self._is_committing = True
        try:
            with self._connection.pipeline():
                for statement in waiting:
                    self._send(*statement)
                last = self._send("COMMIT", ())
            _check_committed(last)
        except psycopg.Error as error:
            raise self._explained(error) from error
        finally:
            self._is_committing = False

    def forget(self) -> None:
        """Run nothing of what waits."""
        self._waiting, self._ends_with_next = [], False

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

    def interrupt(self) -> None:
        """End the statement that is under way, from another thread."""
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=_CONNECT)

    def close(self) -> None:
        """Close. Never raises."""
        with suppress(psycopg.Error):
            self._connection.close()

    def _send(self, sql: str, parameters: Sequence[Value]) -> "RawCursor[Row]":
        cursor = cast("RawCursor[Row]", self._connection.cursor())
        return cursor.execute(numbered(sql), parameters, prepare=bool(parameters) or None)

    def _explained(self, error: psycopg.Error) -> ConnectionGoneError | RefusedError:
        reason = self._address.redact(error.diag.message_primary or _first_line(error))
        connection = getattr(self, "_connection", None)
        if connection is None:
            return _not_connected(error, reason)
        if connection.closed:
            return ConnectionGoneError(reason, in_doubt=self._is_committing)
        return RefusedError(error.sqlstate or "", reason)


def _not_connected(error: psycopg.Error, reason: str) -> ConnectionGoneError | RefusedError:
    """A server that answers and lets nobody in will not do so by itself; the driver tells that by words only."""
    if isinstance(error, psycopg.ProgrammingError) or _NO_VALUE.search(reason):
        return RefusedError(NO_ADDRESS, "")  # whose words repeat of the address what may be a secret
    if _LETS_NOBODY_IN.search(reason):
        return RefusedError(NOT_LET_IN, reason.rpartition("FATAL:")[2].strip())
    return ConnectionGoneError(reason.rpartition("failed: ")[2])


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
