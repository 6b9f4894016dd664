"""The circuit breaker by itself: a table of what it must do, and random histories against a naive model."""

from typing import override

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)

from bach_lib import BreakerPolicy, BreakerState
from bach_lib.outbound.breaker import Breaker

POLICY = BreakerPolicy(failures=3, open_seconds=100)
CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


class Bench:
    """A breaker, the time it sees, and the transitions it told of."""

    def __init__(self, *, failures: int = 0, open_seconds_left: float | None = None) -> None:
        self.time = 1000.0
        self.changes: list[tuple[BreakerState, BreakerState]] = []
        self.breaker = Breaker(
            POLICY,
            lambda: self.time,
            lambda old, new: self.changes.append((old, new)),
            failures=failures,
            open_seconds_left=open_seconds_left,
        )

    def admit(self) -> int:
        """A permit that must be there."""
        permit = self.breaker.admit()
        assert permit is not None
        return permit

    def fail(self, times: int = 1) -> None:
        """Attempts that fail, one after the other."""
        for _ in range(times):
            self.breaker.failure(self.admit())


@pytest.fixture
def bench() -> Bench:
    """A closed breaker."""
    return Bench()


@pytest.fixture
def open_bench(bench: Bench) -> Bench:
    """A breaker that just opened."""
    bench.fail(3)
    return bench


def test_it_opens_with_the_last_failure_in_a_row(bench: Bench) -> None:
    """A sick platform would be hammered on, or a single hiccup would stop everything."""
    bench.fail(2)
    assert bench.breaker.state is CLOSED
    bench.fail()
    assert bench.breaker.state is OPEN
    assert bench.breaker.admit() is None
    assert bench.breaker.open_seconds_left == 100
    assert bench.changes == [(CLOSED, OPEN)]


def test_a_success_starts_the_count_afresh(bench: Bench) -> None:
    """Five failures spread over a month would open the circuit."""
    bench.fail(2)
    bench.breaker.success(bench.admit())
    bench.fail(2)
    assert bench.breaker.state is CLOSED


def test_a_permit_handed_back_counts_as_nothing(bench: Bench) -> None:
    """Cancelled attempts would count as failures, as in libraries this one learnt from."""
    bench.fail(2)
    for _ in range(10):
        bench.breaker.release(bench.admit())
    assert bench.breaker.state is CLOSED
    assert bench.breaker.failures == 2


def test_it_lets_one_probe_through_when_its_time_is_over(open_bench: Bench) -> None:
    """After five minutes twenty attempts would hit a platform that is still sick."""
    open_bench.time += 99.9
    assert open_bench.breaker.admit() is None
    open_bench.time += 0.1
    assert open_bench.breaker.admit() is not None
    assert open_bench.breaker.is_probing
    assert [open_bench.breaker.admit() for _ in range(20)] == [None] * 20
    assert open_bench.breaker.open_seconds_left is None


def test_a_good_probe_closes_it(open_bench: Bench) -> None:
    """The connection would stay slow, one message at a time."""
    open_bench.time += 100
    open_bench.breaker.success(open_bench.admit())
    assert open_bench.breaker.state is CLOSED
    assert open_bench.breaker.failures == 0
    assert [new for _, new in open_bench.changes] == [OPEN, HALF_OPEN, CLOSED]


def test_a_failed_probe_opens_it_for_the_full_time(open_bench: Bench) -> None:
    """It would ask again at once, and again."""
    open_bench.time += 100
    open_bench.fail()
    assert open_bench.breaker.state is OPEN
    assert open_bench.breaker.open_seconds_left == 100


def test_a_probe_handed_back_makes_room_for_another(open_bench: Bench) -> None:
    """A probe cancelled by a reload would leave the breaker half-open for ever."""
    open_bench.time += 100
    open_bench.breaker.release(open_bench.admit())
    assert open_bench.breaker.state is HALF_OPEN
    assert open_bench.breaker.admit() is not None


def test_a_good_check_half_opens_it_early(open_bench: Bench) -> None:
    """People would wait five minutes although the platform is back after one."""
    open_bench.breaker.half_open()
    assert open_bench.breaker.state is HALF_OPEN
    assert open_bench.breaker.admit() is not None
    open_bench.breaker.half_open()
    assert open_bench.breaker.admit() is None, "a second good check makes no room for a second probe"


def test_a_check_does_not_touch_a_closed_one(bench: Bench) -> None:
    """Every good check would throttle a healthy connection to one attempt."""
    bench.breaker.half_open()
    assert bench.breaker.state is CLOSED
    assert bench.changes == []


@pytest.mark.parametrize("outcome", ["success", "failure", "release"])
def test_results_from_before_the_opening_change_nothing(bench: Bench, outcome: str) -> None:
    """A slow attempt from before the outage would be taken for the probe."""
    slow = bench.admit()
    bench.fail(3)
    bench.time += 100
    probe = bench.admit()
    getattr(bench.breaker, outcome)(slow)
    assert bench.breaker.state is HALF_OPEN
    assert bench.breaker.is_probing
    bench.breaker.success(probe)
    assert bench.breaker.state is CLOSED


