"""Fields of signal-cli's JSON, read one by one: what is missing, or is something else, counts as nothing."""

from collections.abc import Mapping

type Fields = Mapping[str, object]

MAX_NAME = 128
"""Characters of what somebody or something is called."""
_MAX_NUMBER = 1 << 53


def part_of(value: Fields, field: str) -> Fields:
    """An object."""
    found = value.get(field)
    return found if isinstance(found, dict) else {}


def parts_of(value: Fields, field: str) -> list[Fields]:
    """Several of them."""
    found = value.get(field)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text_of(value: Fields, field: str, limit: int) -> str:
    """The beginning of a text."""
    found = value.get(field)
    return found[:limit] if isinstance(found, str) else ""


def number_of(value: Fields, field: str) -> int | None:
    """A number, such as a time in milliseconds."""
    found = value.get(field)
    return found if isinstance(found, int) and is_number(found) else None


def is_number(found: object) -> bool:
    """Whether it can be one."""
    return type(found) is int and 0 <= found < _MAX_NUMBER


def calls_of(envelope: Fields) -> list[object]:
    """All that whoever sent it is called."""
    return [envelope.get(field) for field in ("sourceUuid", "sourceNumber", "source")]


def server_times(envelope: Fields) -> tuple[float, float] | tuple[None, None]:
    """When it came to Signal, and left it, by Signal's own clock: a phone, or a home, may be wrong about the time."""
    came, left = number_of(envelope, "serverReceivedTimestamp"), number_of(envelope, "serverDeliveredTimestamp")
    return (came / 1000, left / 1000) if came and left else (None, None)
