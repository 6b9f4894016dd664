"""How old what came in is, whatever the clocks say."""

from math import inf

import pytest

from bach_lib.connectors.platform_time import UNKNOWN, PlatformTime, moment
from bach_lib.inbound.ages import Ages, CaughtUp
from bach_lib.testing import FakeClock
from tests.lib.inbound.make import incoming

NOW = 1_800_000_000.0
HOURS = 3 * 3600.0


@pytest.mark.parametrize("ours", [NOW, NOW + HOURS, NOW - HOURS])
@pytest.mark.parametrize("age", [0.0, 20.0, 10_200.0])
def test_a_date_is_held_against_the_platforms_own_clock(ours: float, age: float) -> None:
    """With a clock that is ahead every command would be too old, with one behind a door would open hours late."""
    ages, message = Ages(now=ours, told_at=NOW), incoming(sent_at=NOW - age)
    assert (ages.at_most(message, None), ages.age(message)) == (age, age)


def test_a_date_ahead_of_its_clock_proves_nothing() -> None:
    """A clock that stands where the power failed would make all that was written since look new."""
    message = incoming(sent_at=NOW + 600)
    assert Ages(now=NOW, told_at=NOW).at_most(message, None) == inf
    assert Ages(now=NOW).at_most(message, None) == inf
    assert Ages(now=NOW).age(message) == inf


def test_a_few_seconds_ahead_are_rounding() -> None:
    """Every second command would be too old, for servers disagree about the second."""
    assert Ages(now=NOW, told_at=NOW).at_most(incoming(sent_at=NOW + 2), None) == 0.0


def test_a_platform_that_should_tell_and_does_not_leaves_ages_unknown() -> None:
    """The clock of this machine would be taken for the platform's again."""
    message = incoming(sent_at=NOW - 1)
    assert Ages(now=NOW, told_at=UNKNOWN).at_most(message, None) == inf
    assert Ages(now=NOW, told_at=UNKNOWN).age(message) == inf


def test_what_came_after_everything_was_read_is_new_whatever_its_date_says() -> None:
    """Behind a server of one's own with a wrong clock no command would count."""
    ages, message = Ages(now=NOW, told_at=UNKNOWN, caught_up_at=NOW - 25), incoming(sent_at=NOW - 600)
    assert (ages.at_most(message, None), ages.age(message)) == (25, 0.0)
    assert Ages(now=NOW, told_at=NOW, caught_up_at=NOW - 25).at_most(message, None) == 25


def test_a_press_is_no_older_than_what_it_is_about() -> None:
    """After a restart of an hour, the first press below a message of ten seconds ago would count for nothing."""
    ages = Ages(now=NOW + HOURS, told_at=NOW, caught_up_at=NOW - 3600)
    assert ages.at_most(incoming(not_before=NOW - 10), None) == 10
    assert ages.at_most(incoming(), None) == 3600


def test_our_own_clock_does_not_judge_where_the_platform_tells_its_time() -> None:
    """When our clock stands where the power failed, a question of hours ago seems to be a minute old."""
    assert Ages(now=NOW, told_at=NOW + HOURS).at_most(incoming(), asked_at=NOW - 60) == inf
    assert Ages(now=NOW).at_most(incoming(), asked_at=NOW - 60) == 60


def test_until_when_all_was_read_is_kept_in_the_platforms_time(clock: FakeClock) -> None:
    """After a power cut, the time of the last poll would be that of a clock which is hours behind now."""
    caught_up = CaughtUp(clock).now(NOW)
    clock.jump(-HOURS)
    assert caught_up.before(NOW + 25) == NOW


async def test_a_clock_that_is_set_makes_nothing_younger(clock: FakeClock) -> None:
    """Setting the clock back would make the press of an hour ago look new."""
    caught_up = CaughtUp(clock).now(None)
    await clock.advance(3600)
    clock.jump(-3590)
    assert Ages(now=clock.now(), caught_up_at=caught_up.before(None)).at_most(incoming(), None) == 3600
    assert (
        Ages(now=clock.now(), told_at=UNKNOWN, caught_up_at=caught_up.before(UNKNOWN)).at_most(incoming(), None) == 3600
    )


def test_an_earlier_process_proves_nothing_where_the_platform_does_not_tell(clock: FakeClock) -> None:
    """What was read until when is by a clock of which nobody knows whether it is right."""
    assert CaughtUp(clock, at=clock.now() - 5).before(UNKNOWN) is None


async def test_the_platforms_time_goes_on_by_our_count(clock: FakeClock) -> None:
    """Between two answers, a time server that sets our clock would make every message hours old."""
    time = PlatformTime(clock)
    assert time.now() == UNKNOWN
    time.learn({"Date": "Fri, 15 Jan 2027 08:00:00 GMT"})
    clock.jump(HOURS)
    await clock.advance(10)
    assert time.now() == NOW + 10
    time.saw(NOW + 3600)
    time.saw(NOW - 3600)
    assert time.now() == NOW + 3600


@pytest.mark.parametrize("date", ["", "soon", "Fri, 99 Jan 2027 08:00:00 GMT", "1", "\0"])
def test_what_is_no_date_tells_nothing(date: str) -> None:
    """A server that sends nonsense would end receiving."""
    assert moment(date) is None
