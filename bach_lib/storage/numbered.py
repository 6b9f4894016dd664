"""Statements for a Python that takes the number of a place for a name.

Python 3.12 warns until 3.12.3, which Ubuntu 24.04 has, of each `?1` whose value is given in turn (gh-117995): a program
whose warnings are errors, as those of most tests are, could write nothing. There the values are given by number.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from bach_lib.storage.transaction import Cursor, Statements, Value

type _Values = Sequence[Value] | Mapping[str, Value]

_WARNS = sys.version_info < (3, 12, 4)


class _TakesNames(Protocol):
    """A connection that is given values in turn, or by name."""

    def execute(self, sql: str, parameters: _Values = (), /) -> Cursor: ...

    def executemany(self, sql: str, parameters: Iterable[_Values], /) -> Cursor: ...


class Numbered:
    """A connection whose values are given in turn, and handed on by number."""

    def __init__(self, connection: _TakesNames) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> Cursor:
        """Run one statement."""
        return self._connection.execute(sql, _by_number(parameters) if "?1" in sql else parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Value]], /) -> Cursor:
        """Run one statement with some values after others."""
        return self._connection.executemany(sql, map(_by_number, parameters) if "?1" in sql else parameters)


def statements_of(connection: _TakesNames) -> Statements:
    """The connection as this Python runs statements with numbers on it."""
    return Numbered(connection) if _WARNS else connection


def _by_number(values: Sequence[Value]) -> Mapping[str, Value]:
    return {str(number): value for number, value in enumerate(values, 1)}
