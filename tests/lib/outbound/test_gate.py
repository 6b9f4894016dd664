"""What attempts teach: breaker, limits, pauses and health where they meet."""

import asyncio
from collections.abc import Callable

import pytest

from bach_lib import BreakerPolicy, BreakerState, Connection, ConnectionState, Direction, Fault, Identity
from bach_lib.bus import Bus
from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.capabilities import Rate
from bach_lib.events import BreakerChanged, ConnectionChanged, ConnectionIdentified, Event
from bach_lib.models.health import internal_fault
from bach_lib.outbound.gate import Gate
from bach_lib.outbound.limiter import Stop
from bach_lib.outbound.retry import Witnesses
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

DOWN = Fault(code="unreachable", text="No route to host")
NO_WAY = Retry(fault=DOWN, scope=Scope.CONNECTION)
REFUSED = Retry(fault=Fault(code="auth_failed", text="Unauthorized"), scope=Scope.CONNECTION)
NOW = 1000.0
POLICY = BreakerPolicy(failures=3, open_seconds=100, backoff=(1, 2))


class Bench:
    """A gate, what it saved and what it told."""

    def __init__(self, clock: FakeClock, row: Connection) -> None:
        self.saved: list[tuple[int, float | None]] = []
        self.saved_for: set[str] = set()
        self.events: list[Event] = []
        bus = Bus()
        bus.subscribe(Event, self.events.append)
        self.gate = Gate(
            row,
            bus=bus,
            clock=clock,
            policy=POLICY,
            random=lambda: 0.0,
            save_breaker=self.save,
            on_better=lambda: None,
        )
        self.clock = clock

    def save(self, name: str, failures: int, until: float | None) -> None:
        """What the breaker knows, for the time after a restart."""
        self.saved_for.add(name)
        self.saved.append((failures, until))

    async def attempt(self, outcome: Outcome, *, check: Fault | None = None, recipient: str = "ada") -> bool | None:
        """One attempt, as soon as it may be. `check`: what the health check answered after it, if that failed too."""
        await self.clock.advance(self.gate.seconds_closed or 0.0)
        permit = self.gate.admit()
        assert permit is not None
        failed_probe = self.gate.learn(permit, recipient, outcome, check, began=self.clock.monotonic())
        self.gate.release(permit)
        return failed_probe

    async def fail(self, outcome: Outcome | None = None) -> bool | None:
        """One attempt in an outage: the check fails as well."""
        outcome = outcome or NO_WAY
        assert isinstance(outcome, Retry | Uncertain)
        self.gate.monitor.failed(outcome.fault)
        return await self.attempt(outcome, check=outcome.fault)


@pytest.fixture
def new_bench(clock: FakeClock) -> Callable[[Connection], Bench]:
    """A gate for a row of the registry."""
    return lambda row: Bench(clock, row)


@pytest.fixture
def bench(clock: FakeClock) -> Bench:
    """The gate of a connection without a past."""
    return Bench(clock, Connection(name="home", type="fake"))


