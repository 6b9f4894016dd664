"""Pages of a table: its rows in portions of a bounded size, each of them as every engine takes it, or left behind."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from bach_lib.errors import RowUnreadableError
from bach_lib.said import Sentence
from bach_lib.storage.moving.digest import UnfitError, fit
from bach_lib.storage.moving.open_side import Side
from bach_lib.storage.moving.table_shapes import CONTENTS, META, Table
from bach_lib.storage.transaction import Row, Transaction, Value
from bach_lib.storage.values import integer

_ROWS = 1000
_BYTES = 8 << 20
"""Of files in one portion, unless one alone has more."""
OF_THE_PLACE = frozenset({"token", "copied", "runs", "layout", "saved", "moving", "moved to", "moved from"})
"""What a database knows of the place where it lies, and not of what is in it."""
_ROW = Sentence("a_row", "A row")
_ROW_WITH = Sentence("the_row_with_values", "The row with {values}")
_COLUMN_IS = Sentence("column_what", "{column} {what}")
_NO_NUMBER = Sentence("its_number_is_none", "its number is none")
_NO_MESSAGE = Sentence("its_message_is_not_there", "its message is not there")


@dataclass(slots=True)
class Position:
    """How far a table was read. `taken`: rows, with those that were left behind."""

    after: list[int | float] = field(default_factory=list)
    taken: int = 0
    left: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where the next ones begin."""

    rows: Sequence[tuple[Value, ...]]
    then: Position


class Pages:
    """The rows of one side. `target`: where messages have arrived whose files and attempts are read.

    `leaves`: rows that no other database would take are left behind.
    """

    def __init__(self, side: Side, target: Side, *, leaves: bool) -> None:
        self._side, self._target, self._leaves = side, target, leaves

    async def read(self, table: Table, position: Position) -> AsyncIterator[Page]:
        """All from a position on. Raises a `StorageError`."""
        fitted, total = fit(table), await self._side.count(table)
        while not position.is_done:
            found = await self._portion(table, position)
            rows, left = [], 0
            for row in found:
                values = await self._whole(table, tuple(cast("Sequence[Value]", row)))
                if table.name == META and str(values[0]) in OF_THE_PLACE:
                    continue
                try:
                    rows.append(fitted(values))
                except UnfitError as error:
                    left += self._leave(table, values, _COLUMN_IS(column=error.column, what=error.what))
            fit_rows = await self._with_owner(table, rows)
            left += len(rows) - len(fit_rows)
            then = Position(position.after, position.taken + len(found), position.left + left, is_done=not found)
            if found and table.is_numbered:
                then.after = [cast("int | float", found[-1][column.name]) for column in table.keys]
            if not found and then.taken < total:  # those whose key is no number come at no place
                then.left += self._leave(table, (), _NO_NUMBER, total - then.taken)
            yield Page(fit_rows, then)
            position = then

    async def _whole(self, table: Table, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """With what lies in a file beside the database; in another place, it lies in the row."""
        if table.name != CONTENTS or values[-1] is not None:
            return values
        digest = str(values[0])
        return (*values[:-1], (await self._side.store.kept([digest])).get(digest))

    async def _portion(self, table: Table, position: Position) -> list[Row]:
        values: dict[str, Value] = {"most": _ROWS}
        if table.is_numbered:
            values |= {f"after_{place}": value for place, value in enumerate(position.after or table.start())}
        else:
            values["taken"] = position.taken

        def read(tx: Transaction) -> list[Row]:
            if table.has_large_values:
                values["most"] = _fitting([integer(row["size"]) for row in tx.ask(table.sizes(), **values)])
            return tx.ask(table.page(), **values)

        return await self._side.store.read(read)

    async def _with_owner(self, table: Table, rows: list[tuple[Value, ...]]) -> list[tuple[Value, ...]]:
        """Those whose message is there."""
        at = table.owner
        if at is None or not rows:
            return rows
        ids = {integer(row[at]) for row in rows}
        known = await self._target.store.read(lambda tx: self._target.place.known_messages(tx, ids))
        for row in rows:
            if integer(row[at]) not in known:
                self._leave(table, row, _NO_MESSAGE)
        return [row for row in rows if integer(row[at]) in known]

    def _leave(self, table: Table, values: Sequence[Value], reason: str, number: int = 1) -> int:
        """How many are left behind; raises `RowUnreadableError` where none is to be."""
        if self._leaves:
            return number
        names = [column.name for column in table.columns]
        found = dict(zip(names, values, strict=False))
        said = ", ".join(f"{column.name} {found[column.name]!r}" for column in table.keys if column.name in found)
        row = _ROW_WITH(values=said) if said else _ROW
        raise RowUnreadableError(path=self._side.place, table=table.name, row=row, reason=reason)


def _fitting(sizes: Sequence[int]) -> int:
    """How many of these are not too much together; one at least."""
    total = 0
    for number, size in enumerate(sizes):
        total += size
        if total > _BYTES:
            return max(1, number)
    return max(1, len(sizes))
