"""Bulk inserts: rows that several requests of one transaction add, written by one statement.

Most of what SQLite does for a row that is added it does once a statement: sixteen rows in one take half as long as one
by one. Each row has its id at once; `AUTOINCREMENT` gives them in turn, and inside a transaction nobody else does.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

type _Value = str | int | float | bytes | None


class _Found(Protocol):
    @property
    def lastrowid(self) -> int | None: ...

    def fetchall(self) -> Sequence[Mapping[str, _Value]]: ...


type _Execute = Callable[[str, Sequence[_Value]], _Found]

_SIZES = (16, 4, 1)
"""Rows a statement; few sizes, so that all stay prepared."""
_ADDITION = re.compile(r"(INSERT INTO (\w+) )\((.+?)\)\s*VALUES\s*\((.+?)\);", re.DOTALL)
_LAST = "SELECT seq FROM sqlite_sequence WHERE name = ?"


def parts_of(query: str) -> tuple[str, str, str, int]:
    """The beginning of an insertion, its table, its columns, and how many values it takes. Raises `ValueError`."""
    found = _ADDITION.fullmatch(query)
    if found is None:
        raise ValueError(query)
    beginning, table, columns, values = found.groups()
    return beginning, table, columns, values.count(":")


class Together:
    """The rows that wait for being written by a query of the form `INSERT INTO … VALUES (:name, …);`."""

    def __init__(self, execute: _Execute, query: str) -> None:
        beginning, self._table, columns, count = parts_of(query)
        self._execute = execute
        self._alone = f"{beginning}({columns}) VALUES ({', '.join('?' * count)})"
        self._width = 1 + count
        row = f"({', '.join('?' * self._width)})"
        self._statements = [(size, f"{beginning}(id, {columns}) VALUES {', '.join([row] * size)}") for size in _SIZES]
        self._last_id: int | None = None
        self._values: list[_Value] = []

    def forget(self) -> None:
        """A transaction begins; what the last one left was taken back."""
        self._last_id = None
        self._values.clear()

    def add_alone(self, values: Sequence[_Value]) -> int:
        """Write a row that none follows; the id it got."""
        return self._execute(self._alone, values).lastrowid or 0

    def add(self, values: Sequence[_Value]) -> int:
        """Let a row wait; the id it gets."""
        if self._last_id is None:
            last = self._execute(_LAST, (self._table,)).fetchall()
            self._last_id = int(last[0]["seq"] or 0) if last else 0
        self._last_id += 1
        self._values.append(self._last_id)
        self._values += values
        return self._last_id

    def write(self) -> None:
        """Write all that wait, before anything else happens in the transaction."""
        width, begin = self._width, 0
        try:
            for size, statement in self._statements:
                while len(self._values) - begin >= size * width:
                    self._execute(statement, self._values[begin : begin + size * width])
                    begin += size * width
        finally:
            self.forget()
