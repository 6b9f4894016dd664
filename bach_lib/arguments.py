"""Validates arguments of callers without a type checker: enumerations, numbers, page sizes, paths.

A misspelt status would find nothing, and nothing looks like good news. One request must not read a whole database.
"""

import os
import re
from collections.abc import Iterable
from enum import StrEnum
from math import inf
from pathlib import Path

from bach_lib.common_sentences import (
    A_BROKEN_CHARACTER,
    A_TEXT,
    A_WHOLE_NUMBER_FROM_LOW_TO_HIGH,
    AT_MOST_NUMBER_CHARACTERS,
    TEXT_WITHOUT_HALVES_OF_CHARACTERS,
)
from bach_lib.errors import InvalidValueError
from bach_lib.said import Sentence

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
        raise InvalidValueError(field=field, value=str(value)[:50], expected=", ".join(words)) from None


def some_of[W: StrEnum](words: type[W], field: str, value: object) -> frozenset[W]:
    """The same for several; a single word stands for itself. Raises `InvalidValueError`."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return frozenset({one_of(words, field, value)})
    return frozenset(one_of(words, field, one) for one in value)


def recipient_text(value: object) -> object:
    """A whole number as text, for that is how some platforms call their chats; anything else as it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def check_characters(field: str, value: str) -> None:
    """Halves of characters can be in a Python text, but in no database and no JSON. Raises `InvalidValueError`."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValueError(
            field=field, value=A_BROKEN_CHARACTER, expected=TEXT_WITHOUT_HALVES_OF_CHARACTERS
        ) from None


def check_text(field: str, value: object, most: int) -> None:
    """Raise `InvalidValueError` for what is no text, is empty, or has more characters."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidValueError(field=field, value=str(value)[:50], expected=A_TEXT)
    if len(value) > most:
        raise InvalidValueError(field=field, value=value[:50], expected=AT_MOST_NUMBER_CHARACTERS(number=most))


def seconds(field: str, value: object) -> float:
    """A time in seconds that is not below 0 and not endless. Raises `InvalidValueError`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST:
        raise InvalidValueError(
            field=field,
            value=value,
            expected=Sentence("a_number_of_seconds_0_or_more", "a number of seconds, 0 or more"),
        )
    return float(value)


def whole(field: str, value: object, least: int, most: int) -> int:
    """A whole number in between. Raises `InvalidValueError`."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        expected = A_WHOLE_NUMBER_FROM_LOW_TO_HIGH(low=least, high=most)
        raise InvalidValueError(field=field, value=value, expected=expected)
    return value


_ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]+):/", re.ASCII | re.IGNORECASE)
"""Begins like an address; one letter before the colon is a drive of Windows. `Path` makes one slash of two."""


def file_path(
    field: str, value: str | os.PathLike[str], expected: str = Sentence("the_path_of_a_file", "the path of a file")
) -> Path:
    """A path, and no address, of which a folder would be made. Raises `InvalidValueError`.

    The address is not repeated, for it may hold a password.
    """
    if address := _ADDRESS.match(os.fspath(value)):
        raise InvalidValueError(field=field, value=f"{address[1].lower()}://…", expected=expected)
    return Path(value)


_ABOVE_ZERO = Sentence("a_number_above_0", "a number above 0")
_WHOLE_ABOVE_ZERO = Sentence("a_whole_number_above_0", "a whole number above 0")


def above_zero(field: str, value: object, *, whole: bool = False) -> None:
    """Raise `InvalidValueError` for anything but a number above 0 that has an end."""
    kind = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kind) or not 0 < value < inf:
        expected = _WHOLE_ABOVE_ZERO if whole else _ABOVE_ZERO
        raise InvalidValueError(field=field, value=repr(value)[:50], expected=expected)
