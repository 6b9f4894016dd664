"""A waiting message in memory: its place, its times, and the clock that says that it is over."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bach_lib.outbound.entry import Entry, entry_of, expiry_of
from bach_lib.testing import FakeClock
from tests.lib.outbound.make import draft, message


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
    if expires_at is None or lives is None:
        assert entry.expires is None
    else:
        assert entry.expires is not None
        assert entry.expires - now == pytest.approx(min(expires_at - wall, lives), abs=1e-3)


@given(ends_in=st.none() | st.integers(-5, 5), jump=st.sampled_from([-1e6, 0.0, 1e6]))
def test_only_the_clock_that_nobody_sets_ends_it(ends_in: int | None, jump: float) -> None:
    """An alarm would be over because the machine has just found the time."""
    clock = FakeClock()
    entry = Entry(id=1, recipient="ada", expires=None if ends_in is None else clock.monotonic() + ends_in)
    clock.jump(jump)
    assert entry.is_over(clock) is (ends_in is not None and ends_in <= 0)


@given(lives=st.none() | st.integers(1, 1_000_000), jump=st.sampled_from([-1e6, 0.0, 1e6]))
def test_the_life_of_something_new_begins_now(lives: int | None, jump: float) -> None:
    """The clock is set while the disk takes it, and it would be over at once."""
    clock = FakeClock()
    created = clock.now()
    new = draft(created_at=created, expires_at=None if lives is None else created + lives)
    clock.jump(jump)
    assert expiry_of(new, clock) == (None if lives is None else pytest.approx(clock.monotonic() + lives))
