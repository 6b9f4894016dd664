"""How old what came in is, whatever the clocks say."""

from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.connectors.base import Incoming
from bach_lib.connectors.platform_time import UNKNOWN, PlatformTime, moment
from bach_lib.inbound.ages import Ages, CaughtUp, ClockNotice
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


@pytest.mark.parametrize(("ahead", "age"), [(60.0, 0.0), (61.0, inf)])
def test_how_far_a_date_may_be_ahead_is_a_minute(ahead: float, age: float) -> None:
    """A server with a clock of its own would be disbelieved, or one that is wrong be believed."""
    ages, message = Ages(now=NOW, told_at=NOW), incoming(sent_at=NOW + ahead)
    assert (ages.at_most(message, None), ages.age(message)) == (age, age)


@pytest.mark.parametrize(("ago", "age"), [(60.0, 0.0), (61.0, inf)])
def test_only_what_a_poll_could_bring_is_just_now(ago: float, age: float) -> None:
    """A message of which nobody knows the age would be called new, and an answer of yesterday be taken."""
    ages = Ages(now=NOW, told_at=UNKNOWN, caught_up_at=NOW - ago)
    assert ages.age(incoming(sent_at=NOW)) == age
    assert ages.age(incoming()) is None


def test_a_message_brings_the_time_it_was_handed_over() -> None:
    """Of a poll of an hour the last message would be as old as if it had come with the first."""
    message = incoming(sent_at=NOW, told_at=NOW + 7)
    for ages in (Ages(now=NOW + HOURS), Ages(now=NOW, told_at=NOW + HOURS)):
        assert (ages.at_most(message, None), ages.age(message)) == (7, 7)


def test_what_has_a_date_is_judged_by_nothing_weaker() -> None:
    """A message of yesterday below a question of just now would open the door."""
    message = incoming(sent_at=NOW - HOURS, not_before=NOW - 1)
    assert Ages(now=NOW).at_most(message, asked_at=NOW - 1) == HOURS


def test_one_clock_at_least_must_have_told_of_both() -> None:
    """When our clock stands where the power failed, a question of hours ago would seem to be a minute old."""
    assert Ages(now=NOW).at_most(incoming(told_at=NOW + HOURS), asked_at=NOW - 60) == inf
    assert Ages(now=NOW, told_at=UNKNOWN).at_most(incoming(not_before=NOW - 5), None) == 5


MOMENTS = st.one_of(st.none(), st.sampled_from([NOW, NOW - 60, NOW + 60, UNKNOWN]), st.floats(NOW - HOURS, NOW + HOURS))
MESSAGES = st.builds(incoming, sent_at=MOMENTS, not_before=MOMENTS)


@given(message=MESSAGES, told_at=MOMENTS, caught_up_at=MOMENTS, asked_at=MOMENTS)
def test_knowing_more_never_makes_anything_older(
    message: Incoming, told_at: float | None, caught_up_at: float | None, asked_at: float | None
) -> None:
    """Ages would jump with what else happens to be known, or lie below zero."""
    ages = [
        Ages(now=NOW, told_at=told_at, caught_up_at=known).at_most(message, asked)
        for known, asked in ((None, None), (caught_up_at, None), (caught_up_at, asked_at))
    ]
    assert all(0 <= younger <= older for older, younger in pairwise(ages))


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


def test_a_platform_that_falls_silent_does_not_take_back_what_it_told(clock: FakeClock) -> None:
    """One answer without a date, and the press after it would be as old as the last start."""
    caught_up = CaughtUp(clock).now(NOW - 10)
    assert caught_up.now(UNKNOWN).before(NOW) == NOW - 10
    assert caught_up.now(UNKNOWN).before(UNKNOWN) == clock.now()
    assert CaughtUp(clock).before(None) is CaughtUp(clock).before(UNKNOWN) is None
    assert CaughtUp(clock, at=5.0).before(None) == 5.0
    assert CaughtUp(clock, at=5.0).before(NOW) == 5.0


async def test_the_count_of_this_process_goes_before_an_older_one(clock: FakeClock) -> None:
    """While the machine sleeps our count stands still: what came then would look new."""
    caught_up = CaughtUp(clock).now(None)
    clock.jump(HOURS)  # asleep
    await clock.advance(10)
    assert caught_up.before(None) == clock.now() - 10 - HOURS


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (60.0, []),
        (-60.0, []),
        (HOURS, ["10800 s ahead of that of the platform of home, "]),
        (-61.0, ["61 s behind that of the platform of home, "]),
    ],
)
def test_clocks_that_are_far_apart_are_told_of_once(
    clock: FakeClock, caplog: pytest.LogCaptureFixture, ahead: float, told: list[str]
) -> None:
    """Nobody would learn why times look odd; or the log would say so with every poll."""
    notice = ClockNotice("home", clock)
    for told_at in (None, UNKNOWN, clock.now() - ahead, clock.now() - ahead):
        notice.hold_against(told_at)
    begin, end = "The clock of this machine is ", "which counts for what comes in"
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert lines == [("WARNING", f"{begin}{one}{end}") for one in told]


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
