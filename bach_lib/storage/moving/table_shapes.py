"""The tables of the present layout, as the migrations make them, and the statements that read and fill them.

Every statement says the same in both engines, so that rows are read from either in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bach_lib.storage.schema import Execute, migrate
from bach_lib.storage.sqlite import ask_new

META = "meta"
"""The table of what the database knows of itself; not all of that moves."""
MESSAGES = "messages"
"""The table to whose rows the rows of others belong."""
CONTENTS = "contents"
"""The table of what is in files, which may lie beside the database: then only its hash and size are here."""
_HIGHEST, _LOWEST = 2**63 - 1, -(2**63)
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY rowid"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `kind`: TEXT, INTEGER, REAL or BLOB."""

    name: str
    kind: str
    may_be_empty: bool
    place_in_key: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table, with the columns that tell its rows apart."""

    name: str
    columns: tuple[Column, ...]
    keys: tuple[Column, ...]

    @property
    def is_numbered(self) -> bool:
        """Whether its rows are found by number, which costs the same at its end as at its beginning."""
        return all(column.kind == "INTEGER" for column in self.keys)

    @property
    def counts_up(self) -> bool:
        """Whether it gives numbers to its rows, none of them twice."""
        return [column.name for column in self.keys] == ["id"]

    @property
    def owner(self) -> int | None:
        """The place of the column that names the message to which a row belongs; None: rows stand alone."""
        names = [column.name for column in self.columns]
        return names.index("message_id") if self.keys[0].name == "message_id" else None

    @property
    def has_large_values(self) -> bool:
        """Whether a few rows may fill the memory."""
        return any(column.kind == "BLOB" for column in self.columns)

    def start(self) -> list[int | float]:
        """Where reading begins, before the first row."""
        return [_LOWEST] * len(self.keys) if self.is_numbered else []

    def page(self) -> str:
        """Rows from somewhere on. Whatever is no number comes after all numbers, in a file, and is left out."""
        return self._reading(", ".join(f'"{column.name}"' for column in self.columns))

    def sizes(self) -> str:
        """How large these are."""
        [large] = [column.name for column in self.columns if column.kind == "BLOB"]
        return self._reading(f'coalesce(length("{large}"), CAST("size" AS INTEGER)) AS size')

    def insertion(self) -> str:
        """Adds a row."""
        names = ", ".join(f'"{column.name}"' for column in self.columns)
        places = ", ".join(f"?{place}" for place in range(1, len(self.columns) + 1))
        return f'INSERT INTO "{self.name}" ({names}) VALUES ({places})'  # noqa: S608 - our own names

    def counting(self) -> str:
        """How many rows it has."""
        return f'SELECT count(*) AS number FROM "{self.name}"'  # noqa: S608 - the same

    def emptying(self) -> str:
        """Takes all of them away."""
        return f'DELETE FROM "{self.name}"'  # noqa: S608 - the same

    def _reading(self, what: str) -> str:
        keys = ", ".join(f'"{column.name}"' for column in self.keys)
        query = f'SELECT {what} FROM "{self.name}"'  # noqa: S608 - the same
        if not self.is_numbered:
            return f"{query} ORDER BY {keys} LIMIT :most OFFSET :taken"
        after = ", ".join(f":after_{place}" for place in range(len(self.keys)))
        numbers = " AND ".join(f'"{column.name}" <= {_HIGHEST}' for column in self.keys)
        return f"{query} WHERE ({keys}) > ({after}) AND {numbers} ORDER BY {keys} LIMIT :most"


@cache
def tables() -> tuple[Table, ...]:
    """All that move, in an order in which each row comes after what it points to."""
    return ask_new(_read)


def _read(execute: Execute) -> tuple[Table, ...]:
    migrate(execute)
    return tuple(_table(execute, str(name)) for (name,) in list(execute(_TABLES)))


def _table(execute: Execute, name: str) -> Table:
    columns = tuple(_column(row) for row in execute(f"PRAGMA table_info({name})"))
    keys = sorted((one for one in columns if one.place_in_key), key=lambda column: column.place_in_key)
    return Table(name, columns, tuple(keys))


def _column(row: Sequence[object]) -> Column:
    _, name, kind, is_full, _, place = row
    return Column(str(name), str(kind), may_be_empty=not is_full and not place, place_in_key=int(str(place)))