def test_refused_credentials_open_it_at_once(bench: Bench) -> None:
    """A revoked token would be tried five times, and platforms ban for that."""
    bench.breaker.trip()
    assert bench.breaker.state is OPEN
    assert bench.breaker.admit() is None


@pytest.mark.parametrize(
    ("saved", "left"),
    [
        pytest.param(40, 40, id="as it was"),
        pytest.param(100, 100, id="the whole time"),
        pytest.param(10 * 365 * 86_400, 100, id="the clock was ten years ahead when it was saved"),
        pytest.param(-5, 0, id="it is over"),
        pytest.param(-1e9, 0, id="it has long been over"),
    ],
)
def test_it_goes_on_after_a_restart(saved: float, left: float) -> None:
    """A machine with a wrong clock would keep the circuit open for years."""
    bench = Bench(failures=3, open_seconds_left=saved)
    assert bench.breaker.state is OPEN
    assert bench.breaker.open_seconds_left == left
    bench.time += left
    assert bench.breaker.admit() is not None
    assert bench.breaker.admit() is None


def test_saved_failures_count_on_after_a_restart() -> None:
    """A house that restarts often would never open the circuit."""
    bench = Bench(failures=2)
    bench.fail()
    assert bench.breaker.state is OPEN


def test_a_new_connection_has_never_failed() -> None:
    """A connection that was just made would be given up one failure earlier than all others."""
    breaker = Breaker(POLICY, lambda: 0.0, lambda old, new: None)
    assert (breaker.failures, breaker.state, breaker.open_seconds_left) == (0, CLOSED, None)


class Histories(RuleBasedStateMachine):
    """Random attempts, results, cancellations, checks and waiting, beside a model with nothing clever in it."""

    permits: Bundle[int] = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.state = CLOSED
        self.failures = 0
        self.opened_at = 0.0
        self.valid: list[int] = []
        """The permits whose results count."""
        self.probe: int | None = None

    def become(self, state: BreakerState) -> None:
        """A new era: all permits are void."""
        self.state, self.valid, self.probe = state, [], None

    @rule(target=permits)
    def admit(self) -> int:
        """Ask for an attempt."""
        over = self.bench.time >= self.opened_at + POLICY.open_seconds
        if self.state is OPEN and over:
            self.become(HALF_OPEN)
        permit = self.bench.breaker.admit()
        expected = self.state is CLOSED or (self.state is HALF_OPEN and self.probe is None)
        assert (permit is not None) is expected
        if permit is None:
            return -1
        self.valid.append(permit)
        if self.state is HALF_OPEN:
            self.probe = permit
        return permit

    @rule(permit=consumes(permits))
    def succeed(self, permit: int) -> None:
        """An attempt proves that the connection works."""
        self.bench.breaker.success(permit)
        if permit in self.valid:
            self.valid.remove(permit)
            self.failures = 0
            if self.state is HALF_OPEN:
                self.become(CLOSED)

    @rule(permit=consumes(permits))
    def fail(self, permit: int) -> None:
        """An attempt proves that it does not."""
        self.bench.breaker.failure(permit)
        if permit in self.valid:
            self.valid.remove(permit)
            self.failures += 1
            if self.state is HALF_OPEN or self.failures >= POLICY.failures:
                self.opened_at = self.bench.time
                self.become(OPEN)

    @rule(permit=consumes(permits))
    def release(self, permit: int) -> None:
        """An attempt is cancelled."""
        self.bench.breaker.release(permit)
        if permit in self.valid:
            self.valid.remove(permit)
            if permit == self.probe:
                self.probe = None

    @rule(seconds=st.sampled_from([0.0, 1.0, 50.0, 100.0, 1000.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.bench.time += seconds

    @precondition(lambda self: self.state is not CLOSED)
    @rule()
    def check(self) -> None:
        """A health check goes well."""
        self.bench.breaker.half_open()
        if self.state is OPEN:
            self.become(HALF_OPEN)

    @rule()
    def reset(self) -> None:
        """A person changes the credentials."""
        self.bench.breaker.reset()
        self.failures = 0
        self.become(CLOSED)

    @invariant()
    def agrees(self) -> None:
        """Breaker and model see the same."""
        breaker = self.bench.breaker
        assert breaker.state is self.state
        assert breaker.failures == self.failures
        assert breaker.is_probing is (self.probe is not None)
        assert all(breaker.counts(permit) for permit in self.valid)
        if self.state is OPEN:
            assert breaker.open_seconds_left == max(self.opened_at + POLICY.open_seconds - self.bench.time, 0.0)

    @override
    def teardown(self) -> None:
        """Every transition was told, and leads from where the last one ended."""
        states = [CLOSED, *(new for _, new in self.bench.changes)]
        assert [old for old, _ in self.bench.changes] == states[:-1]
        assert states[-1] is self.state


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
