"""Promise 3: five failures in a row open the circuit for 300 seconds; checks close it early; it survives restarts."""

import asyncio

from bach_lib import BreakerPolicy, Policy
from bach_lib.events import BreakerChanged
from bach_lib.models import BreakerState, Fault, Status
from bach_lib.outcomes import Uncertain
from bach_lib.storage import Store
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach, record

DOWN = Fault(code="refused", text="Connection refused")


async def test_five_failures_open_it_and_a_good_check_lets_one_probe_through(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A sick platform would be hammered, or a healthy one ignored for five minutes."""
    async with open_bach() as bach:
        changes = record(bach, BreakerChanged)
        platform.fault = DOWN
        for number in range(10):
            await bach.send("home", f"person{number}", "text")
        await clock.advance(60)
        assert [change.new for change in changes] == [BreakerState.OPEN]
        assert bach.registry.get("home").disabled_until is not None
        checks = platform.checks
        await clock.advance(60)
        assert 2 <= platform.checks - checks <= 4, "a check runs every 15 to 30 seconds"

        platform.fault = None
        platform.hold = asyncio.Event()
        before = len(platform.attempts)
        await clock.advance(31)
        assert bach.breaker("home") is BreakerState.HALF_OPEN
        assert len(platform.attempts) == before + 1, "half-open lets exactly one attempt through"
        platform.hold.set()
        await clock.advance(10)
        assert [change.new for change in changes] == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]
        assert len(platform.sent) == 10
        assert bach.registry.get("home").disabled_until is None


async def test_a_ban_is_waited_for_without_trying_a_message(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Every message that is tried meanwhile makes the ban longer; and one that is over would not be noticed."""
    async with open_bach() as bach:
        platform.fault = Fault(code="forbidden", text="You are banned", retry_after=60)
        await bach.send("home", "42", "text")
        await clock.advance(15)
        assert bach.breaker("home") is BreakerState.OPEN
        attempts, checks = len(platform.attempts), platform.checks
        await clock.advance(6 * 3600)
        assert len(platform.attempts) == attempts
        assert platform.checks - checks <= 10, "at a growing distance"
        until = bach.registry.get("home").disabled_until
        assert until is not None
        platform.fault = None
        await clock.advance(8 * 3600)
        assert [message.text for message in platform.sent] == ["text"]
        assert len(platform.attempts) == attempts + 1


async def test_a_message_is_tried_once_a_day_whatever_the_checks_are_told(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Where only the check is refused, sending would never begin again."""
    async with open_bach() as bach:
        platform.fault = Fault(code="forbidden", text="You are banned", retry_after=60)
        await bach.send("home", "42", "text")
        await clock.advance(15)
        attempts = len(platform.attempts)
        await clock.advance(3 * 86_400)
        assert 1 <= len(platform.attempts) - attempts <= 3


async def test_without_any_good_check_a_probe_goes_after_300_seconds(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Where only the check is broken, sending would never begin again."""
    async with open_bach() as bach:
        platform.fault = DOWN
        await bach.send("home", "42", "text")
        await clock.advance(15)
        assert bach.breaker("home") is BreakerState.OPEN
        before = len(platform.attempts)
        await clock.advance(299)
        assert len(platform.attempts) == before
        await clock.advance(2)
        assert len(platform.attempts) == before + 1


async def test_cancellation_is_not_a_failure(open_bach: OpenBach, clock: FakeClock, platform: FakePlatform) -> None:
    """Reloading an integration a few times would open the circuit of a healthy connection."""
    async with open_bach() as bach:
        platform.hold = asyncio.Event()
        for number in range(6):
            await bach.send("home", f"person{number}", "text")
        await clock.settle()
        restart = asyncio.create_task(bach.registry.update("home", is_active=False))
        await clock.advance(2)
        await restart
        assert bach.breaker("home") is BreakerState.CLOSED
        assert bach.registry.get("home").consecutive_failures == 0


async def test_it_survives_a_restart(
    open_bach: OpenBach, lasting_store: Store, clock: FakeClock, platform: FakePlatform
) -> None:
    """After every restart the first five messages would run into the wall again."""
    async with open_bach(lasting_store) as bach:
        platform.fault = DOWN
        await bach.send("home", "42", "text")
        await clock.advance(15)
        assert bach.breaker("home") is BreakerState.OPEN
    before = len(platform.attempts)
    async with open_bach(lasting_store) as bach:
        assert bach.breaker("home") is BreakerState.OPEN
        await clock.advance(200)
        assert len(platform.attempts) == before


async def test_a_wall_clock_set_back_does_not_keep_it_open(
    open_bach: OpenBach, lasting_store: Store, clock: FakeClock, platform: FakePlatform
) -> None:
    """A machine without a battery clock boots in the past; the circuit would stay open for years."""
    async with open_bach(lasting_store) as bach:
        platform.fault = DOWN
        await bach.send("home", "42", "text")
        await clock.advance(15)
    clock.jump(-10 * 365 * 86_400)
    async with open_bach(lasting_store) as bach:
        before = len(platform.attempts)
        await clock.advance(301)
        assert len(platform.attempts) > before


async def test_a_good_check_closes_it_where_nothing_waits(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The connection would look broken until somebody happens to send."""
    async with open_bach(policy=Policy(breaker=BreakerPolicy(backoff=(0.1,)))) as bach:
        platform.outcomes.extend([Uncertain(fault=DOWN)] * 5)
        for number in range(5):
            await bach.send("home", f"person{number}", "text", delivery="at_most_once")
        await clock.advance(1)
        assert bach.breaker("home") is BreakerState.OPEN
        await clock.advance(31)
        assert bach.breaker("home") is BreakerState.CLOSED
        assert {message.status for message in await bach.messages()} == {Status.UNCERTAIN}
