"""Rows that several requests of one transaction add, with ids that were asked for beforehand, all in one trip.

As many ids are asked for as there are requests that add one row and nothing else: ids that nobody uses leave gaps, and
ids that are kept for the next transaction would let an older message come behind a newer one of another process.
"""

from collections.abc import Callable, Sequence
from typing import override

from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.together import parts_of
from bach_lib.storage.transaction import Additions, Value
from bach_lib.storage.values import integer

_SIZES = (128, 32, 8, 1)
"""Rows a statement; few sizes, so that all stay prepared."""


class ReservedRows(Additions):
    """The rows of one insertion. `expected`: how many more of them there will be in this transaction, at least."""

    def __init__(self, wire: Wire, query: str, expected: Callable[[], int]) -> None:
        beginning, table, columns, width = parts_of(query)
        self._wire = wire
        self._expected = expected
        self._ids = f"SELECT nextval(pg_get_serial_sequence('bach.{table}', 'id')) AS id FROM generate_series(1, ?1)"  # noqa: S608 - of our own query
        row = ", ".join(f"?{place}" for place in range(1, width + 1))
        self._alone = f"{beginning}({columns}) VALUES ({row}) RETURNING id"
        self._width = width + 1
        self._statements = [(size, f"{beginning}(id, {columns}) VALUES {_rows(size, self._width)}") for size in _SIZES]
        self._free: list[int] = []
        self._values: list[Value] = []

    @override
    def forget(self) -> None:
        """A transaction begins; what the last one left was taken back, and its ids are nobody's."""
        self._free.clear()
        self._values.clear()

    @override
    def add_alone(self, values: Sequence[Value]) -> int:
        """Write a row that none follows; the id it got."""
        [row] = self._wire.execute(self._alone, values).fetchall()
        return integer(row["id"])

    @override
    def add(self, values: Sequence[Value]) -> int:
        """Let a row wait; the id it gets."""
        if not self._free:
            rows = self._wire.execute(self._ids, [max(1, self._expected())]).fetchall()
            self._free = sorted((integer(row["id"]) for row in rows), reverse=True)
        number = self._free.pop()
        self._values.append(number)
        self._values += values
        return number

    @override
    def write(self) -> None:
        """Write all that wait together with what is asked next."""
        width, begin = self._width, 0
        for size, statement in self._statements:
            while len(self._values) - begin >= size * width:
                self._wire.later(statement, self._values[begin : begin + size * width])
                begin += size * width
        self._values.clear()


def _rows(size: int, width: int) -> str:
    return ", ".join(f"({', '.join(f'?{row * width + place + 1}' for place in range(width))})" for row in range(size))
