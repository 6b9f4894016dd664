"""Output of the command: tables and sentences on a terminal, JSON for programs.

What other people wrote is made harmless first: a message could hold control characters that repaint a terminal. All
that a command says goes through here, because a stdout may be closed, full, or unable to write a character.
"""

import errno
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from shutil import get_terminal_size

from bach_lib.cli.exits import UnsaidError, note
from bach_lib.cli.options import settings
from bach_lib.redact import readable

__all__ = [
    "Json",
    "Row",
    "as_row",
    "as_rows",
    "cell",
    "confirm",
    "cut",
    "note",
    "say",
    "say_one",
    "show",
    "show_one",
    "write",
    "write_json",
]

type Json = Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None
type Row = Mapping[str, Json]

_WIDE = 200
"""Columns of a table that goes into a pipe; lines are not broken before that."""
_SHORT = 1000
"""Characters of an answer that can be a yes."""
_INDENT = "    "
"""Before what goes on with a message."""
_NO_ASCII = re.compile(r"[^\n -~]")


def say(sentence: str) -> None:
    """A sentence for people; programs get none."""
    if not settings().as_json:
        write(f"{readable(sentence, lines=True)}\n")


def say_one(text: str) -> None:
    """One of several things, over as many lines as it needs: only its first begins at the left.

    A terminal breaks what is too wide wherever that ends, and what follows would look like the next one.
    """
    written, room = readable(text, lines=True).replace("\t", "    "), _room()
    lines = written.split("\n")
    if room is not None:
        lines = import_module("bach_lib.cli.tables").broken(lines, room - len(_INDENT))
    say(f"\n{_INDENT}".join(lines))


def show(value: Json, *columns: tuple[str, str], empty: str) -> None:
    """Rows as a table with these columns (field and heading), or as JSON."""
    rows = as_rows(value)
    if settings().as_json:
        write_json(rows, indent=2)
    elif not rows:
        say(empty)
    else:
        _print_table(rows, columns)


def show_one(value: Row, *columns: tuple[str, str]) -> None:
    """One thing, a line for each field, or as JSON."""
    if settings().as_json:
        write_json(value, indent=2)
        return
    lines = [(heading, readable(cell(value.get(field)))) for field, heading in columns]
    if (room := _room()) is not None:
        write(import_module("bach_lib.cli.tables").drawn_one(lines, room))
        return
    width = max(len(heading) for heading, _ in lines)
    write("".join(f"{heading:<{width}}  {shown}\n" for heading, shown in lines))


def cut(rows: Sequence[Row], limit: int, *, more: str) -> list[Row]:
    """The first `limit` of the rows; if there are others, that is said, and what shows more of them."""
    if len(rows) > limit:
        note(f"These are the newest {limit}; there are more. {more}")
    return list(rows[:limit])


def write_json(value: Json, *, indent: int | None = None) -> None:
    """An answer for a program, which may well be a terminal: what acts is written as JSON can write any character."""
    written = json.dumps(value, ensure_ascii=not _speaks_unicode(), indent=indent)
    write(_NO_ASCII.sub(lambda found: _harmless(found[0]), written) + "\n")


def write(text: str) -> None:
    """To stdout, at once. Raises `UnsaidError` if nobody can get it."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        sys.stdout.write(text)
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        _give_up_stdout()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "stdout is closed"
        raise UnsaidError(f"The answer could not be written: {reason}. What was asked for is done.") from None


def confirm(question: str) -> bool:
    """Whether somebody says yes; nobody there is no yes."""
    if sys.stdin is None or sys.stderr is None:
        return False
    sys.stderr.write(f"{readable(question)} [y/N]: ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline(_SHORT).strip().casefold() in {"y", "yes"}
    except UnicodeError:
        return False


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
            return _local(value) or readable(value, lines=True)
        case Mapping():
            return ", ".join(f"{key}={cell(one)}" for key, one in value.items()) or "–"
        case Sequence():
            return ", ".join(cell(one) for one in value) or "–"
        case _:
            return str(value)


def _print_table(rows: Sequence[Row], columns: Sequence[tuple[str, str]]) -> None:
    tables = import_module("bach_lib.cli.tables")
    shown = [pair for pair in columns if any(row.get(pair[0]) not in (None, "") for row in rows)]
    made = [
        tables.Column(
            heading=heading,
            cells=tuple(readable(cell(row.get(field))) for row in rows),
            is_number=all(_is_number(row.get(field)) for row in rows),
        )
        for field, heading in shown
    ]
    room = _room()
    write(tables.drawn(made, room or _WIDE, has_lines=_is_terminal() and _speaks_unicode()))


def _room() -> int | None:
    """Columns of the terminal; None for a pipe, which has no end."""
    return get_terminal_size().columns if _is_terminal() else None


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _speaks_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


def _give_up_stdout() -> None:
    """What it still holds would be tried again, and fail again, when Python ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (AttributeError, OSError, ValueError):  # there is none
        pass


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _harmless(one: str) -> str:
    return one if readable(one) == one else json.dumps(one)[1:-1]


def _local(text: str) -> str | None:
    """A time of ours in the reader's own zone; None for any other text."""
    if len(text) != len("2026-01-01T00:00:00+00:00") or not text.endswith("+00:00"):
        return None
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
