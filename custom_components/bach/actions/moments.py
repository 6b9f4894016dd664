"""Reads when something is to be sent: a date and time, or the next time that the clock in the home shows a time."""

from datetime import datetime, time

from bach_lib.clock import next_shown


def next_moment(wanted: datetime | time, now: datetime) -> datetime:
    """The moment, with its time zone. `now` is by the clock in the home, as is what names no zone."""
    if isinstance(wanted, datetime):
        return wanted if wanted.tzinfo is not None else wanted.replace(tzinfo=now.tzinfo)
    return next_shown(wanted, now, now.tzinfo)
