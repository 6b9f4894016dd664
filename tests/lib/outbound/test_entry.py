"""A waiting message in memory: its place, its times, and which of the two clocks says that it is over."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.outbound.entry import Entry, entry_of
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import message


def test_what_memory_knows_of_a_message() -> None:
    """A message would wait in another's lane, overtake a more urgent one, or step aside while it has retries left."""
    clock = FakeClock()
    waiting = message(recipient="ada", priority=3, retry_count=5, max_retries=5)
    now = clock.monotonic()
    assert entry_of(waiting, clock) == Entry(id=7, recipient="ada", priority=3, due=now)
    assert entry_of(waiting, clock).lane == ("ada", 0)
    aside = entry_of(replace(waiting, retry_count=6), clock)
    assert aside.lane == ("ada", 7), "nobody waits for it any more"
    assert not aside.hurry


def test_a_new_entry_is_due_at_once_and_like_any_other() -> None:
    """Who says nothing of a message would have it preferred, put off or set aside."""
    entry = Entry(id=1, recipient="ada")
    assert (entry.due, entry.rank, entry.lane, entry.hurry) == (0.0, (0, 1), ("ada", 0), False)
    assert entry.over(0.0) is None
    assert not entry.is_over(FakeClock())


def test_the_more_urgent_stands_before_the_older() -> None:
    """The smoke alarm would wait for the weather report."""
    entries = [Entry(id=number, recipient="ada", priority=priority) for number, priority in ((1, 0), (2, 5), (3, 5))]
    assert [entry.id for entry in sorted(entries, key=lambda entry: entry.rank)] == [2, 3, 1]


@given(
    retry_in=st.none() | st.floats(1, 3600),
    lives=st.none() | st.floats(1, 86_400),
    attempted=st.none() | st.floats(0, 600),
    passed=st.floats(0, 4000),
    jump=st.sampled_from([0.0, -1e6, -10.0, 10.0, 1e6]),
)
def test_no_wait_is_longer_than_it_was_when_it_was_written(
    retry_in: float | None, lives: float | None, attempted: float | None, passed: float, jump: float
) -> None:
    """A clock that was set back while BACH was stopped would hold a message for years."""
    clock = FakeClock()
    created = clock.now() - 600.0
    tried = None if attempted is None else created + attempted
    retry_at = None if retry_in is None else (created if tried is None else tried) + retry_in
    expires_at = None if lives is None else created + lives
    waiting = message(created_at=created, attempted_at=tried, next_retry_at=retry_at, expires_at=expires_at)
    clock.jump(passed + jump)
    now, wall = clock.monotonic(), clock.now()
    entry = entry_of(waiting, clock)
    if retry_at is None or retry_in is None:
        assert entry.due == now
    else:
        assert entry.due - now == pytest.approx(min(retry_at - wall, retry_in), abs=1e-3)
    assert entry.expires_at == expires_at
    if expires_at is None or lives is None:
        assert entry.expires is None
    else:
        assert entry.expires is not None
        assert entry.expires - now == pytest.approx(min(expires_at - wall, lives), abs=1e-3)


ENDS = st.none() | st.integers(-5, 5)


@given(steady=ENDS, on_the_wall=ENDS, ahead=st.integers(-5, 5))
def test_the_first_of_the_two_clocks_ends_it(steady: int | None, on_the_wall: int | None, ahead: int) -> None:
    """A message would go although one of the clocks says that it is too late, or end before either does."""
    clock = FakeClock()
    clock.jump(float(ahead))
    now, wall = clock.monotonic(), clock.now()
    entry = Entry(
        id=1,
        recipient="ada",
        expires=None if steady is None else now + steady,
        expires_at=None if on_the_wall is None else wall + on_the_wall,
    )
    first = min(inf if steady is None else steady, inf if on_the_wall is None else on_the_wall)
    assert entry.is_over(clock) is (first <= 0)
    assert entry.over(wall - now) == (None if first == inf else pytest.approx(now + first))
