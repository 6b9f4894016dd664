"""Reads a row column by column where one of them may be damaged, so that it costs no more than itself.

Somebody edits a database by hand, or a disk flips a bit. Whoever reads one row of many goes on without what cannot be
read; whoever would act on it is told which columns those are, and never what stands in them.
"""

from collections.abc import Callable, Iterable, Mapping

from bach_lib.storage.transaction import Row, Value

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a column raises that holds what this program has never written."""


class Columns:
    """How the columns of a table are read that may be damaged, and what stands there instead, by their names."""

    def __init__(self, columns: Mapping[str, tuple[Callable[[Value], object], Value]]) -> None:
        self._columns = columns

    def damaged(self, row: Row) -> list[str]:
        """The columns of a row, as far as it has them, that cannot be read."""
        there = row.keys()
        return [name for name, (read, _) in self._columns.items() if name in there and not _can(read, row[name])]

    def mended(self, row: Row, damaged: Iterable[str]) -> Row:
        """The row, with something that can be read in these columns."""
        return {**dict(row), **{name: self._columns[name][1] for name in damaged}}


def _can(read: Callable[[Value], object], value: Value) -> bool:
    try:
        read(value)
    except UNREADABLE:
        return False
    return True
