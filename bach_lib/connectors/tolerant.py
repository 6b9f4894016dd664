"""Per-element error isolation: an element that cannot be read costs only itself, never what came beside it.

Platforms hand over much at once, in a list, a batch or a line, and would hand over the same again. So whatever is wrong
with one element (a type nobody thought of, half a character, a number that no float holds), it is set aside with the
reason and with as much of it as is useful, and its neighbours come in.
"""

import json
import re
from collections.abc import Callable, Iterable

import orjson

from bach_lib.connectors.base import Unreadable
from bach_lib.foreign import ForeignError, guarded_call

MAX_RAW = 32_768
"""Characters of an unreadable element that are handed on. The inbox keeps half of them."""

_MAX_WORDS = 200
"""Characters of a reason."""
_MAX_DIGITS = 300
"""Of a whole number; above that it is none that anybody counts with."""
_DEEPEST = 200
"""Levels that are kept of JSON whose levels are too many to be read."""
_MAX_DEEP = 1 << 20
"""Characters of such JSON that are looked through; it takes a second for some ten million."""
_MARKS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)


class UnreadableError(Exception):
    """Raised by who reads an element; its text is the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason: str = reason
        """The same, in whatever language it can be said."""


def read_each[E, F](elements: Iterable[E], read: Callable[[E], Iterable[F]]) -> list[F | Unreadable]:
    """What `read` finds in each of them; those with which it fails, for whatever reason, are set aside in its place."""
    found: list[F | Unreadable] = []
    for element in elements:
        found += read_one(element, read)
    return found


def read_one[E, F](
    element: E, read: Callable[[E], Iterable[F]], *, passing: tuple[type[Exception], ...] = ()
) -> list[F | Unreadable]:
    """The same for a single element. `passing`: what is raised all the same."""
    try:
        return guarded_call(lambda: list(read(element)))
    except passing:
        raise
    except UnreadableError as error:
        return [aside(element, error.reason)]
    except Exception as error:  # noqa: BLE001 - a border: whatever it was, it is this element's
        return [aside(element, _named(error))]


def aside(element: object, reason: str) -> Unreadable:
    """An element that cannot be read."""
    return Unreadable(raw=_written(element), reason=reason)


def decode(raw: str | bytes) -> object:
    """The object that JSON stands for. Raises `ValueError` for what is none.

    Half a character, a NaN or a number without end in one element must not make all of them unreadable; who reads the
    element finds it. What lies too deep is left out.
    """
    try:
        found: object = orjson.loads(raw)
    except ValueError:
        text = raw if isinstance(raw, str) else raw.decode(errors="replace")
        found = _loads(text)
    return found


def _loads(text: str) -> object:
    try:
        found: object = json.loads(text, parse_int=_whole)
    except RecursionError:
        if len(text) > _MAX_DEEP:
            raise ValueError("too many levels") from None
        found = json.loads(_shallow(text), parse_int=_whole)
    return found


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)


def _shallow(text: str) -> str:
    """The same JSON with null for everything that lies deeper than `_DEEPEST`."""
    kept, depth, begin = [], 0, 0
    for mark in _MARKS.finditer(text):
        if mark[0] in {"[", "{"}:
            depth += 1
            if depth == _DEEPEST + 1:
                kept.append(text[begin : mark.start()] + "null")
        elif mark[0] in {"]", "}"}:
            depth -= 1
            if depth == _DEEPEST:
                begin = mark.end()
    return "".join(kept) + (text[begin:] if depth <= _DEEPEST else "")


def _named(error: Exception) -> str:
    """What went wrong, in few words; what foreign code raises need not be able to say so."""
    try:
        return (str(error) if isinstance(error, ForeignError) else repr(error))[:_MAX_WORDS]
    except Exception:  # noqa: BLE001 - a border, as above
        return type(error).__name__


def _written(element: object) -> str:
    """The beginning of it, as JSON where it is none of ours."""
    if isinstance(element, bytes):
        return element[:MAX_RAW].decode(errors="backslashreplace")
    if isinstance(element, str):
        return element[:MAX_RAW]
    written = ""
    try:
        for piece in _ENCODER.iterencode(element):  # which goes no further than it is asked to
            written += piece[:MAX_RAW]
            if len(written) >= MAX_RAW:
                break
    except Exception as error:  # noqa: BLE001 - it is shown as far as it can be
        written += f"… ({type(error).__name__})"
    return written[:MAX_RAW]


_ENCODER = json.JSONEncoder(default=repr, check_circular=False)
