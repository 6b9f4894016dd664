"""When a connection is checked, and what checks and attempts say about its health."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from bach_lib import BreakerPolicy, ConnectionState, Fault, Health, Identity
from bach_lib.connectors import checked as border
from bach_lib.connectors.base import Setup
from bach_lib.errors import ConnectorFailedError
from bach_lib.outbound.monitor import Monitor
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from bach_lib.testing.connector import FakeConnector
from tests.lib.bordered import bordered

MISTAKE = Fault(
    code="internal",
    text=str(ConnectorFailedError(type="fake", what="check raised LookupError")),
)
DOWN = Fault(code="unreachable", text="No route to host")


class Bench:
    """A monitor, and what it told of."""

    def __init__(self, connector: FakeConnector, clock: FakeClock) -> None:
        self.connector = connector
        self.told: list[Health] = []
        self.found: list[Identity] = []
        self.random = 0.0
        self.monitor = Monitor(
            "home",
            clock=clock,
            policy=BreakerPolicy(check_seconds=(15, 30), idle_check_seconds=300),
            random=lambda: self.random,
            on_change=self.told.append,
            on_good_check=self.found.append,
        )

    def start(self, *secrets: str) -> None:
        """Begin to check."""
        self.monitor.start(bordered(self.connector, *secrets))

    @property
    def states(self) -> list[ConnectionState]:
        """Every state it told of."""
        return [health.state for health in self.told]


@pytest.fixture
async def bench(setup: Setup, platform: FakePlatform, clock: FakeClock) -> AsyncIterator[Bench]:
    """A monitor that does not work yet."""
    bench = Bench(fake_connector(platform)(setup), clock)
    yield bench
    await bench.monitor.stop()


async def test_it_begins_with_a_check(bench: Bench, clock: FakeClock) -> None:
    """A wrong token would show only when the first alarm does not arrive."""
    bench.start()
    await clock.settle()
    assert bench.states == [ConnectionState.STARTING, ConnectionState.CONNECTED]
    assert bench.monitor.health.last_success == clock.now()


@pytest.mark.parametrize(
    ("told", "checks"),
    [
        ([30.0] * 20, [0, 30, 90, 210, 450, 930, 1890, 3810, 7650]),
        ([3600.0, 5.0, 5.0, 5.0], [0, 3600, 3615, 3630, 3650]),
        ([5.0] * 20, [0, 15, 30, 50, 90, 170, 330, 650, 1290]),
        ([200_000.0] * 20, [0, 86_400, 172_800, 259_200]),
    ],
)
async def test_checks_wait_as_long_as_they_are_told(
    bench: Bench, clock: FakeClock, platform: FakePlatform, told: list[float], checks: list[int]
) -> None:
    """A ban of hours or days would be made longer by somebody who asks every 15 seconds."""
    began, seen, left = clock.monotonic(), list[int](), list(told)

    async def check() -> Identity | Fault:
        seen.append(round(clock.monotonic() - began))
        return Fault(code="rate_limited", text="Not now", retry_after=left.pop(0)) if left else DOWN

    bench.connector.check = check  # type: ignore[method-assign]
    bench.start()
    await clock.settle()
    for when in checks[1:]:
        await clock.advance(began + when - clock.monotonic())
    assert seen == checks


async def test_after_a_ban_it_is_checked_as_usual(bench: Bench, clock: FakeClock, platform: FakePlatform) -> None:
    """The next outage would last as long as the ban."""
    platform.fault = Fault(code="rate_limited", text="Not now", retry_after=3000)
    bench.start()
    await clock.advance(10)
    platform.fault = DOWN
    await clock.advance(3000)
    checks = platform.checks
    await clock.advance(60)
    assert platform.checks == checks + 4


async def test_it_checks_every_15_to_30_seconds_while_nothing_works(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """People would wait for their messages long after the platform is back."""
    platform.fault = DOWN
    bench.start()
    await clock.advance(150)
    assert platform.checks == 11
    assert bench.states == [ConnectionState.STARTING, ConnectionState.DISCONNECTED], "told once, not each time"
    platform.fault = None
    await clock.advance(15)
    assert bench.states[-1] is ConnectionState.CONNECTED
    assert bench.found == [Identity(id="1", name="fake")]


async def test_it_hardly_checks_a_connection_that_works(bench: Bench, clock: FakeClock, platform: FakePlatform) -> None:
    """A quiet house would call the platform thousands of times a day."""
    bench.start()
    await clock.advance(1000)
    assert platform.checks == 4


async def test_a_delivered_message_is_as_good_as_a_check(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """A busy connection would be checked beside all it sends."""
    bench.start()
    for _ in range(10):
        await clock.advance(200)
        bench.monitor.succeeded()
    assert platform.checks == 1


async def test_a_failed_message_brings_the_next_check_near(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """After the first failure five minutes would pass before anybody looks."""
    bench.start()
    await clock.settle()
    bench.monitor.failed(DOWN)
    await clock.advance(15)
    assert platform.checks == 2
    assert bench.states[-2:] == [ConnectionState.DISCONNECTED, ConnectionState.CONNECTED]


async def test_refused_credentials_have_a_state_of_their_own(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """Home Assistant would not ask for a new token, or would ask whenever the internet is away."""
    platform.fault = Fault(code="auth_failed", text="Unauthorized")
    bench.start()
    await clock.settle()
    assert bench.states[-1] is ConnectionState.AUTH_FAILED
    assert bench.monitor.health.fault == platform.fault


async def test_callers_at_the_same_time_share_a_check(bench: Bench, clock: FakeClock, platform: FakePlatform) -> None:
    """Ten dashboards would ask the platform ten times."""
    bench.start()
    await clock.settle()
    answers = await asyncio.gather(*(bench.monitor.check() for _ in range(10)))
    assert answers == [Identity(id="1", name="fake")] * 10
    assert platform.checks == 2


async def test_a_cancelled_caller_does_not_take_the_check_from_the_others(
    bench: Bench, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed dialog would make the check of another one fail."""
    go_on = hang(bench, monkeypatch)
    bench.start()
    first, second = asyncio.create_task(bench.monitor.check()), asyncio.create_task(bench.monitor.check())
    await clock.settle()
    first.cancel()
    await clock.settle()
    go_on()
    assert await second == Identity(id="1", name="fake")


