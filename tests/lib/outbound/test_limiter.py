"""The limiter by itself: never more than was allowed, and never longer than it takes."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bach_lib.connectors.capabilities import Rate
from bach_lib.outbound import limiter as limiter_module
from bach_lib.outbound.limiter import Limiter

YEARS = 3e8
"""Seconds a machine may have been up; so far from zero, small differences are rounded away."""


class Bench:
    """A limiter and the time it sees."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.limiter = Limiter(lambda: self.now)

    def reserve(self, **rates: Rate) -> float:
        """Try to take a place."""
        stop = self.limiter.reserve(rates)
        return stop.seconds if stop else 0.0

    def burst(self, **rates: Rate) -> int:
        """How many places can be taken at this moment."""
        number = 0
        while not self.reserve(**rates):
            number += 1
        return number


RATES = st.builds(
    Rate,
    count=st.integers(1, 50),
    per=st.sampled_from([0.7, 1.0, 3.0, 60.0]),
    burst=st.none() | st.integers(1, 50),
)
PAUSES = st.lists(st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0, 7.0, 61.0]), max_size=80)


def burst_of(rate: Rate) -> int:
    """How many may go at once."""
    return rate.count if rate.burst is None else rate.burst


def test_a_burst_goes_at_once_and_the_next_waits_its_turn() -> None:
    """The platform would answer 429, or a short conversation would crawl."""
    bench, rate = Bench(), Rate(count=20, per=60, burst=3)
    assert bench.burst(chat=rate) == 3
    assert bench.reserve(chat=rate) == pytest.approx(3)


def test_without_a_burst_the_whole_count_goes_at_once() -> None:
    """Thirty messages a second would mean one each 33 ms, also when nothing was sent for an hour."""
    assert Bench().burst(bot=Rate(count=30, per=1)) == 30


def test_one_full_limit_is_enough_to_wait_and_takes_no_place_in_the_others() -> None:
    """Messages that wait for a busy group would use up what the whole bot may send."""
    bench = Bench()
    bot, group = Rate(count=2, per=1), Rate(count=1, per=60)
    assert bench.reserve(bot=bot, group=group) == 0
    assert bench.reserve(bot=bot, group=group) == pytest.approx(60)
    assert bench.reserve(bot=bot) == 0
    assert bench.reserve(bot=bot) > 0


def test_keys_do_not_share_their_limits() -> None:
    """A talkative chat would slow down all others."""
    bench, rate = Bench(), Rate(count=1, per=1)
    assert [bench.reserve(**{key: rate}) for key in ("ada", "bob", "cleo")] == [0, 0, 0]


def test_no_limit_is_no_wait() -> None:
    """A platform without published limits could not be used."""
    assert Bench().reserve() == 0


def most_in_any_window(times: list[float], seconds: float) -> int:
    """The most that went within this time, whenever it began."""
    return max((sum(start <= time < start + seconds for time in times) for start in times), default=0)


@settings(max_examples=60, deadline=None)
@given(rate=RATES, pauses=PAUSES, start=st.sampled_from([0.0, 1000.0, YEARS]))
def test_no_window_ever_holds_more_than_burst_and_rate_allow(rate: Rate, pauses: Iterable[float], start: float) -> None:
    """The platform would answer 429, and in the end ban the bot."""
    bench, times = Bench(start), []
    for pause in pauses:
        bench.now += pause
        times += [bench.now] * bench.burst(key=rate)
    for seconds in (0.001, 0.5, 1.0, 10.0, 60.0):
        allowed = burst_of(rate) + seconds * rate.count / rate.per
        assert most_in_any_window(times, seconds) <= allowed + 0.01


@settings(max_examples=60, deadline=None)
@given(
    rates=st.dictionaries(st.sampled_from(["bot", "chat", "group"]), RATES, min_size=1),
    number=st.integers(1, 60),
    start=st.sampled_from([0.0, 1000.0, YEARS, 1e9 + 1 / 3]),
)
def test_who_waited_as_long_as_told_gets_a_place(rates: dict[str, Rate], number: int, start: float) -> None:
    """The dispatcher would be woken again and again for nothing; with rounding against it, for ever."""
    bench = Bench(start)
    for _ in range(number):
        if stop := bench.limiter.reserve(rates):
            woken = bench.now + stop.seconds
            assert woken > bench.now, "a wait that is rounded away never ends"
            bench.now = woken
            assert bench.limiter.reserve(rates) is None


@settings(max_examples=40, deadline=None)
@given(rate=RATES, pauses=PAUSES)
def test_a_wait_is_never_longer_than_needed(rate: Rate, pauses: Iterable[float]) -> None:
    """Messages would crawl although the platform would take them."""
    bench = Bench()
    for pause in pauses:
        bench.now += pause
        bench.burst(key=rate)
        wait = bench.reserve(key=rate)
        assert 0 < wait <= rate.per / rate.count + 1e-6


def test_old_keys_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that talks to very many people would fill the memory."""
    monkeypatch.setattr(limiter_module, "_MAX_KEYS", 10)
    bench, rate = Bench(), Rate(count=1, per=1)
    for number in range(100):
        bench.now += 0.5
        assert bench.reserve(**{f"person{number}": rate}) == 0
    assert len(bench.limiter._due) <= 10


def test_forgetting_keys_frees_nobody_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """With many chats the limits would no longer hold."""
    monkeypatch.setattr(limiter_module, "_MAX_KEYS", 10)
    bench, rate = Bench(), Rate(count=1, per=60)
    for number in range(100):
        assert bench.reserve(**{f"person{number}": rate}) == 0
    assert all(bench.reserve(**{f"person{number}": rate}) > 0 for number in range(100))


def test_who_is_stopped_hears_by_what() -> None:
    """All that a full group stopped would wait for the whole bot."""
    bench = Bench()
    rates = {"bot": Rate(count=1, per=1), "group": Rate(count=1, per=60), "chat": Rate(count=1, per=3)}
    assert bench.limiter.reserve(rates) is None
    stop = bench.limiter.reserve(rates)
    assert stop
    assert stop.limit == "group"
    assert stop.seconds == pytest.approx(60)


def test_forgetting_costs_each_message_a_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    """With many chats at once every message would look at all of them."""
    monkeypatch.setattr(limiter_module, "_MAX_KEYS", 10)
    bench, rate, times = Bench(), Rate(count=1, per=60), 0
    for number in range(500):
        before = bench.limiter._due
        assert bench.reserve(**{f"person{number}": rate}) == 0
        times += bench.limiter._due is not before
    assert times <= 7
