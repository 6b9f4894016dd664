"""What was sent within the last day: hours that pass, and what is no longer counted."""

import pytest

from bach_lib.metrics.last_day import HOURS, Hour, RecentAttempts

HOUR = 3600.0
START = 1_000_000.5  # within an hour, as everything begins


@pytest.fixture
def recent() -> RecentAttempts:
    """Nothing was tried yet."""
    return RecentAttempts()


def test_attempts_stand_in_their_hours_and_go_after_a_day(recent: RecentAttempts) -> None:
    """A chart would show yesterday's outage as today's, or an outage nowhere."""
    recent.add(START, "sent", 0.5)
    recent.add(START + 2 * HOUR, "dead", 1.5)
    recent.add(START + 2 * HOUR, "wait", 0.0)
    hours = recent.hours(START + 2 * HOUR)
    assert len(hours) == HOURS
    assert hours[-3:] == (Hour(sent=1, seconds=0.5), Hour(), Hour(failed=1, seconds=1.5))
    assert sum(hour.sent for hour in recent.hours(START + 23 * HOUR)) == 1
    assert sum(hour.sent for hour in recent.hours(START + 24 * HOUR)) == 0
    assert recent.hours(START + 100 * HOUR) == (Hour(),) * HOURS


def test_however_much_is_sent_little_is_kept(recent: RecentAttempts) -> None:
    """A home that runs for a year would fill its memory with numbers."""
    for hour in range(1000):
        recent.add(START + hour * HOUR, "sent", 0.1)
    assert sum(hour.sent for hour in recent.hours(START + 999 * HOUR)) == HOURS


def test_the_last_minute_passes(recent: RecentAttempts) -> None:
    """The rate would stand still on what was sent long ago."""
    for second in range(60):
        recent.add(START + second, "sent", 0.0)
    assert 55 <= recent.sent_in_last_minute(START + 59) <= 60
    assert recent.sent_in_last_minute(START + 125) == 0