async def test_a_connection_that_is_switched_off_says_so(bench: Bench, clock: FakeClock) -> None:
    """Asking a disabled connection would raise, or cancel whoever asked."""
    assert bench.monitor.health.state is ConnectionState.DISABLED
    before = await bench.monitor.check()
    bench.start()
    await clock.settle()
    await bench.monitor.stop()
    assert bench.monitor.health.state is ConnectionState.DISABLED
    after = await bench.monitor.check()
    assert [fault.code for fault in (before, after) if isinstance(fault, Fault)] == ["disabled", "disabled"]


async def test_who_waits_for_a_check_when_it_is_switched_off_gets_an_answer(
    bench: Bench, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reloading while a dialog checks the connection would cancel the dialog's own task."""
    hang(bench, monkeypatch)
    bench.start()
    checking = asyncio.create_task(bench.monitor.check())
    await clock.settle()
    await bench.monitor.stop()
    answer = await checking
    assert isinstance(answer, Fault)
    assert answer.code == "disabled"


async def test_no_checks_after_the_end(bench: Bench, clock: FakeClock, platform: FakePlatform) -> None:
    """A removed connection would go on calling its platform."""
    bench.start()
    await clock.settle()
    await bench.monitor.stop()
    await clock.advance(3600)
    assert platform.checks == 1


async def test_a_fault_in_a_connector_does_not_end_the_checks(
    bench: Bench, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One surprising answer of a platform, and its connection would stay broken until a restart."""
    monkeypatch.setattr(bench.connector, "check", raise_surprise)
    bench.start()
    await clock.settle()
    assert bench.monitor.health.fault == MISTAKE
    monkeypatch.undo()
    await clock.advance(15)
    assert bench.monitor.health.state is ConnectionState.CONNECTED


async def test_a_check_that_hangs_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that swallows requests would look connected for ever."""
    monkeypatch.setitem(border._SECONDS, "check", 0.01)
    hang(bench, monkeypatch)
    bench.start()
    answer = await bench.monitor.check()
    assert answer == Fault(code="timeout", text="The platform did not answer in time.")


async def test_the_secret_is_not_repeated(bench: Bench, platform: FakePlatform) -> None:
    """A platform that quotes the token would put it on the dashboard."""
    platform.fault = Fault(code="unreachable", text="GET https://example.org/s3cr3t-t0k3n failed")
    bench.start("s3cr3t-t0k3n")
    answer = await bench.monitor.check()
    assert isinstance(answer, Fault)
    assert answer.text == "GET https://example.org/*** failed"
    assert "s3cr3t" not in repr(bench.told)


async def test_the_time_between_checks_is_spread(bench: Bench, clock: FakeClock, platform: FakePlatform) -> None:
    """After an outage all houses would ask the platform at the same instant."""
    platform.fault = DOWN
    bench.random = 1.0
    bench.start()
    await clock.advance(29)
    assert platform.checks == 1
    await clock.advance(1)
    assert platform.checks == 2
    bench.random = 0.5
    await clock.advance(30)
    assert platform.checks == 3
    await clock.advance(22)
    assert platform.checks == 3
    await clock.advance(0.5)
    assert platform.checks == 4


async def test_when_it_last_worked_is_known_whatever_happens_then(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """Nobody could see since when a connection is down."""
    bench.start()
    await clock.settle()
    worked = clock.now()
    await clock.advance(10)
    bench.monitor.told_to_wait(DOWN)
    bench.monitor.failed(DOWN)
    bench.monitor.doubt(DOWN)
    await bench.monitor.stop()
    bench.start()
    assert [health.last_success for health in bench.told] == [None, worked, worked, worked, worked, worked]
    states = [ConnectionState.STARTING, ConnectionState.CONNECTED, ConnectionState.CONNECTED]
    assert bench.states == [*states, ConnectionState.DISCONNECTED, ConnectionState.DISABLED, ConnectionState.STARTING]
    await clock.settle()


async def test_while_it_is_doubted_a_good_check_proves_nothing(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """A platform that takes nothing, and whose checks are good, would be shown as working."""
    bench.start()
    await clock.settle()
    bench.monitor.doubt(DOWN)
    assert bench.monitor.health == Health(
        state=ConnectionState.DISCONNECTED, last_success=bench.monitor.health.last_success, fault=DOWN
    )
    await clock.advance(15)
    assert platform.checks == 2
    assert bench.states[-1] is ConnectionState.DISCONNECTED
    assert len(bench.found) == 2, "and yet it is told of"
    bench.monitor.succeeded()
    await clock.advance(300)
    bench.monitor.failed(DOWN)
    await clock.advance(15)
    assert bench.states[-2:] == [ConnectionState.DISCONNECTED, ConnectionState.CONNECTED], "the doubt is over"
    assert len(bench.states) == 6


async def test_a_long_rest_is_shown_on_a_connection_that_works_and_on_no_other(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """A broken connection would look as if it only rested."""
    bench.start()
    await clock.settle()
    worked = clock.now()
    bench.monitor.told_to_wait(DOWN)
    assert bench.monitor.health == Health(state=ConnectionState.CONNECTED, last_success=worked, fault=DOWN)
    other = Fault(code="other", text="Other")
    bench.monitor.failed(other)
    bench.monitor.told_to_wait(DOWN)
    assert bench.monitor.health.fault == other


async def test_a_sign_of_life_brings_the_check_of_a_broken_connection_and_of_no_other(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """Messages would wait although one has just come in; or each one that comes in would cost a check."""
    bench.start()
    await clock.settle()
    bench.monitor.wake()
    await clock.settle()
    assert platform.checks == 1
    bench.monitor.failed(DOWN)
    bench.monitor.wake()
    await clock.settle()
    assert platform.checks == 2
    assert bench.monitor.health.state is ConnectionState.CONNECTED


async def test_who_only_asks_whether_it_works_hears_what_is_wrong_or_nothing(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """A failed message would be blamed for an outage, or an outage for a message."""
    bench.start()
    assert await bench.monitor.ask() is None
    platform.fault = Fault(code="busy", text="Busy", retry_after=7)
    assert await bench.monitor.ask() == platform.fault


async def test_a_check_is_due_when_nothing_else_has_proved_for_long_that_all_is_well(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """A connection would be called well for ten minutes after it has last shown it."""
    bench.start()
    await clock.advance(299)
    bench.monitor.succeeded()
    await clock.advance(298)
    assert platform.checks == 1
    await clock.advance(2)
    assert platform.checks == 2


async def test_what_fails_while_it_is_switched_off_starts_no_checks(
    bench: Bench, clock: FakeClock, platform: FakePlatform
) -> None:
    """An attempt that ends after the connection was stopped would set its checks going again."""
    bench.start()
    await clock.settle()
    await bench.monitor.stop()
    bench.monitor.succeeded()
    bench.monitor.failed(DOWN)
    bench.monitor.doubt(DOWN)
    await clock.advance(3600)
    assert platform.checks == 1


async def test_the_log_names_the_connection_and_the_direction(
    bench: Bench, clock: FakeClock, platform: FakePlatform, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody would know what stopped working, in a house with ten connections."""
    platform.fault = DOWN
    with caplog.at_level("INFO", logger="bach_lib.models.health"):
        bench.start()
        check = next(task for task in asyncio.all_tasks() if task.get_name() == "bach-check-home")
        await asyncio.wait([check])
        platform.fault = None
        await clock.advance(15)
    assert caplog.messages == [
        "Sending through home does not work: No route to host",
        "Sending through home works again",
    ]


async def test_what_messages_prove_is_not_asked_again_and_again(
    bench: Bench, clock: FakeClock, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection at rest would wake the machine every second, or ask a platform that has just answered."""
    bench.start()
    await clock.advance(100)
    bench.monitor.succeeded()
    timers: list[float] = []
    call_later = clock.call_later

    def noted(seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        timers.append(seconds)
        return call_later(seconds, callback)

    monkeypatch.setattr(clock, "call_later", noted)
    await clock.advance(299)
    assert (timers, platform.checks) == ([100], 1)
    await clock.advance(1)
    assert platform.checks == 2


def hang(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let checks hang until the returned function is called."""
    event, check = asyncio.Event(), bench.connector.check

    async def slow() -> Identity | Fault:
        await event.wait()
        return await check()

    monkeypatch.setattr(bench.connector, "check", slow)
    return event.set


async def raise_surprise() -> Identity | Fault:
    """A connector with a mistake in it."""
    raise LookupError("surprise")
