"""Validates arguments of callers without a type checker: enumerations, numbers, page sizes, paths.

A misspelt status would find nothing, and nothing looks like good news. One request must not read a whole database.
"""

import os
import re
from collections.abc import Iterable
from enum import StrEnum
from math import inf
from pathlib import Path

from bach_lib.errors import InvalidValueError

_MAX_PAGE = 500


def check_limit(limit: int) -> None:
    """Raise `InvalidValueError` for a page without a row, or with too many."""
    whole("limit", limit, 1, _MAX_PAGE)


LONGEST = 250_000_000_000.0
"""Seconds: so long from now, the last date that can be written, in the year 9999, is nearly there."""


def one_of[W: StrEnum](words: type[W], field: str, value: object) -> W:
    """The word of an enumeration that a value stands for. Raises `InvalidValueError`."""
    try:
        return words(value)  # type: ignore[arg-type] # anything else is refused
    except ValueError:
        raise InvalidValueError(field=field, value=str(value)[:50], expected=" or ".join(words)) from None


def some_of[W: StrEnum](words: type[W], field: str, value: object) -> frozenset[W]:
    """The same for several; a single word stands for itself. Raises `InvalidValueError`."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return frozenset({one_of(words, field, value)})
    return frozenset(one_of(words, field, one) for one in value)


def recipient_text(value: object) -> object:
    """A whole number as text, for that is how some platforms call their chats; anything else as it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def seconds(field: str, value: object) -> float:
    """A time in seconds that is not below 0 and not endless. Raises `InvalidValueError`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST:
        raise InvalidValueError(field=field, value=value, expected="a number of seconds, 0 or more")
    return float(value)


def whole(field: str, value: object, least: int, most: int) -> int:
    """A whole number in between. Raises `InvalidValueError`."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        expected = f"a whole number from {least} to {most}"
        raise InvalidValueError(field=field, value=value, expected=expected)
    return value


_ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]+):/", re.ASCII | re.IGNORECASE)
"""Begins like an address; one letter before the colon is a drive of Windows. `Path` makes one slash of two."""


def file_path(field: str, value: str | os.PathLike[str], expected: str = "the path of a file") -> Path:
    """A path, and no address, of which a folder would be made. Raises `InvalidValueError`.

    The address is not repeated, for it may hold a password.
    """
    if address := _ADDRESS.match(os.fspath(value)):
        raise InvalidValueError(field=field, value=f"{address[1].lower()}://…", expected=expected)
    return Path(value)


def above_zero(field: str, value: object, *, whole: bool = False) -> None:
    """Raise `InvalidValueError` for anything but a number above 0 that has an end."""
    kind = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kind) or not 0 < value < inf:
        expected = f"a {'whole ' if whole else ''}number above 0"
        raise InvalidValueError(field=field, value=repr(value)[:50], expected=expected)
