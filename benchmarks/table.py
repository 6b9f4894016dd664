"""The rows of the table: our figure, another one measured in the same run, their ratio, and what we aim at."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A limit for our figure, or for its ratio to the other one."""

    limit: float
    at_least: bool = False
    of_ratio: bool = False

    def is_met(self, value: float) -> bool:
        """Whether a figure or ratio keeps the limit."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. `ours` is None when it could not be measured; `note` then says why.

    `ratio` is ours ÷ theirs as measured round by round, which is steadier than the quotient of the two medians.
    """

    name: str
    unit: str
    ours: float | None
    other: str = ""
    theirs: float | None = None
    ratio: float | None = None
    aim: Aim | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none, or no figure."""
        value = self.ratio if self.aim and self.aim.of_ratio else self.ours
        return None if self.aim is None or value is None else self.aim.is_met(value)

    def cells(self) -> tuple[str, ...]:
        """What the table shows."""
        return (
            self.name,
            self.note or _with_unit(self.ours, self.unit),
            self.other,
            _with_unit(self.theirs, self.unit),
            "" if self.ratio is None else f"{_number(self.ratio)} ×",
            _aim(self.aim, self.unit),
            {True: "yes", False: "no", None: ""}[self.met],
        )


HEADINGS = ("what", "ours", "compared with", "that", "ratio", "aim", "met")


def render(rows: Iterable[Row]) -> str:
    """The table in Markdown, its columns aligned so that it reads well in a terminal too."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    first, *rest = [_line(cells, widths) for cells in lines]
    return "\n".join([first, rule, *rest])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _aim(aim: Aim | None, unit: str) -> str:
    if aim is None:
        return ""
    return f"{'≥' if aim.at_least else '≤'} {aim.limit:g} {'×' if aim.of_ratio else unit}".rstrip()


def _with_unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    """Three digits that count; more would claim a precision that no run has."""
    if value == int(value) and value < 100:
        return str(int(value))
    size = math.floor(math.log10(abs(value)))
    return f"{value:,.{max(2 - size, 0)}f}"
