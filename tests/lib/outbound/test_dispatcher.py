"""Starting, stopping and changing a connection while it sends."""

import asyncio

import pytest

from bach_lib import Bach, BreakerState, Connection, ConnectionState, Direction, Fault, Status
from bach_lib.events import BreakerChanged, ConnectionChanged, MessageExpired
from bach_lib.outcomes import Retry, Scope
from bach_lib.testing import FakeClock, FakePlatform

REFUSED = Retry(fault=Fault(code="auth_failed", text="Unauthorized"), scope=Scope.CONNECTION)
DOWN = Fault(code="unreachable", text="No route to host")


@pytest.fixture
async def home(bach: Bach, clock: FakeClock) -> Bach:
    """A BACH with a connection at work."""
    await bach.registry.add(Connection(name="home", type="fake"))
    await clock.settle()
    return bach


async def test_a_refusal_of_the_old_token_does_not_close_the_new_one(
    home: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """After a reauthentication Home Assistant would at once ask for another token."""
    told: list[ConnectionChanged] = []
    platform.hold = asyncio.Event()
    platform.outcomes.append(REFUSED)
    await home.send("home", "ada", "text")
    await clock.settle()
    home.subscribe(ConnectionChanged, told.append)
    await home.registry.update("home", auth_type="other")
    await clock.settle()
    platform.hold.set()
    await clock.settle()
    assert ConnectionState.AUTH_FAILED not in {event.health.state for event in told}
    assert home.breaker("home") is BreakerState.CLOSED
    assert home.health("home", Direction.SENDING).state is ConnectionState.CONNECTED
    assert [message.text for message in platform.sent] == ["text"]


async def test_a_stopped_connection_is_disabled_whatever_its_last_attempt_said(
    home: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A connection that somebody switched off would be shown as broken."""
    platform.hold = asyncio.Event()
    platform.outcomes.append(REFUSED)
    await home.send("home", "ada", "text")
    await clock.settle()
    stopping = asyncio.create_task(home.stop("home"))
    await clock.settle()
    platform.hold.set()
    await stopping
    assert home.health("home", Direction.SENDING).state is ConnectionState.DISABLED


async def test_a_revived_message_lives_without_its_old_time(
    home: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """A message that somebody sent again by hand would vanish when its first time to live is over."""
    platform.fault = DOWN
    receipt = await home.send("home", "ada", "text", time_to_live=600)
    await clock.advance(60)
    await home.cancel(receipt.id)
    await home.retry(receipt.id)
    expired: list[MessageExpired] = []
    home.subscribe(MessageExpired, expired.append)
    await clock.advance(3600)
    assert expired == []
    assert (await home.get(receipt.id)).status is Status.PENDING


async def test_the_state_of_the_breaker_is_told_once_for_new_credentials(
    home: Bach, clock: FakeClock, platform: FakePlatform
) -> None:
    """Home Assistant would go on showing that nothing is sent until some time."""
    platform.fault = DOWN
    await home.send("home", "ada", "text")
    await clock.advance(20)
    assert home.registry.get("home").disabled_until is not None
    changes: list[BreakerChanged] = []
    home.subscribe(BreakerChanged, changes.append)
    await home.registry.update("home", auth_type="other")
    await clock.settle()
    assert [(change.old, change.new) for change in changes] == [(BreakerState.OPEN, BreakerState.CLOSED)]
    row = home.registry.get("home")
    assert (row.consecutive_failures, row.disabled_until) == (1, None), "the first attempt with them has failed again"
