"""Whether an id is of one delivery, or names a thing that posts again and again.

By its looks nobody can tell: serial numbers, radio addresses and the UUIDs of devices are as long as those of
deliveries, and a device says the same under them at each alarm. What tells is a time: no device is called after the
moment at which it posts. What has none is in doubt, and what is in doubt comes in: twice is better than not at all.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

_DAY: Final = 86_400.0
_ZONES: Final = 14 * 3600.0
"""Seconds by which a day may begin before or after that of UTC."""
_GREGORIAN: Final = datetime(1582, 10, 15, tzinfo=UTC)
"""From which on the UUIDs of the versions 1 and 6 count."""
_BASE32: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's."""

_DATE: Final = re.compile(
    r"(?<![0-9])(?:(?P<y>20[0-9]{2})(?P<s>[-/._]?)(?P<m>[01][0-9])(?P=s)(?P<d>[0-3][0-9])"
    r"|(?P<d2>[0-3]?[0-9])(?P<s2>[-/.])(?P<m2>[01]?[0-9])(?P=s2)(?P<y2>20[0-9]{2}))(?=(?:[0-9]{4}|[0-9]{6})?(?![0-9]))"
)
_COUNTED: Final = re.compile(r"(?<![0-9])(?:[0-9]{10}|[0-9]{13}|[0-9]{16}|[0-9]{19})(?![0-9])")
"""Seconds since 1970, or thousandths, millionths, billionths of them."""
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_ULID: Final = re.compile(rf"(?<![0-9A-Za-z])[0-7][{_BASE32}]{{25}}(?![0-9A-Za-z])", re.IGNORECASE)
_OBJECT_ID: Final = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{24}(?![0-9A-Za-z])", re.IGNORECASE)

_OF_DELIVERIES: Final = re.compile(
    r"header:(?:(?:webhook|svix|ce)-id|.*(?:delivery|idempotency).*"
    r"|.*(?:request|message|event|transaction|notification)-(?:uu)?id)"
)
"""Paths to headers. Not `…-webhook-uuid`, `…-hook-id` and `…-event-key`: they are the hook's, or a kind of event."""


def is_of_deliveries(path: str) -> bool:
    """Whether it leads to a header that is there to tell one request from the next."""
    return _OF_DELIVERIES.fullmatch(path) is not None


def names_delivery(id_: str, now: float) -> bool:
    """Whether the same id once more can only be the same delivery: it holds a time, which is about `now`."""
    if any(-_ZONES <= now - day <= _DAY + _ZONES for day in _days(id_)):
        return True
    return any(abs(now - moment) <= _DAY for moment in _moments(id_))


def _days(id_: str) -> Iterator[float]:
    """When the days begin that are written in it, by UTC."""
    for found in _DATE.finditer(id_):
        year, first, second = (
            (found["y"], found["m"], found["d"]) if found["y"] else (found["y2"], found["m2"], found["d2"])
        )
        for month, day in ((first, second), (second, first)):  # where the month stands is a matter of the country
            with suppress(ValueError):
                yield datetime(int(year), int(month), int(day), tzinfo=UTC).timestamp()


def _moments(id_: str) -> Iterator[float]:
    """What is counted in it since 1970, openly or as the beginning of what is random else."""
    for found in _COUNTED.finditer(id_):
        yield int(found[0]) / 10 ** (len(found[0]) - 10)
    for found in _UUID.finditer(id_):
        yield from _of_uuid(UUID(found[0]))
    for found in _ULID.finditer(id_):
        yield _number(found[0][:10]) / 1000
    for found in _OBJECT_ID.finditer(id_):
        yield int(found[0][:8], 16)


def _of_uuid(uuid: UUID) -> Iterator[float]:
    if uuid.version == 7:
        yield (uuid.int >> 80) / 1000
    elif uuid.version in {1, 6}:
        high, middle, low = uuid.time_low, uuid.time_mid, uuid.time_hi_version & 0xFFF
        ticks = (high << 28) + (middle << 12) + low if uuid.version == 6 else uuid.time
        yield (_GREGORIAN + timedelta(microseconds=ticks // 10)).timestamp()


def _number(digits: str) -> int:
    number = 0
    for digit in digits.upper():
        number = number * 32 + _BASE32.index(digit)
    return number
