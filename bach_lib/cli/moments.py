"""Reads times as people type them."""

from datetime import datetime, time

from bach_lib.clock import next_shown
from bach_lib.control.sentences import SentenceError


def moment(written: str, now: datetime) -> datetime:
    """A date and time, or the next such time of the day; by this machine's clock if it names no zone.

    Raises `SentenceError`.
    """
    try:
        clock = time.fromisoformat(written)
    except ValueError:
        return _dated(written)
    if clock.tzinfo is not None:
        raise SentenceError(f'"{written}" has a time zone and no date. Give both, or neither.')
    return next_shown(clock, now)


def _dated(written: str) -> datetime:
    try:
        found = datetime.fromisoformat(written)
        return found if found.tzinfo is not None else found.astimezone()
    except (ValueError, OverflowError):
        raise SentenceError(
            f'"{written}" is no time. Write it like 18:30, 2027-01-15T18:30, or 2027-01-15T18:30+01:00.'
        ) from None
