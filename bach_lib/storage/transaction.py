"""Transaction interface: runs named queries, and leaves to its end what is cheaper done at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, cast

from bach_lib.storage.positions import InOrder, by_position
from bach_lib.storage.tally import DeliveryCounts
from bach_lib.storage.together import Together

type Value = str | int | float | bytes | None
type Row = Mapping[str, Value]


class Cursor(Protocol):
    """What a statement brought."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    @property
    def lastrowid(self) -> int | None:
        """The id of the row it added."""
        ...

    def fetchall(self) -> list[Row]:
        """The rows."""
        ...


class Statements(Protocol):
    """An open connection, of whatever engine: values are given in turn, their places are `?1`, `?2` and so on."""

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, sql: str, parameters: Iterable[Sequence[Value]], /) -> Cursor:
        """Run one statement with some values after others."""
        ...


class Additions(Protocol):
    """The rows that one insertion adds: each has its id at once, and may be written later together with others."""

    def forget(self) -> None:
        """A transaction begins; what the last one left was taken back."""
        ...

    def add_alone(self, values: Sequence[Value]) -> int:
        """Write a row that none follows; the id it got."""
        ...

    def add(self, values: Sequence[Value]) -> int:
        """Let a row wait; the id it gets."""
        ...

    def write(self) -> None:
        """Write all that wait, before anything else happens in the transaction."""
        ...


class Transaction:
    """What a request may do: run the named queries inside the current transaction.

    `additions`: of an insertion. `later`: runs a statement together with the next one; without it, it is run at once.
    """

    def __init__(
        self,
        connection: Statements,
        queries: Mapping[str, str],
        additions: Callable[[str], Additions] | None = None,
        later: Callable[[str, Sequence[Value]], None] | None = None,
    ) -> None:
        self._connection = connection
        self._queries = queries
        self._later = later
        self._additions = additions or (lambda query: Together(connection.execute, query))
        self._tally = DeliveryCounts()
        self._added: dict[str, Additions] = {}
        self._waits: Additions | None = None
        self._is_shared = False

    def begin(self, *, is_shared: bool) -> None:
        """Forget what the last one left. `is_shared`: more than one request will use it."""
        self._tally.clear()
        self._is_shared = is_shared
        if self._waits:
            self._waits.forget()
            self._waits = None

    def end(self) -> None:
        """Write what waited for the end."""
        for sums in self._tally.sums():
            self.run_later("count_delivered", [sums])
        self._write()

    def _write(self) -> None:
        if self._waits:
            waits, self._waits = self._waits, None
            waits.write()

    def _ready(self, query: str) -> tuple[str, InOrder]:
        """The query of this name, which may be run now."""
        if self._waits:
            self._write()
        return by_position(self._queries[query])

    def _execute(self, query: str, values: Mapping[str, Value]) -> Cursor:
        sql, in_order = self._ready(query)
        return self._connection.execute(sql, in_order(values))

    def rows(self, query: str, **values: Value) -> list[Row]:
        """Run the query of this name and return all its rows."""
        return self._execute(query, values).fetchall()

    def row(self, query: str, **values: Value) -> Row | None:
        """Run the query of this name and return its first row."""
        found = self.rows(query, **values)
        return found[0] if found else None

    def all_values(self, query: str, **values: Value) -> list[tuple[Value, ...]]:
        """The values of all rows, in the order of the query's columns: half the price of rows with names."""
        return [tuple(cast("Iterable[Value]", row)) for row in self._execute(query, values).fetchall()]

    def first(self, query: str, **values: Value) -> tuple[Value, ...] | None:
        """The same of the first row."""
        found = self.all_values(query, **values)
        return found[0] if found else None

    def run(self, query: str, **values: Value) -> int:
        """Run the query of this name and return how many rows it changed."""
        return self._execute(query, values).rowcount

    def run_all(self, query: str, rows: Sequence[Mapping[str, Value]]) -> int:
        """Run the query of this name with each of these values; how many rows that changed in all."""
        if not rows:
            return 0
        sql, in_order = self._ready(query)
        return self._connection.executemany(sql, map(in_order, rows)).rowcount

    def run_later(self, query: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """The same, before whatever is asked next; nobody hears how many rows that changed."""
        if self._later is None:
            self.run_all(query, rows)
        elif rows:
            sql, in_order = self._ready(query)
            for values in rows:
                self._later(sql, in_order(values))

    def ask(self, sql: str, **values: Value) -> list[Row]:
        """Run a statement that has no name, and return its rows: for who goes by the tables, whatever is in them."""
        self._write()
        statement, in_order = by_position(sql)
        return self._connection.execute(statement, in_order(values)).fetchall()

    def change(self, sql: str, rows: Iterable[Sequence[Value]]) -> int:
        """The same with each of these values, whose places are `?1`, `?2` and so on; how many rows that changed."""
        self._write()
        return self._connection.executemany(sql, rows).rowcount

    def insert(self, query: str, values: Sequence[Value]) -> int:
        """Run the insertion of this name and return the new row's id; the row is there before anything else is asked.

        `values`: in the order in which the query names them. An insertion that follows others at once is run together
        with them.
        """
        added = self._added.get(query)
        if added is None:
            added = self._added[query] = self._additions(self._queries[query])
        if not self._is_shared:
            return added.add_alone(values)
        if self._waits is not added:
            self._write()
            self._waits = added
        return added.add(values)

    def tally(self, connection: str, *, delivered: bool, now: float) -> None:
        """Count a success or a failure of a connection; written once at the end, however many there are."""
        self._tally.count(connection, delivered, now)
