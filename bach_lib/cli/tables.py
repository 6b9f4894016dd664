"""Tables that fit their terminal: all columns, those that say something, or a block for each row.

A word that is broken over lines can hardly be read, and half a terminal is what many people have: a window beside
another one, or a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_GAP = 3
"""Columns of the terminal between two of the table, at most."""
_NARROWEST = 10
"""Columns; in less nothing can be drawn at all."""
_LONG = 24
"""Where a text may be folded, it gets at least so much room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading and what stands below it."""

    heading: str
    cells: tuple[str, ...]
    is_number: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether it says nothing but zero."""
        return self.is_number and all(cell == "0" for cell in self.cells)

    @property
    def width(self) -> int:
        """As wide as it would like to be."""
        return max(map(_width, (self.heading, *self.cells)))

    @property
    def least(self) -> int:
        """As narrow as it can be and still be read: words of people fold, everything else stays whole."""
        if any(" " in cell and _width(cell) > _LONG for cell in self.cells):
            return max(_width(self.heading), _LONG)
        return self.width


def drawn(columns: Sequence[Column], room: int, *, has_lines: bool) -> str:
    """The rows as well as they fit into so many columns of a terminal. `has_lines`: it can draw some."""
    buffer = StringIO()
    terminal = _console(room, buffer)
    if _fits(columns, room):
        terminal.print(_table(columns, room, has_lines=has_lines))
        return _without_ends(buffer)
    busy = [column for column in columns if not column.is_idle]
    idle = [column.heading for column in columns if column.is_idle]
    if _fits(busy, room):
        terminal.print(_table(busy, room, has_lines=has_lines))
        terminal.print(f"0 everywhere: {', '.join(idle)}")
        return _without_ends(buffer)
    for number in range(len(columns[0].cells)):
        if number:
            terminal.print()
        _print_one([(column.heading, column.cells[number]) for column in columns], terminal)
    return _without_ends(buffer)


def drawn_one(lines: Sequence[tuple[str, str]], room: int) -> str:
    """One thing, a line for each field; what is long goes on below itself."""
    buffer = StringIO()
    terminal = _console(room, buffer)
    _print_one(lines, terminal)
    return _without_ends(buffer)


def _console(room: int, buffer: StringIO) -> Console:
    made: Console = import_module("rich.console").Console(
        file=buffer, width=max(room, _NARROWEST), highlight=False, emoji=False, markup=False, no_color=True
    )
    return made


def _without_ends(buffer: StringIO) -> str:
    """What was drawn, but for the blanks at the ends of lines, which a terminal would break over."""
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def _print_one(lines: Sequence[tuple[str, str]], terminal: Console) -> None:
    table, text = import_module("rich.table").Table, import_module("rich.text").Text
    width = max(_width(heading) for heading, _ in lines)
    if width + 2 + _LONG // 2 > terminal.width:  # then what follows has a line of its own
        for heading, cell in lines:
            terminal.print(text(heading))
            terminal.print(_indented(text(cell)))
        return
    grid: Table = table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, min_width=width)
    grid.add_column(overflow="fold")
    for heading, cell in lines:
        grid.add_row(text(heading), text(cell))
    terminal.print(grid)


def _indented(text: RenderableType) -> RenderableType:
    padded: RenderableType = import_module("rich.padding").Padding(text, (0, 0, 0, 2))
    return padded


def _fits(columns: Sequence[Column], width: int) -> bool:
    return bool(columns) and sum(column.least for column in columns) + _GAP * len(columns) - 1 <= width


def _table(columns: Sequence[Column], room: int, *, has_lines: bool) -> Table:
    table, text, boxes = (
        import_module("rich.table").Table,
        import_module("rich.text").Text,
        import_module("rich.box"),
    )
    drawn: Table = table(box=boxes.SIMPLE_HEAD if has_lines else None, pad_edge=False)
    for column in columns:
        drawn.add_column(
            column.heading,
            justify="right" if column.is_number else "left",
            overflow="fold",
            min_width=min(column.least, room),
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        drawn.add_row(*(text(cell) for cell in row))
    return drawn


def broken(lines: Sequence[str], room: int) -> list[str]:
    """Lines that are no wider than so many columns."""
    chop = import_module("rich.cells").chop_cells
    return [piece for line in lines for piece in chop(line, max(room, _NARROWEST)) or [""]]


def _width(text: str) -> int:
    width: int = import_module("rich.cells").cell_len(text)
    return width
