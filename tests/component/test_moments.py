"""When a time of the day comes next, also on the two nights a year when the clock is set."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from custom_components.bach.actions.moments import next_moment

HOME = ZoneInfo("Europe/Berlin")


def wall(month: int, day: int, hour: int, minute: int = 0, *, fold: int = 0) -> datetime:
    """What a clock shows."""
    return datetime(2027, month, day, hour, minute, fold=fold, tzinfo=UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("wanted", "now", "means"),
    [
        (time(18, 30), wall(1, 15, 12), wall(1, 15, 17, 30)),
        (time(7), wall(1, 15, 12), wall(1, 16, 6)),
        (time(12), wall(1, 15, 12), wall(1, 16, 11)),
        # the night before 2027-03-28: at 2:00 it is 3:00
        (time(7), wall(3, 27, 22), wall(3, 28, 5)),
        (time(2, 30), wall(3, 27, 22), wall(3, 28, 1, 30)),
        (time(2, 30), wall(3, 28, 3, 30), wall(3, 29, 0, 30)),
        # the night before 2027-10-31: at 3:00 it is 2:00 again
        (time(7), wall(10, 30, 22), wall(10, 31, 6)),
        (time(2, 30), wall(10, 30, 22), wall(10, 31, 0, 30)),
        (time(2, 30), wall(10, 31, 2, 45), wall(10, 31, 1, 30)),
        (time(2, 30), wall(10, 31, 2, 45, fold=1), wall(11, 1, 1, 30)),
        (wall(7, 1, 7), wall(1, 15, 12), wall(7, 1, 5)),
        (wall(7, 1, 7).replace(tzinfo=UTC), wall(1, 15, 12), wall(7, 1, 7)),
    ],
)
def test_it_is_the_next_such_moment(wanted: time | datetime, now: datetime, means: datetime) -> None:
    """On two mornings a year a reminder would come an hour wrong, or a day late."""
    assert next_moment(wanted, now.replace(tzinfo=HOME)) == means.replace(tzinfo=UTC)
