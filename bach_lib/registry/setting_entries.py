"""Entries of the lists that a connection's settings hold (quiet hours, gathering): each as it is checked and read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, tzinfo
from zoneinfo import ZoneInfo

from bach_lib.common_sentences import A_TEXT, A_WHOLE_NUMBER_FROM_LOW_TO_HIGH
from bach_lib.errors import InvalidValueError
from bach_lib.said import Sentence

MOST = 200
"""Entries of such a list."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One of them. Each question raises `InvalidValueError` for what cannot be."""

    setting: str
    given: Mapping[object, object]

    @property
    def recipient(self) -> str | None:
        """Whom it is about; None: all."""
        recipient = self.given.get("recipient")
        if not isinstance(recipient, str | None) or recipient == "":
            raise self.wrong(".recipient", recipient, A_TEXT)
        return recipient

    @property
    def zone(self) -> tzinfo | None:
        """Where its clock hangs; None: here. It is read from the disk once; Python keeps it, as a few hundred bytes."""
        given = self.given.get("zone")
        try:
            return None if given is None else ZoneInfo(given if isinstance(given, str) and len(given) < 100 else "")
        except (OSError, ValueError, KeyError):  # `ZoneInfoNotFoundError` is one of the last
            raise self.wrong(".zone", given, "Europe/Berlin") from None

    def clock(self, field: str) -> time:
        """A time that a clock on the wall shows."""
        given = self.given[field]
        try:
            found = time.fromisoformat(given) if isinstance(given, str) else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is not None:
            raise self.wrong(f".{field}", given, "22:00")
        return found

    def number(self, field: str, low: int, high: int) -> int | None:
        """A whole number, if there is one."""
        given = self.given.get(field)
        if given is None:
            return None
        if isinstance(given, bool) or not isinstance(given, int) or not low <= given <= high:
            raise self.wrong(f".{field}", given, A_WHOLE_NUMBER_FROM_LOW_TO_HIGH(low=low, high=high))
        return given

    def wrong(self, field: str, value: object, expected: str) -> InvalidValueError:
        """The error about one of its fields."""
        return wrong(f"{self.setting}{field}", value, expected)


def entries(setting: str, found: object) -> list[object]:
    """The list. Raises `InvalidValueError` if it is too long; what is none has nothing in it."""
    if not isinstance(found, list):
        return []
    if len(found) > MOST:
        raise wrong(setting, len(found), Sentence("at_most_number_entries", "at most {number} entries", number=MOST))
    return found


def wrong(field: str, value: object, expected: str) -> InvalidValueError:
    """The error about a setting."""
    return InvalidValueError(field=f"settings.{field}", value=str(value)[:50], expected=expected)
