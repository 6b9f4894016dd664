"""Reads fields of untrusted JSON without ever raising: what has the wrong form is as if it were not there."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bach_lib.connectors.platform_time import PlatformTime

MAX_NAME = 128
_MAX_ID = 1 << 64
_EPOCH = 1_420_070_400_000
"""Milliseconds; Discord's ids count from the first second of 2015."""


def part(value: Mapping[str, object], field: str) -> Mapping[str, object]:
    """An object in an object; empty where there is none."""
    found = value.get(field)
    return found if isinstance(found, dict) else {}


def items(value: Mapping[str, object], field: str) -> Sequence[Mapping[str, object]]:
    """A list of objects."""
    found = value.get(field)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text(value: Mapping[str, object], field: str) -> str:
    """A text."""
    found = value.get(field)
    return found if isinstance(found, str) else ""


def name_of(value: Mapping[str, object], field: str) -> str:
    """A text in one line, and a short one."""
    return " ".join(text(value, field).split())[:MAX_NAME]


def number(value: Mapping[str, object], field: str) -> int | None:
    """A whole number, or an id, which comes as text."""
    found = value.get(field)
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) <= 20:
        found = int(found)
    return found if type(found) is int and 0 <= found < _MAX_ID else None


def may_read_texts(application: object) -> bool:
    """Whether somebody has switched the intent "message content" on for a bot.

    The second flag is that of bots in few servers: https://discord.com/developers/docs/resources/application.
    """
    flags = number(application, "flags") if isinstance(application, dict) else None
    return bool((flags or 0) & (1 << 18 | 1 << 19))


def made_by(data: object, time: PlatformTime) -> int:
    """The id of something that Discord made, 0 for one that it cannot have made yet."""
    found = number(data, "id") if isinstance(data, dict) else None
    return found if found and time.could_be(seconds_of(found)) else 0


def seconds_of(snowflake: int) -> float:
    """When an id was made (seconds since 1970)."""
    return ((snowflake >> 22) + _EPOCH) / 1000


def snowflake_at(seconds: float) -> int:
    """The first id of that moment."""
    return max(0, int(seconds * 1000) - _EPOCH) << 22


def moment(value: str) -> float | None:
    """A time as Discord writes it (seconds since 1970)."""
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        return None
