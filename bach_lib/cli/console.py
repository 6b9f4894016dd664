"""What people see: tables and sentences on a terminal, JSON for programs.

What other people wrote is made harmless first: a message could hold control characters that repaint a terminal.
"""

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING

from bach_lib.cli.options import settings

if TYPE_CHECKING:
    from rich.console import Console

type Json = Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None
type Row = Mapping[str, Json]

_WIDE = 200
"""Columns of a table that goes into a pipe; lines are not broken before that."""


def say(sentence: str) -> None:
    """A sentence for people; programs get none."""
    if not settings().as_json:
        sys.stdout.write(f"{printable(sentence)}\n")


def show(value: Json, *columns: tuple[str, str], empty: str) -> None:
    """Rows as a table with these columns (field and heading), or as JSON."""
    rows = as_rows(value)
    if settings().as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    elif not rows:
        say(empty)
    else:
        _print_table(rows, columns)


def show_one(value: Row, *columns: tuple[str, str]) -> None:
    """One thing, a line for each field, or as JSON."""
    if settings().as_json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
        return
    width = max(len(heading) for _, heading in columns)
    for field, heading in columns:
        sys.stdout.write(f"{heading:<{width}}  {cell(value.get(field))}\n")


def as_rows(value: Json) -> list[Row]:
    """What an operation answered, if it answers with rows."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, Sequence) else []


def as_row(value: Json) -> Row:
    """What an operation answered, if it answers with one thing."""
    return value if isinstance(value, Mapping) else {}


def cell(value: Json) -> str:
    """A value as people read it."""
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case str():
            return _local(value) or printable(value)
        case Mapping():
            return ", ".join(f"{key}={cell(one)}" for key, one in value.items()) or "–"
        case Sequence():
            return ", ".join(cell(one) for one in value) or "–"
        case _:
            return str(value)


def printable(text: str, *, lines: bool = True) -> str:
    """The text without characters that do something to a terminal."""
    kept = "\n\t" if lines else ""
    return "".join(
        one
        if one in kept or unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or one == "\u200d"
        else "�"
        for one in text
    )


def console() -> Console:
    """Rich's, loaded when something is drawn; into a pipe as wide as it needs to be."""
    width = None if sys.stdout.isatty() else _WIDE
    made: Console = import_module("rich.console").Console(width=width, highlight=False, emoji=False, markup=False)
    return made


def _print_table(rows: Sequence[Row], columns: Sequence[tuple[str, str]]) -> None:
    table_of, text_of, boxes = (
        import_module("rich.table").Table,
        import_module("rich.text").Text,
        import_module("rich.box"),
    )
    terminal = console()
    table = table_of(box=boxes.SIMPLE_HEAD if terminal.is_terminal else None, pad_edge=False)
    shown = [pair for pair in columns if any(row.get(pair[0]) not in (None, "") for row in rows)]
    for field, heading in shown:
        numbers = all(isinstance(row.get(field), int | float) for row in rows)
        table.add_column(heading, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(text_of(printable(cell(row.get(field)), lines=False)) for field, _ in shown))
    terminal.print(table)


def _local(text: str) -> str | None:
    """A time of ours in the reader's own zone; None for any other text."""
    if len(text) != len("2026-01-01T00:00:00+00:00") or not text.endswith("+00:00"):
        return None
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
