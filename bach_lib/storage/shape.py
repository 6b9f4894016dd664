"""Compares the schema of a file with what the migrations make, before SQLite may write to it.

A file that another program or a hand has changed (a column gone, another type, an index gone, a trigger added) would
fail later, in the middle of a delivery, or lose rows in silence. So it is refused, and left as it was. What an
administrator has added beside ours and cannot hurt it stays: tables and views of one's own, and plain indexes for one's
own queries. Not a trigger of our tables, nor what refuses rows: a unique index, one of a computed value, or a table
that points to ours.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from bach_lib.errors import StoreAlteredError
from bach_lib.said import Sentence
from bach_lib.storage.schema import LAYOUT, Ask, Execute, layout_of, migrate

type Part = tuple[str, str]
"""Of which table it is, and its text."""
type Shape = Mapping[tuple[str, str], Part]
"""What a schema consists of, by kind and name, in small letters."""

_SHAPE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE substr(name, 1, 7) <> 'sqlite_'"
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_LITERALS = re.compile(r"('[^']*')")
_QUOTES = str.maketrans(dict.fromkeys('"`[]'))
_SPACES = re.compile(r"\s*([(),=<>])\s*|\s+")
_PLAIN_INDEX = re.compile(r"create index \S+ on \w+\([\w, ]+\)")
_POINTS = re.compile(r"\breferences (\w+)")
_MADE: dict[int, Shape] = {}
_LONGEST = 80
"""Characters of a name that are said."""


def check_shape(ask: Ask, ask_new: Ask, path: Path) -> None:
    """Raise `StoreAlteredError` unless the schema is that of its layout. `ask`: the file; `ask_new`: an empty one."""
    layout, found = ask(_read)
    if not 0 < layout <= LAYOUT or found == (made := _made(layout, ask_new)):  # to the letter, as nearly always
        return
    if difference := _difference(_normalised(found), _normalised(made)):
        raise StoreAlteredError(path=path, difference=difference)


def _made(layout: int, ask_new: Ask) -> Shape:
    """What the migrations make; made once."""
    if layout not in _MADE:

        def make(execute: Execute) -> Shape:
            migrate(execute, layout)
            return _read(execute)[1]

        _MADE[layout] = ask_new(make)
    return _MADE[layout]


def _read(execute: Execute) -> tuple[int, Shape]:
    parts = {
        (str(kind), str(name).lower()): (str(table).lower(), str(text)) for kind, name, table, text in execute(_SHAPE)
    }
    return layout_of(execute), parts


def _normalised(shape: Shape) -> Shape:
    return {name: (table, _normal(text)) for name, (table, text) in shape.items()}


def _normal(text: str) -> str:
    """Without what means nothing: comments, line breaks, quotes around names, capitals of words."""
    pieces = _LITERALS.split(_COMMENTS.sub(" ", text))
    words = [
        one if at % 2 else _SPACES.sub(lambda found: found[1] or " ", one.translate(_QUOTES)).lower()
        for at, one in enumerate(pieces)
    ]
    return "".join(words).strip()


def _difference(found: Shape, made: Shape) -> str | None:
    """What is wrong first, in words; None: nothing that could hurt."""
    if missing := made.keys() - found.keys():
        return Sentence("names_is_missing", "{names} is missing", names=_named(missing))
    if altered := {one for one in made if found[one][1] != made[one][1]}:
        return Sentence("names_was_changed", "{names} was changed", names=_named(altered))
    ours = {name for kind, name in made if kind == "table"}
    if hurtful := {one for one in found.keys() - made.keys() if _can_hurt(one[0], found[one], ours)}:
        return Sentence("names_was_added", "{names} was added", names=_named(hurtful))
    return None


def _can_hurt(kind: str, part: Part, ours: set[str]) -> bool:
    """Whether something beside ours acts on ours, or may refuse a row of ours."""
    table, text = part
    match kind:
        case "trigger":
            return table in ours
        case "index":
            return table in ours and not _PLAIN_INDEX.fullmatch(text)
        case "table":
            return not ours.isdisjoint(_POINTS.findall(text))
        case _:
            return False


def _named(parts: Iterable[tuple[str, str]]) -> str:
    kind, name = min(parts, key=lambda one: (one[0] != "table", one))  # without a table its indexes are gone as well
    return f'{kind.upper()} "{name[:_LONGEST]}"'  # SQL's own words, in every language
