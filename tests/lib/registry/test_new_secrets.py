"""New credentials under an old reference: nothing tells of them but the start of the connection that reads them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bach_lib import Bach, Connection
from bach_lib.models import BreakerState, Fault, Status
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakePlatform, fake_connector

REFUSED = Fault(code="auth_failed", text="Unauthorized")


@dataclass
class Kept:
    """Where the token is kept."""

    token: str = "an-old-token"

    def __call__(self, target: str) -> str:
        """The token, whatever it is called."""
        return self.token


@pytest.fixture
def kept() -> Kept:
    """The old token."""
    return Kept()


@pytest.fixture
async def refused(clock: FakeClock, platform: FakePlatform, kept: Kept) -> AsyncIterator[Bach]:
    """A connection whose token was revoked: two messages wait, and the breaker is open."""
    connectors = {"fake": fake_connector(platform)}
    async with Bach(MemoryDatabase(), clock=clock, connectors=connectors, secrets={"kept": kept}) as bach:
        await bach.registry.add(Connection(name="home", type="fake", auth_config={"token": "kept:home"}))
        await clock.settle()
        platform.fault = REFUSED
        for text in ("first", "second"):
            await bach.send("home", "ada", text)
        await clock.settle()
        assert bach.breaker("home") is BreakerState.OPEN
        platform.fault = None
        yield bach


async def test_new_secrets_close_the_breaker(refused: Bach, kept: Kept) -> None:
    """After a reauthentication the connection would look closed off until the next good check."""
    kept.token = "a-new-token"
    await refused.start("home")
    assert refused.breaker("home") is BreakerState.CLOSED
    assert refused.registry.get("home").disabled_until is None


async def test_what_waits_goes_without_a_second_passing(
    refused: Bach, clock: FakeClock, platform: FakePlatform, kept: Kept
) -> None:
    """The page says that it out then; ten seconds later nobody looks any more."""
    kept.token = "a-new-token"
    await refused.start("home")
    await clock.settle()
    assert [message.text for message in platform.sent] == ["first", "second"]
    assert (await refused.messages(status=(Status.SENT,), limit=1))[0].text == "second"


async def test_the_same_secrets_change_nothing(
    refused: Bach, clock: FakeClock, platform: FakePlatform, kept: Kept
) -> None:
    """Every reload would let a refused token knock again five times."""
    platform.fault = REFUSED
    await refused.start("home")
    assert refused.breaker("home") is BreakerState.OPEN
    await clock.settle()
    assert platform.sent == []
