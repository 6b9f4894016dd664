"""When people rest, told from the clock on their wall alone: the judges ask this, and never BACH.

A time that is left out that night is as late as it would have been, and of one that comes twice the first counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = "Europe/Berlin"
_THERE = ZoneInfo(ZONE)
_LONGEST_CHAIN = 40


@dataclass(frozen=True, slots=True)
class Rest:
    """Somebody rests every day between these times, but for what has at least this priority."""

    recipient: str
    begins: str
    ends: str
    below: int = 1

    @property
    def setting(self) -> dict[str, object]:
        """As a connection is told of it."""
        return {
            "recipient": self.recipient,
            "from": self.begins,
            "until": self.ends,
            "zone": ZONE,
            "below": self.below,
        }


def awake_at(rests: Iterable[Rest], recipient: str, priority: int, wall: float) -> float:
    """From when on somebody may be told what is to be told at `wall`."""
    mine = [one for one in rests if one.recipient == recipient and priority < one.below]
    for _ in range(_LONGEST_CHAIN):
        later = max((_over(one, wall) for one in mine), default=wall)
        if later == wall:
            break
        wall = later
    return wall


def next_time(shown: str, wall: float) -> float:
    """When the clock there shows this next, also for the second time in a night."""
    today = _there(wall).date()
    days = [today + timedelta(days=ahead) for ahead in (0, 1, 2)]
    twice = [at for day in days if f"{_there(at := _on(day, shown, fold=1)):%H:%M}" == shown]
    return min(at for at in (*twice, *(_on(day, shown) for day in days)) if at > wall)


def _over(rest: Rest, wall: float) -> float:
    today = _there(wall).date()
    for day in (today - timedelta(days=1), today):
        begin = _on(day, rest.begins)
        end = _on(day + timedelta(days=rest.ends <= rest.begins), rest.ends)
        if begin <= wall < end:
            return end
    return wall


def _there(wall: float) -> datetime:
    return datetime.fromtimestamp(wall, UTC).astimezone(_THERE)


def _on(day: date, shown: str, fold: int = 0) -> float:
    return datetime.combine(day, time.fromisoformat(shown), _THERE).replace(fold=fold).timestamp()
