"""Digest of a table: the same in both engines, in whatever order its rows are read.

Each row has one; they are added up. What the engines store differently counts as the same: PostgreSQL has no NUL in a
text (it is U+FFFD there), and SQLite no negative zero.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b

from bach_lib.said import Sentence
from bach_lib.storage.moving.table_shapes import Table
from bach_lib.storage.transaction import Value

_BITS = 256


class UnfitError(Exception):
    """A value that its column should not hold, and what is wrong with it."""

    def __init__(self, what: Sentence, column: str = "") -> None:
        super().__init__(what)
        self.what: Sentence = what
        self.column: str = column


class Digest:
    """How many rows of a table there were, and what was in them."""

    def __init__(self) -> None:
        self.rows: int = 0
        self._sum = 0

    def add(self, row: Sequence[Value]) -> None:
        """One more, as `fit` returns it."""
        said = repr([blake2b(value).digest() if isinstance(value, bytes) else value for value in row])
        hashed = blake2b(said.replace("\\x00", "\ufffd").encode("utf-8", "surrogatepass"), digest_size=_BITS // 8)
        self._sum = (self._sum + int.from_bytes(hashed.digest())) % (1 << _BITS)
        self.rows += 1

    @property
    def value(self) -> tuple[int, int]:
        """Two tables are the same if these are."""
        return self.rows, self._sum


def fit(table: Table) -> Callable[[Sequence[Value]], tuple[Value, ...]]:
    """What brings a row into the form that every engine takes. It raises `UnfitError` for one that has none."""
    checks = [_FITTING[column.kind] for column in table.columns]

    def fitted(row: Sequence[Value]) -> tuple[Value, ...]:
        values: list[Value] = []
        for column, check, value in zip(table.columns, checks, row, strict=True):
            if value is None:
                if not column.may_be_empty:
                    raise UnfitError(Sentence("is_empty", "is empty"), column.name)
                values.append(value)
            else:
                try:
                    values.append(check(value))
                except UnfitError as error:
                    raise UnfitError(error.what, column.name) from None
        return tuple(values)

    return fitted


def _text(value: Value) -> Value:
    if isinstance(value, str):
        return value
    raise UnfitError(Sentence("is_no_text", "is no text"))


def _whole(value: Value) -> Value:
    if isinstance(value, int):
        return value
    raise UnfitError(Sentence("is_no_whole_number", "is no whole number"))


def _real(value: Value) -> Value:
    if isinstance(value, int | float) and value == value:  # noqa: PLR0124 - "not a number" is none
        return float(value) + 0.0
    raise UnfitError(Sentence("is_no_number", "is no number"))


def _bytes(value: Value) -> Value:
    if isinstance(value, bytes):
        return value
    raise UnfitError(Sentence("is_no_file", "is no file"))


_FITTING: dict[str, Callable[[Value], Value]] = {"TEXT": _text, "INTEGER": _whole, "REAL": _real, "BLOB": _bytes}
