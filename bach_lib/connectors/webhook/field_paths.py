"""Paths to fields of a post, as a person writes them down.

`alerts.0.summary` is a path of names and numbers of list items; `*` stands for every item of a list, and what is found
there is joined. Where a text holds JSON, as in the fields of forms, a path goes on in there. `title|message` is the
first of them that is there. A list of such texts is all of them together. `header:x-github-event` is a header.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from bach_lib.connectors import tolerant
from bach_lib.errors import InvalidValueError
from bach_lib.said import Sentence

_PART: Final = r"[^.|\x00-\x1f]{1,100}"
_PATH: Final = re.compile(rf"{_PART}(?:\.{_PART}){{0,9}}")
HEADER: Final = "header:"
_MAX_PATHS: Final = 10
_MAX_FOUND: Final = 200


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted: the whole of it, the element of a list that one message is made of, and the headers."""

    body: object
    element: object
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to find: a row of alternatives for each part of it."""

    parts: Sequence[Sequence[str]]

    @classmethod
    def read(cls, written: object) -> Self:
        """Raises `InvalidValueError`."""
        lines = [written] if isinstance(written, str) else written
        if not isinstance(lines, list | tuple) or not 0 < len(lines) <= _MAX_PATHS:
            raise _invalid(written)
        return cls(tuple(tuple(_path(one) for one in _alternatives(line)) for line in lines))

    def find(self, posted: Posted, between: str, each: str) -> str:
        """Everything that is there, as text. What `*` finds is joined by `each`, the parts by `between`."""
        return between.join(part for part in self._each_part(posted, each) if part)

    def is_whole(self, posted: Posted) -> bool:
        """Whether there is something for each of its parts."""
        return all(self._each_part(posted, ""))

    def _each_part(self, posted: Posted, each: str) -> Iterator[str]:
        for alternatives in self.parts:
            yield next((found for path in alternatives if (found := each.join(_found(path, posted)).strip())), "")


def at(body: object, path: str) -> Iterator[object]:
    """Everything that stands at a path."""
    name, _, rest = path.partition(".")
    match body:
        case dict():
            inner = [body[name]] if name in body else []
        case list() if name == "*":
            inner = body[:_MAX_FOUND]
        case list() if name.isascii() and name.isdecimal() and len(name) < 6 and int(name) < len(body):
            inner = [body[int(name)]]
        case str() if body.startswith(("{", "[")):  # JSON in a field of a form, or in an address
            yield from at(_decoded(body), path)
            return
        case _:
            inner = []
    for one in inner:
        if rest:
            yield from at(one, rest)
        else:
            yield one


def _decoded(text: str) -> object:
    """JSON that stands in a text; nothing if it is none."""
    try:
        return tolerant.decode(text.encode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def _found(path: str, posted: Posted) -> Iterator[str]:
    if path.startswith(HEADER):
        yield posted.headers.get(path.removeprefix(HEADER), "")
        return
    for where in (posted.element, posted.body):
        texts = [text for one in at(where, path) if (text := _as_text(one))]
        if texts:
            yield from texts[:_MAX_FOUND]
            return


def _as_text(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def _alternatives(line: object) -> list[str]:
    return line.split("|") if isinstance(line, str) else [""]


def _path(written: str) -> str:
    path = written.strip()
    if path.lower().startswith(HEADER):
        path = path.lower()
    if not _PATH.fullmatch(path):
        raise _invalid(written)
    return path


def _invalid(written: object) -> InvalidValueError:
    return InvalidValueError(
        field="incoming",
        value=str(written)[:50],
        expected=Sentence(
            "paths_like_alerts_0_annotations_summary_title",
            'paths like "alerts.0.annotations.summary", "title|message", or a list of them',
        ),
    )
