"""Quiet hours of recipients: when messages below a priority wait until they are over. A setting of their connection.

Each is an object like `{"recipient": "42", "from": "22:00", "until": "07:00", "zone": "Europe/Berlin", "below": 5}`.
Times are those that a clock on the wall shows there, so they stay what people mean when clocks are set: a time that is
left out that night is as late as it would have been, and of one that comes twice the first counts (`next_shown`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bach_lib.clock import next_shown
from bach_lib.connectors.ours import HOLIDAYS, QUIET_HOURS
from bach_lib.errors import InvalidValueError
from bach_lib.registry.holidays import Holidays
from bach_lib.registry.setting_entries import MOST, Entry, entries, wrong

_LONGEST_CHAIN = 31
"""Times in a row that one ends in another, or in itself on the next day."""
_LEAST, _HIGHEST = -9, 11
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIELDS = frozenset({"recipient", "from", "until", "zone", "below", "days", "holidays"})


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """One entry. `recipient`: None for all; `zone`: None for that of this machine; `days`: on which they begin."""

    recipient: str | None
    begins: time
    ends: time
    zone: tzinfo | None
    below: int
    days: frozenset[str]
    holidays: Holidays

    def end_of(self, now: datetime) -> datetime | None:
        """When they are over, if it is one of them now."""
        today = now.astimezone(self.zone).date()
        for day in (today - timedelta(days=1), today):
            if not self._begin_on(day):
                continue
            midnight = datetime.combine(day, time.min)
            before = midnight.astimezone() if self.zone is None else midnight.replace(tzinfo=self.zone)
            begin = next_shown(self.begins, before.astimezone(UTC) - timedelta(microseconds=1), self.zone)
            end = next_shown(self.ends, begin, self.zone)
            if begin <= now < end:
                return end
        return None

    def _begin_on(self, day: date) -> bool:
        return ("sun" if day in self.holidays else _DAYS[day.weekday()]) in self.days

    def shown(self, moment: datetime, now: datetime) -> str:
        """A moment as the clock on the wall shows it there, with the date if it is not within a day."""
        there = moment.astimezone(self.zone)
        return f"{there:%H:%M}" if moment - now <= timedelta(days=1) else f"{there:%Y-%m-%d %H:%M}"


def check_quiet_hours(settings: Mapping[str, object]) -> None:
    """Raise `InvalidValueError` for what are no quiet hours, or no holidays."""
    if isinstance(given := settings.get(HOLIDAYS.name), list):
        Holidays.read(f"settings.{HOLIDAYS.name}", given)
    for one in entries(QUIET_HOURS.name, settings.get(QUIET_HOURS.name)):
        _read(one)


def quiet_until(
    settings: Mapping[str, object], is_meant: Callable[[str], bool], priority: int, now: float
) -> tuple[float, str] | None:
    """When a message may go, and how people there read that time; None: it may go now.

    `is_meant`: whether an entry for this recipient is for the message's. What cannot be read any more is passed over.
    """
    free = _free(settings.get(HOLIDAYS.name))
    hours = [
        replace(one, holidays=one.holidays | free)
        for one in _readable(settings.get(QUIET_HOURS.name))
        if priority < one.below and (one.recipient is None or is_meant(one.recipient))
    ]
    began = moment = datetime.fromtimestamp(now, UTC)
    last: QuietHours | None = None
    for _ in range(_LONGEST_CHAIN):
        ends = [(end, one) for one in hours if (end := one.end_of(moment)) is not None]
        if not ends:
            break
        moment, last = max(ends, key=lambda end: end[0])
    return None if last is None else (moment.timestamp(), last.shown(moment, began))


def _free(found: object) -> Holidays:
    try:
        return Holidays() if found is None else Holidays.read("", found)
    except InvalidValueError:  # of another version
        return Holidays()


def _readable(found: object) -> Iterable[QuietHours]:
    if isinstance(found, list):
        for one in found[:MOST]:
            try:
                yield _read(one)
            except InvalidValueError:  # of another version, or of a machine that knows other zones
                continue


def _read(given: object) -> QuietHours:
    if not isinstance(given, Mapping) or not {"from", "until"} <= given.keys() <= _FIELDS:
        raise wrong(QUIET_HOURS.name, "…", '{"recipient": "42", "from": "22:00", "until": "07:00"}')
    entry = Entry(QUIET_HOURS.name, given)
    below = entry.number("below", _LEAST, _HIGHEST)
    return QuietHours(
        recipient=entry.recipient,
        begins=entry.clock("from"),
        ends=entry.clock("until"),
        zone=entry.zone,
        below=1 if below is None else below,
        days=frozenset(_days(entry)),
        holidays=Holidays.read(f"settings.{QUIET_HOURS.name}.holidays", given.get("holidays", [])),
    )


def _days(entry: Entry) -> Sequence[str]:
    given = entry.given.get("days", list(_DAYS))
    if not isinstance(given, list) or not given or not all(one in _DAYS for one in given):
        raise entry.wrong(".days", given, ", ".join(_DAYS))
    return given
