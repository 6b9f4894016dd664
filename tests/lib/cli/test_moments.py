"""Times as people type them in a terminal."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bach_lib.cli.moments import moment
from bach_lib.control.sentences import SentenceError

NOW = datetime(2027, 1, 15, 12, 30).astimezone()


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("18:30", datetime(2027, 1, 15, 18, 30).astimezone()),
        ("07:00", datetime(2027, 1, 16, 7).astimezone()),
        ("12:30", datetime(2027, 1, 16, 12, 30).astimezone()),
        ("2027-02-01T07:00", datetime(2027, 2, 1, 7).astimezone()),
        ("2027-02-01T07:00Z", datetime(2027, 2, 1, 7, tzinfo=UTC)),
    ],
)
def test_it_is_the_next_such_moment(written: str, means: datetime) -> None:
    """A reminder for seven in the morning would come at once, or in another time zone."""
    assert moment(written, NOW) == means


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of this machine is set forward and back."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("now", "means"),
    [
        (datetime(2027, 3, 27, 21, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),  # there is no 2:30
        (datetime(2027, 10, 31, 0, 45, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)),  # the second 2:30
        (datetime(2027, 10, 31, 1, 45, tzinfo=UTC), datetime(2027, 11, 1, 1, 30, tzinfo=UTC)),
    ],
)
def test_it_is_right_on_the_nights_when_the_clock_is_set(now: datetime, means: datetime) -> None:
    """Somebody who says 2:30 would be a day late, twice a year."""
    assert moment("02:30", now) == means


@pytest.mark.parametrize("written", ["soon", "25:00", "18:30+01:00"])
def test_what_is_no_time_is_said(written: str) -> None:
    """Somebody would read a traceback, or be sent something at a time that they did not mean."""
    with pytest.raises(SentenceError, match=r"time"):
        moment(written, NOW)
