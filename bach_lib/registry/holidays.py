"""Days that count as a Sunday: of quiet hours, or of a whole connection.

Each is a text: a day (`2026-12-25`), several (`2026-12-24/2027-01-06`), or the same without a year, for every year
(`12-25`, `12-24/01-06`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from bach_lib.errors import InvalidValueError

MOST: Final = 400
_EXAMPLE: Final = '["2026-12-25", "2026-12-24/2027-01-06", "12-25"]'
_A_LEAP_YEAR: Final = 2000
"""For days without a year; the 29th of February is one in the years that have it."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """Some of them. `days`: first and last of each; `yearly`: the same as month and day."""

    days: tuple[tuple[date, date], ...] = ()
    yearly: tuple[tuple[str, str], ...] = ()

    def __contains__(self, day: date) -> bool:
        """Whether this is one of them."""
        if any(first <= day <= last for first, last in self.days):
            return True
        shown = f"{day:%m-%d}"
        return any(
            first <= shown <= last if first <= last else shown >= first or shown <= last for first, last in self.yearly
        )

    def __or__(self, other: Self) -> Self:
        """Both."""
        return type(self)(self.days + other.days, self.yearly + other.yearly)

    @classmethod
    def read(cls, field: str, given: object) -> Self:
        """What a setting says. Raises `InvalidValueError` with its name."""
        if not isinstance(given, list) or len(given) > MOST:
            raise InvalidValueError(field=field, value="…", expected=_EXAMPLE)
        found = [_span(field, one) for one in given]
        return cls(tuple(_dated(found)), tuple(_undated(found)))


def _span(field: str, given: object) -> tuple[date, date, bool]:
    """The first and the last day, and whether they come every year."""
    begin, _, end = given.partition("/") if isinstance(given, str) else ("", "", "")
    is_yearly = len(begin) == len("12-25")
    year = f"{_A_LEAP_YEAR}-" if is_yearly else ""
    try:
        first = date.fromisoformat(f"{year}{begin}")
        last = date.fromisoformat(f"{year}{end}") if end else first
        if last < first and not is_yearly:
            raise ValueError
    except ValueError:
        shown = given if isinstance(given, str) and not set(given) - set("0123456789-/.") else "…"
        raise InvalidValueError(field=field, value=shown[:50], expected=_EXAMPLE) from None
    return first, last, is_yearly


def _dated(found: Iterable[tuple[date, date, bool]]) -> Iterable[tuple[date, date]]:
    return ((first, last) for first, last, is_yearly in found if not is_yearly)


def _undated(found: Iterable[tuple[date, date, bool]]) -> Iterable[tuple[str, str]]:
    return ((f"{first:%m-%d}", f"{last:%m-%d}") for first, last, is_yearly in found if is_yearly)