@pytest.mark.parametrize(
    ("outcome", "check", "failures", "health"),
    [
        (Sent(), None, 0, ConnectionState.CONNECTED),
        (Dead(fault=DOWN), None, 0, ConnectionState.CONNECTED),
        (Retry(fault=DOWN, scope=Scope.MESSAGE), None, 0, ConnectionState.CONNECTED),
        (Retry(fault=DOWN, scope=Scope.RECIPIENT), None, 0, ConnectionState.CONNECTED),
        (NO_WAY, DOWN, 3, ConnectionState.DISCONNECTED),
        (NO_WAY, None, 0, ConnectionState.DISCONNECTED),
        (Uncertain(fault=DOWN), DOWN, 3, ConnectionState.DISCONNECTED),
        (Uncertain(fault=DOWN), None, 0, ConnectionState.DISCONNECTED),
        (Uncertain(fault=internal_fault(LookupError())), None, 2, ConnectionState.DISCONNECTED),
        (Wait(seconds=5, fault=DOWN, scope=Scope.CONNECTION), None, 2, ConnectionState.DISCONNECTED),
        (Wait(seconds=5, fault=DOWN, scope=Scope.RECIPIENT), None, 2, ConnectionState.DISCONNECTED),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_each_outcome_proves(
    bench: Bench, outcome: Outcome, check: Fault | None, failures: int, health: ConnectionState
) -> None:
    """An answer of the platform would count as an outage, or a wish to wait as a failure."""
    await bench.fail()
    await bench.fail()
    await bench.attempt(outcome, check=check)
    assert bench.saved[-1][0] == failures
    assert bench.gate.monitor.health.state is health


async def test_failures_keep_a_growing_distance_until_the_breaker_opens(bench: Bench, clock: FakeClock) -> None:
    """Five attempts would be burnt within a millisecond, by one hiccup."""
    distances = []
    for _ in range(3):
        await bench.fail()
        distances.append(bench.gate.seconds_closed)
    assert distances == [1, 2, 100]
    assert bench.gate.state is BreakerState.OPEN


async def test_refused_credentials_are_tried_once(bench: Bench) -> None:
    """Platforms ban who keeps trying a token that was revoked."""
    await bench.fail(REFUSED)
    assert bench.gate.state is BreakerState.OPEN
    assert bench.gate.admit() is None


async def test_a_wish_to_wait_stops_all_until_then(bench: Bench, clock: FakeClock) -> None:
    """The platform would answer 429 to everybody, longer each time."""
    await bench.attempt(Sent())
    await bench.attempt(Wait(seconds=60, fault=DOWN, scope=Scope.CONNECTION))
    assert bench.gate.admit() is None
    assert bench.gate.seconds_closed == 60
    assert bench.gate.monitor.health.fault is None, "a minute is nothing to tell of"
    await clock.advance(60)
    assert bench.gate.admit() is not None


async def test_a_later_shorter_wish_does_not_end_a_longer_one(bench: Bench, clock: FakeClock) -> None:
    """An answer that was under way would let everybody in too early."""
    first, second = bench.gate.admit(), bench.gate.admit()
    assert first
    assert second
    bench.gate.learn(first, "ada", Wait(seconds=60, fault=DOWN, scope=Scope.CONNECTION), None, began=NOW)
    bench.gate.learn(second, "bob", Wait(seconds=5, fault=DOWN, scope=Scope.CONNECTION), None, began=NOW)
    assert bench.gate.seconds_closed == 60


async def test_what_the_breaker_knows_is_saved_with_the_time_of_day(bench: Bench, clock: FakeClock) -> None:
    """After a restart the wall would be run into again."""
    for _ in range(3):
        await bench.fail()
    assert bench.saved.pop() == (3, clock.now() + 100)
    assert bench.saved_for == {"home"}
    await clock.advance(100)
    await bench.attempt(Sent())
    assert bench.saved.pop() == (0, None)


async def test_a_healthy_connection_saves_nothing(bench: Bench) -> None:
    """Every message would cost another write."""
    for _ in range(5):
        await bench.attempt(Sent())
    assert bench.saved == []


@pytest.mark.parametrize(("jump", "left"), [(0, 60), (-1e8, 100), (1e8, 0)])
async def test_it_goes_on_where_it_was_after_a_restart(
    new_bench: Callable[[Connection], Bench], clock: FakeClock, jump: float, left: float
) -> None:
    """A clock set wrong at boot would keep the circuit open for years."""
    until = clock.now() + 60
    clock.jump(jump)
    bench = new_bench(Connection(name="home", type="fake", consecutive_failures=3, disabled_until=until))
    assert bench.gate.state is BreakerState.OPEN
    assert bench.gate.seconds_closed == left


async def test_changes_are_told_with_the_time_they_last(bench: Bench, clock: FakeClock) -> None:
    """Home Assistant would not show until when nothing is sent."""
    for _ in range(3):
        await bench.fail()
    [opened] = [event for event in bench.events if isinstance(event, BreakerChanged)]
    assert (opened.old, opened.new) == (BreakerState.CLOSED, BreakerState.OPEN)
    assert opened.disabled_until == clock.now() + 100
    [changed, _] = bench.events
    assert isinstance(changed, ConnectionChanged)
    assert (changed.direction, changed.health) == (Direction.SENDING, bench.gate.monitor.health)
    assert [type(event) for event in bench.events] == [ConnectionChanged, BreakerChanged]
    assert {event.connection for event in bench.events} == {"home"}


async def test_only_a_failed_probe_is_a_strike(bench: Bench, clock: FakeClock) -> None:
    """In an ordinary outage lanes would be reordered for no reason."""
    assert [await bench.fail() for _ in range(3)] == [None, None, None]
    assert await bench.fail() is True
    assert await bench.attempt(Wait(seconds=1, fault=DOWN, scope=Scope.RECIPIENT)) is None
    assert await bench.attempt(Sent()) is False


async def test_a_good_check_is_the_probe_where_nothing_waits(bench: Bench) -> None:
    """The breaker would look half-open until somebody happens to send."""
    for _ in range(3):
        await bench.fail()
    bench.gate._checked_well(Identity(id="1", name="fake"))
    assert state_of(bench) is BreakerState.HALF_OPEN
    bench.gate.probe_if_idle()
    assert bench.gate.state is BreakerState.CLOSED


async def test_new_credentials_forget_everything(bench: Bench, clock: FakeClock) -> None:
    """After a reauthentication five minutes would pass before the first message goes."""
    await bench.fail(REFUSED)
    bench.gate.reset()
    assert bench.gate.state is BreakerState.CLOSED
    assert bench.gate.seconds_closed == 0
    assert bench.saved[-1] == (0, None)


async def test_limits_belong_to_the_connection(bench: Bench, setup: Setup, platform: FakePlatform) -> None:
    """Two gates of one platform would share what each may send."""
    platform.rates = {"bot": Rate(count=1, per=60)}
    connector: Connector = fake_connector(platform)(setup)
    assert bench.gate.reserve(connector, "ada") is None
    assert bench.gate.reserve(connector, "bob") == Stop("bot", 60)


@pytest.mark.parametrize("outcome", [Sent(), NO_WAY], ids=lambda outcome: type(outcome).__name__)
async def test_attempts_from_before_the_opening_say_nothing_any_more(bench: Bench, outcome: Outcome) -> None:
    """A slow success would show a connection as working that has just been given up, and put off its next check."""
    slow = bench.gate.admit()
    assert slow
    for _ in range(3):
        await bench.fail()
    saved, health = len(bench.saved), bench.gate.monitor.health
    assert bench.gate.learn(slow, "ada", outcome, DOWN, began=NOW) is None
    assert (len(bench.saved), bench.gate.monitor.health) == (saved, health)


async def test_an_attempt_with_the_old_credentials_says_nothing_of_the_new(bench: Bench) -> None:
    """A refusal that was under way while the token was replaced would close the connection again."""
    old = bench.gate.admit()
    assert old
    bench.gate.reset()
    bench.gate.learn(old, "ada", REFUSED, REFUSED.fault, began=NOW)
    assert bench.gate.state is BreakerState.CLOSED
    assert bench.gate.seconds_closed == 0
    assert bench.gate.monitor.health.fault is None


def state_of(bench: Bench) -> BreakerState:
    """The state as of now; the type checker would take it for the one it saw before."""
    return bench.gate.state


async def test_one_recipients_failures_never_open_it_while_checks_are_good(bench: Bench) -> None:
    """One message on which the platform breaks would close the connection for everybody, again and again."""
    for _ in range(10):
        await bench.attempt(NO_WAY)
    assert bench.gate.state is BreakerState.CLOSED
    assert bench.gate.seconds_closed == 0


async def test_failures_of_many_recipients_open_it_although_checks_are_good(bench: Bench, clock: FakeClock) -> None:
    """A platform whose sending is broken would be hammered with every message of the house."""
    for name in ("ada", "bob", "cleo"):
        await bench.attempt(NO_WAY, recipient=name)
    assert state_of(bench) is BreakerState.OPEN
    assert bench.gate.monitor.health.state is ConnectionState.DISCONNECTED
    assert bench.gate.monitor.health.fault == DOWN
    await clock.advance(100)
    await bench.attempt(Sent())
    assert state_of(bench) is BreakerState.CLOSED
    await bench.attempt(NO_WAY, recipient="ada")
    assert state_of(bench) is BreakerState.CLOSED


async def test_somebody_else_tries_when_one_is_told_to_wait_for_long(bench: Bench, clock: FakeClock) -> None:
    """One chatty sensor would silence the alarms of the whole house for hours."""
    long = Wait(seconds=8288, fault=DOWN, scope=Scope.CONNECTION)
    await bench.attempt(long)
    assert bench.gate.seconds_closed == 1
    await clock.advance(1)
    permit = bench.gate.admit()
    assert permit
    assert bench.gate.admit() is None, "one finds out"
    assert [bench.gate.seconds_closed] == [None]
    bench.gate.learn(permit, "bob", Sent(), None, began=NOW)
    bench.gate.release(permit)
    assert bench.gate.admit()
    assert bench.gate.admit()


async def test_it_is_everybodys_if_the_other_is_told_to_wait_as_well(bench: Bench, clock: FakeClock) -> None:
    """A bot that is banned for hours would ask again with every message, and be banned for longer."""
    await bench.attempt(Wait(seconds=8288, fault=DOWN, scope=Scope.CONNECTION))
    await bench.attempt(Wait(seconds=8000, fault=DOWN, scope=Scope.CONNECTION), recipient="bob")
    assert bench.gate.seconds_closed == 8000
    assert bench.gate.admit() is None


async def test_only_what_is_ambiguous_asks(bench: Bench, setup: Setup, platform: FakePlatform) -> None:
    """Every refused message would cost the platform another request."""
    bench.gate.start(fake_connector(platform)(setup))
    await bench.gate.monitor.check()
    for outcome in (Sent(), Dead(fault=DOWN), Retry(fault=DOWN, scope=Scope.MESSAGE)):
        assert await bench.gate.ask_witnesses(outcome, None) == (Witnesses.CHECK, None)
    assert platform.checks == 1
    assert await bench.gate.ask_witnesses(NO_WAY, None) == (Witnesses.CHECK, None)
    assert platform.checks == 2
    platform.fault = DOWN
    assert await bench.gate.ask_witnesses(Uncertain(fault=DOWN), None) == (Witnesses.OUTAGE, DOWN)
    await bench.gate.stop()


async def test_many_that_ask_at_once_share_one_check(bench: Bench, setup: Setup, platform: FakePlatform) -> None:
    """Thirty messages that fail together would ask thirty times whether the platform is there."""
    bench.gate.start(fake_connector(platform)(setup))
    await bench.gate.monitor.check()
    asked = await asyncio.gather(*(bench.gate.ask_witnesses(NO_WAY, None) for _ in range(30)))
    assert set(asked) == {(Witnesses.CHECK, None)}
    assert platform.checks == 2
    await bench.gate.stop()


async def test_others_are_witnesses_for_a_minute(
    bench: Bench, clock: FakeClock, setup: Setup, platform: FakePlatform
) -> None:
    """An alarm that went an hour ago would prove that the platform works now."""
    bench.gate.start(fake_connector(platform)(setup))
    await bench.attempt(Sent())
    assert await bench.gate.ask_witnesses(NO_WAY, None) == (Witnesses.CHECK_AND_OTHERS, None)
    platform.fault = DOWN
    before, after = clock.monotonic() - 1, clock.monotonic() + 1
    assert await bench.gate.ask_witnesses(NO_WAY, before) == (Witnesses.CHECK_AND_OTHERS, DOWN), "it takes it down"
    assert await bench.gate.ask_witnesses(NO_WAY, after) == (Witnesses.OUTAGE, DOWN)
    platform.fault = None
    await clock.advance(60)
    assert await bench.gate.ask_witnesses(NO_WAY, None) == (Witnesses.CHECK_AND_OTHERS, None)
    await clock.advance(1)
    assert await bench.gate.ask_witnesses(NO_WAY, None) == (Witnesses.CHECK, None)
    await bench.gate.stop()


async def test_the_limits_are_those_of_the_recipient(
    bench: Bench, setup: Setup, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow group would slow down every chat."""
    connector = fake_connector(platform)(setup)
    monkeypatch.setattr(connector, "rates", lambda recipient: {recipient: Rate(count=1, per=60)})
    assert bench.gate.reserve(connector, "ada") is None
    assert bench.gate.reserve(connector, "bob") is None
    assert bench.gate.reserve(connector, "ada") == Stop("ada", 60)


async def test_saved_failures_count_on_after_a_restart(new_bench: Callable[[Connection], Bench]) -> None:
    """A house that restarts often would never open the circuit."""
    bench = new_bench(Connection(name="home", type="fake", consecutive_failures=2))
    assert bench.gate.state is BreakerState.CLOSED
    await bench.fail()
    assert state_of(bench) is BreakerState.OPEN


async def test_who_it_is_there_is_told_when_it_is_news(bench: Bench, setup: Setup, platform: FakePlatform) -> None:
    """A token of another bot would be taken for the old one, or each check would be news."""
    known = [bench.gate.identity]
    bench.gate.start(fake_connector(platform)(setup))
    await bench.gate.monitor.check()
    await bench.gate.monitor.check()
    told = [event for event in bench.events if isinstance(event, ConnectionIdentified)]
    assert [(event.connection, event.identity) for event in told] == [("home", Identity(id="1", name="fake"))]
    known.append(bench.gate.identity)
    bench.gate._checked_well(Identity(id="2", name="other"))
    known.append(bench.gate.identity)
    assert known == [None, Identity(id="1", name="fake"), Identity(id="2", name="other")]
    await bench.gate.stop()


async def test_what_failed_at_the_very_moment_something_got_through_did_not_fail_before(
    bench: Bench, clock: FakeClock, setup: Setup, platform: FakePlatform
) -> None:
    """Two messages that went together would blame each other."""
    bench.gate.start(fake_connector(platform)(setup))
    await bench.attempt(Sent())
    platform.fault = DOWN
    assert await bench.gate.ask_witnesses(NO_WAY, clock.monotonic()) == (Witnesses.OUTAGE, DOWN)
    await bench.gate.stop()


async def test_a_long_rest_is_shown_while_sending_works(bench: Bench) -> None:
    """Nobody would see why nothing has gone for hours, on a connection that is well."""
    await bench.attempt(Sent())
    await bench.attempt(Wait(seconds=61, fault=DOWN, scope=Scope.CONNECTION))
    health = bench.gate.monitor.health
    assert (health.state, health.fault) == (ConnectionState.CONNECTED, DOWN)
    await bench.attempt(Sent(), recipient="bob")
    assert bench.gate.monitor.health.fault is None


async def test_a_second_wish_after_the_doubt_is_over_is_a_new_doubt(bench: Bench, clock: FakeClock) -> None:
    """One chat that is slowed down every hour would silence the whole house for hours."""
    long = Wait(seconds=100, fault=DOWN, scope=Scope.CONNECTION)
    await bench.attempt(long)
    await clock.advance(100)
    await bench.attempt(long)
    assert bench.gate.seconds_closed == 1


async def test_each_request_of_a_long_message_takes_its_place(
    bench: Bench, setup: Setup, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A text in ten parts would be over the limit with the second, and the bot be told to wait with all its chats."""
    connector = fake_connector(FakePlatform())(setup)
    monkeypatch.setattr(connector, "rates", lambda recipient: {recipient: Rate(count=1, per=60)})
    assert [bench.gate.turn(connector, name) for name in ("ada", "ada", "bob", "bob")] == [0, 60, 0, 60]
    assert bench.gate.turn(None, "ada") == 0, "it was stopped meanwhile: what is under way may end"
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_the_log_names_the_connection_that_does_not_work(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Who has three of them would not know which."""
    caplog.set_level("INFO", logger="bach_lib.models.health")
    await bench.attempt(Sent())
    await bench.fail()
    assert "Sending through home does not work: No route to host" in caplog.messages
