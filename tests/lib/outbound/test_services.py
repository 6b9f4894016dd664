"""What the dispatchers share: which policy holds for whom, and what stands before the platform."""

from dataclasses import replace

import pytest

from bach_lib import BreakerPolicy, BreakerState, Policy
from bach_lib.bus import Bus
from bach_lib.connectors.base import Setup
from bach_lib.events import BreakerChanged
from bach_lib.models import Connection
from bach_lib.outbound.gate import Gate
from bach_lib.outbound.services import DispatchServices
from bach_lib.outcomes import Retry, Scope
from bach_lib.storage import Store
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from tests.lib.bordered import bordered
from tests.lib.outbound.disk import Disk, policies_of, tools
from tests.lib.outbound.make import BUSY

OWN = Policy(breaker=BreakerPolicy(failures=1, open_seconds=7, check_seconds=(10, 20)), per_minute=2)
HOME = Connection(name="home", type="fake")


@pytest.fixture
def services(store: Store, clock: FakeClock) -> DispatchServices:
    """Those of all connections; "home" has a policy of its own."""
    shared = tools(Disk(store, clock), Bus(), clock, lambda *_: None)
    return replace(shared, policies=policies_of({"home": OWN}))


def test_each_connection_goes_by_its_own_policy(services: DispatchServices) -> None:
    """What a person set for one connection would hold for all, or for none."""
    assert services.of("home").policy is OWN
    assert services.of("away").policy == services.policy == services.usual
    assert replace(services.of("home"), policies=None).policy is services.usual
    assert services.of("home").connection == "home"
    assert services.of("home").queue is services.queue


class Told:
    """A gate of "home" and what it tells."""

    def __init__(self, services: DispatchServices) -> None:
        self.saved: list[tuple[str, int, float | None]] = []
        self.changed: list[BreakerChanged] = []
        self.better = 0
        services.bus.subscribe(BreakerChanged, self.changed.append)
        told = replace(services.of("home"), save_breaker=lambda *what: self.saved.append(what))
        self.gate: Gate = told.gate(HOME, self.count)

    def count(self) -> None:
        """It is better."""
        self.better += 1

    def fail(self, clock: FakeClock) -> None:
        """An attempt fails, and the check with it."""
        permit = self.gate.admit()
        assert permit
        self.gate.learn(permit, "ada", Retry(fault=BUSY, scope=Scope.CONNECTION), BUSY, began=clock.monotonic())
        self.gate.release(permit)


async def test_its_breaker_opens_as_its_policy_says_and_everybody_hears_of_it(
    services: DispatchServices, clock: FakeClock
) -> None:
    """The number that a person set would do nothing, nobody see that it rests, or a restart forget it."""
    told = Told(services)
    told.fail(clock)
    assert told.gate.state is BreakerState.OPEN
    assert [(event.connection, event.new) for event in told.changed] == [("home", BreakerState.OPEN)]
    assert set(told.saved) == {("home", 1, clock.now() + 7)}
    await clock.advance(7)
    assert told.gate.seconds_closed == 0
    assert told.gate.admit(), "one finds out"


async def test_while_it_is_open_it_is_checked_at_a_random_time_and_the_queue_hears_that_it_is_better(
    services: DispatchServices, clock: FakeClock, platform: FakePlatform, setup: Setup
) -> None:
    """All homes of a town would ask at the same second; or what waits go on waiting although the platform is back."""
    late = replace(services, random=lambda: 1.0, policies=policies_of({"home": replace(OWN, breaker=LONG)}))
    told = Told(late)
    told.gate.start(bordered(fake_connector(platform)(setup)))
    await clock.settle()
    before = platform.checks
    told.fail(clock)
    told.gate.monitor.failed(BUSY)
    better = told.better
    await clock.advance(19.9)
    assert platform.checks == before
    await clock.advance(0.1)
    assert (platform.checks, told.better) == (before + 1, better + 1)
    await told.gate.stop()


LONG = replace(OWN.breaker, open_seconds=1000)


async def test_so_many_may_go_in_a_minute_as_its_policy_says(
    services: DispatchServices, clock: FakeClock, platform: FakePlatform, setup: Setup
) -> None:
    """A connection that a person slowed down would go on as before, and the platform silence it."""
    gate = Told(services).gate
    connector = bordered(fake_connector(platform)(setup))
    assert [gate.turn(connector, "ada") for _ in range(3)] == [0, 0, 30]
    await clock.advance(10)
    assert gate.turn(connector, "ada") == 20
