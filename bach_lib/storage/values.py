"""Typed access to rows, whose columns could hold anything as far as the type checker knows."""

import json
import math

from bach_lib.storage.transaction import Value

_HIGHEST_ID = 2**63 - 1
_DIGITS = 18


def upper_bound(before: int | None) -> int:
    """What ids of a page must be below; a number from outside may be larger than any id can be."""
    return _HIGHEST_ID if before is None else min(max(before, 0), _HIGHEST_ID)


def integer(value: Value) -> int:
    """A column that always holds a whole number. Raises what `columns.UNREADABLE` names, as all of these do."""
    number = int(value or 0)
    if abs(number) > _HIGHEST_ID:
        raise OverflowError("more than 63 bits")
    return number


def noted(value: object) -> int:
    """A whole number that is kept as text, where another hand may have written anything: then it is 0."""
    found = str(value)
    return int(found) if found.isdecimal() and len(found) <= _DIGITS else 0


def real(value: Value) -> float | None:
    """A column that holds a number or nothing."""
    if value is None:
        return None
    if not math.isfinite(number := float(value)):
        raise ValueError("no number that can be written")
    return number


def text(value: Value) -> str | None:
    """A column that holds text or nothing."""
    return None if value is None else str(value)


def listed(value: Value) -> list[object]:
    """A column that holds a list, as JSON; an empty one where it holds nothing."""
    found: object = json.loads(str(value)) if value is not None else []
    if not isinstance(found, list):
        raise TypeError("no list")
    return found


def words(value: Value) -> list[str]:
    """The same of texts."""
    return [word(one) for one in listed(value)]


def fields(value: Value) -> dict[str, object]:
    """A column that holds an object, as JSON."""
    return mapping(json.loads(str(value)))


def pairs(found: object) -> list[tuple[str, str]]:
    """A list of pairs of texts in one of those."""
    if not isinstance(found, list):
        raise TypeError("no list")
    return [_pair(one) for one in found]


def _pair(found: object) -> tuple[str, str]:
    match found:
        case [str(first), str(second)]:
            return first, second
    raise TypeError("no pair")


def word(found: object) -> str:
    """A text in one of those."""
    if not isinstance(found, str):
        raise TypeError("no text")
    return found


def whole(found: object) -> int:
    """A whole number in one of those."""
    if isinstance(found, bool) or not isinstance(found, int):
        raise TypeError("no whole number")
    return integer(found)


def number(found: object) -> float | None:
    """A number in one of those, or nothing."""
    if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
        raise TypeError("no number")
    return real(found)


def mapping(found: object) -> dict[str, object]:
    """An object in one of those."""
    if not isinstance(found, dict):
        raise TypeError("no object")
    return found
