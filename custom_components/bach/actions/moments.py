"""Reads when something is to be sent: a date and time, or the next time that the clock in the home shows a time."""

from datetime import UTC, datetime, time, timedelta


def next_moment(wanted: datetime | time, now: datetime) -> datetime:
    """The moment, with its time zone. `now` is by the clock in the home, as is what names no zone.

    On the night when that is set forward, a time that it leaves out is as late as it would have been; on the night when
    it is set back, a time that comes twice is the first of the two that is still to come.
    """
    if isinstance(wanted, datetime):
        return wanted if wanted.tzinfo is not None else wanted.replace(tzinfo=now.tzinfo)
    days = [now.date() + timedelta(days=ahead) for ahead in (0, 1)]
    found = [datetime.combine(day, wanted, now.tzinfo).replace(fold=fold) for day in days for fold in (0, 1)]
    real = [one for one in found if not one.fold or _comes_twice(one)]
    return next(one for one in (each.astimezone(UTC) for each in real) if one > now)


def _comes_twice(moment: datetime) -> bool:
    """Whether the clock shows it twice that day, and not never."""
    return moment.utcoffset() != moment.replace(fold=0).utcoffset() and _is_shown(moment)


def _is_shown(moment: datetime) -> bool:
    back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return back.replace(tzinfo=None, fold=0) == moment.replace(tzinfo=None, fold=0)
