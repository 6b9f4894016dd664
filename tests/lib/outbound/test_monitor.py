"""When a connection is checked, and what checks and attempts say about its health."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from bach_lib import BreakerPolicy, ConnectionState, Fault, Health, Identity
from bach_lib.connectors.base import Connector, Setup
from bach_lib.outbound import monitor as monitor_module
from bach_lib.outbound.monitor import Monitor
from bach_lib.redact import Redactor
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

DOWN = Fault(code="unreachable", text="No route to host")


class Bench:
    """A monitor, and what it told of."""

    def __init__(self, connector: Connector, clock: FakeClock) -> None:
        self.connector = connector
        self.told: list[Health] = []
        self.good_checks = 0
        self.monitor = Monitor(
            "home",
            clock=clock,
            policy=BreakerPolicy(check_seconds=(15, 30), idle_check_seconds=300),
            random=lambda: 0.0,
            on_change=self.told.append,
            on_good_check=self.count,
        )

    def count(self, _: Identity) -> None:
        """A check went well."""
        self.good_checks += 1

    def start(self, *secrets: str) -> None:
        """Begin to check."""
        self.monitor.start(self.connector, Redactor(secrets))

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
    assert bench.good_checks == 1


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
    assert bench.monitor.health.fault == Fault(code="internal", text="An error inside BACH: LookupError")
    monkeypatch.undo()
    await clock.advance(15)
    assert bench.monitor.health.state is ConnectionState.CONNECTED


async def test_a_check_that_hangs_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that swallows requests would look connected for ever."""
    monkeypatch.setattr(monitor_module, "_CHECK_TIMEOUT", 0.01)
    hang(bench, monkeypatch)
    bench.start()
    answer = await bench.monitor.check()
    assert isinstance(answer, Fault)
    assert answer.code == "timeout"


async def test_the_secret_is_not_repeated(bench: Bench, platform: FakePlatform) -> None:
    """A platform that quotes the token would put it on the dashboard."""
    platform.fault = Fault(code="unreachable", text="GET https://example.org/s3cr3t-t0k3n failed")
    bench.start("s3cr3t-t0k3n")
    answer = await bench.monitor.check()
    assert isinstance(answer, Fault)
    assert answer.text == "GET https://example.org/*** failed"
    assert "s3cr3t" not in repr(bench.told)


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
