"""When messages of low priority to a recipient are gathered, and go as one. A setting of their connection.

Each entry is an object that says one of three things:

- `{"at": "18:00", "zone": "Europe/Berlin", "after": 20}`: all go together then, or when there are so many;
- `{"per_hour": 5}`: so many of an hour go at once, the rest of it together when the hour is over;
- `{"same_minutes": 10}`: the same text again within so many minutes goes together when they are over.

With `recipient` it is for that one, and `below` says which priorities; an alarm has a higher one, whatever is set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo

from bach_lib.clock import next_shown
from bach_lib.connectors.ours import GATHERING
from bach_lib.errors import InvalidValueError
from bach_lib.registry.setting_entries import MOST, Entry, entries

_LEAST, _HIGHEST = -9, 5
"""What is urgent is never gathered."""
_WAYS = ("at", "per_hour", "same_minutes")
_FIELDS = frozenset({"recipient", "below", "zone", "after", *_WAYS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """One entry. `recipient`: None for all; `zone`: None for that of this machine."""

    recipient: str | None
    below: int
    zone: tzinfo | None
    at: time | None
    after: int | None
    per_hour: int | None
    same_minutes: int | None

    def next_at(self, now: float) -> float | None:
        """When what is gathered goes next."""
        if self.at is None:
            return None
        return next_shown(self.at, datetime.fromtimestamp(now, UTC), self.zone).timestamp()

    def shown(self, moment: float, now: float) -> str:
        """A moment as the clock on the wall shows it there, with the date if that is another one."""
        there, here = (datetime.fromtimestamp(one, UTC).astimezone(self.zone) for one in (moment, now))
        return f"{there:%H:%M}" if there.date() == here.date() else f"{there:%Y-%m-%d %H:%M}"


def check_gathering(settings: Mapping[str, object]) -> None:
    """Raise `InvalidValueError` for what says nothing of gathering."""
    for one in entries(GATHERING.name, settings.get(GATHERING.name)):
        _read(one)


def gathering_of(settings: Mapping[str, object]) -> Iterable[Gathering]:
    """The entries of a connection. What cannot be read any more is passed over."""
    found = settings.get(GATHERING.name)
    for one in found[:MOST] if isinstance(found, list) else ():
        try:
            yield _read(one)
        except InvalidValueError:  # of another version, or of a machine that knows other zones
            continue


def _read(given: object) -> Gathering:
    if not isinstance(given, Mapping) or not given.keys() <= _FIELDS or sum(way in given for way in _WAYS) != 1:
        raise Entry(GATHERING.name, {}).wrong("", "…", '{"at": "18:00"}, {"per_hour": 5}, {"same_minutes": 10}')
    entry = Entry(GATHERING.name, given)
    if "after" in given and "at" not in given:
        raise entry.wrong(".after", given["after"], '{"at": "18:00", "after": 20}')
    below = entry.number("below", _LEAST, _HIGHEST)
    return Gathering(
        recipient=entry.recipient,
        below=1 if below is None else below,
        zone=entry.zone,
        at=entry.clock("at") if "at" in given else None,
        after=entry.number("after", 2, 500),
        per_hour=entry.number("per_hour", 1, 500),
        same_minutes=entry.number("same_minutes", 1, 1_440),
    )
