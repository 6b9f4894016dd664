"""What a statement brings from the server, in the form in which `sqlite3` brings it from a file."""

from collections.abc import Iterator, KeysView, Mapping, Sequence
from typing import override

from bach_lib.storage.transaction import Row, Value


class NamedRow(Mapping[str, Value]):
    """A row as `sqlite3.Row` is one: values by name, and in turn."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: Sequence[Value]) -> None:
        self._places = places
        self._values = values

    @override
    def __getitem__(self, name: str) -> Value:
        return self._values[self._places[name]]

    @override
    def __iter__(self) -> Iterator[Value]:  # type: ignore[override] # as `sqlite3.Row`
        return iter(self._values)

    @override
    def __len__(self) -> int:
        return len(self._values)

    @override
    def keys(self) -> KeysView[str]:
        return self._places.keys()


class Found:
    """What a statement brought."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Row], rowcount: int) -> None:
        self._rows = rows
        self.rowcount: int = rowcount

    @property
    def lastrowid(self) -> int | None:
        """Insertions that need it ask for it (`RETURNING`)."""
        return None

    def fetchall(self) -> list[Row]:
        """The rows."""
        return self._rows
