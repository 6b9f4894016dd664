"""Reads untrusted JSON field by field: each function takes what is there, or says that there is nothing."""

from collections.abc import Mapping

MAX_NAME = 128
_MAX_NUMBER = 1 << 53
"""Ids have at most 52 bits; what is above is no id and would not survive JSON elsewhere."""

type Fields = Mapping[str, object]


def part(value: Fields, field: str) -> Fields:
    """An object in an object."""
    found = value.get(field)
    return found if isinstance(found, dict) else {}


def parts(value: Fields, field: str) -> list[Fields]:
    """A list of objects; what is none is left out."""
    found = value.get(field)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text(value: Fields, field: str) -> str:
    """A text, or an empty one."""
    found = value.get(field)
    return found if isinstance(found, str) else ""


def number(value: Fields, field: str) -> int | None:
    """A whole number that could be an id, a size or a date."""
    found = value.get(field)
    return found if type(found) is int and abs(found) < _MAX_NUMBER else None


def degrees(value: Fields, field: str, limit: int) -> float | None:
    """A number between `-limit` and `limit`, which also keeps out what is no number and what no float can hold."""
    found = value.get(field)
    if isinstance(found, bool) or not isinstance(found, int | float) or not -limit <= found <= limit:
        return None
    return float(found)


def identity(entity: Fields) -> str:
    """The id of a chat or a person, as text."""
    found = number(entity, "id")
    return "" if found is None else str(found)


def name(entity: Fields) -> str:
    """A chat's title or a person's name, in one line."""
    person = f"{text(entity, 'first_name')} {text(entity, 'last_name')}"
    found = " ".join((text(entity, "title") or person).split())
    return (found or text(entity, "username") or identity(entity))[:MAX_NAME]
