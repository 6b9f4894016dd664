"""Promise 5: when nobody knows whether an attempt arrived, nothing is repeated against the message's policy."""

import asyncio

import pytest

from bach_lib.models import Fault, Status
from bach_lib.outcomes import Uncertain
from bach_lib.storage import Store
from bach_lib.testing.clock import FakeClock
from bach_lib.testing.connector import FakePlatform
from tests.lib.promises.conftest import OpenBach

LOST = Uncertain(fault=Fault(code="timeout", text="The answer never came"))


async def test_at_most_once_stops_and_shows(open_bach: OpenBach, clock: FakeClock, platform: FakePlatform) -> None:
    """The garage could be told to open twice."""
    async with open_bach() as bach:
        platform.outcomes.append(LOST)
        receipt = await bach.send("home", "42", "text", delivery="at_most_once")
        await clock.advance(3600)
        message = await bach.get(receipt.id)
        assert (message.status, message.error) == (Status.UNCERTAIN, LOST.fault)
        assert len(platform.attempts) == 1


async def test_at_least_once_is_repeated(open_bach: OpenBach, clock: FakeClock, platform: FakePlatform) -> None:
    """An alarm whose answer got lost would perhaps never have arrived, and nobody would try again."""
    async with open_bach() as bach:
        platform.outcomes.append(LOST)
        receipt = await bach.send("home", "42", "text")
        await clock.advance(40)
        assert (await bach.get(receipt.id)).status is Status.SENT
        assert len(platform.attempts) == 2


async def test_a_platform_that_knows_the_nonce_gets_it_once(
    open_bach: OpenBach, clock: FakeClock, platform: FakePlatform
) -> None:
    """The nonce would change between attempts, and the person would read the message twice."""
    async with open_bach(idempotent=True) as bach:
        platform.outcomes.extend([LOST, LOST])
        receipt = await bach.send("home", "42", "text", delivery="at_most_once")
        await clock.advance(100)
        assert (await bach.get(receipt.id)).status is Status.SENT
        assert len(platform.attempts) == 3
        assert len(platform.sent) == 1
        assert all(len(attempt.nonce) <= 25 for attempt in platform.attempts)


@pytest.mark.parametrize(
    ("delivery", "idempotent", "expected", "attempts"),
    [
        ("at_least_once", False, Status.SENT, 2),
        ("at_most_once", False, Status.UNCERTAIN, 1),
        ("at_most_once", True, Status.SENT, 2),
    ],
)
async def test_after_a_crash_what_was_in_flight_follows_its_policy(
    open_bach: OpenBach,
    lasting_store: Store,
    clock: FakeClock,
    platform: FakePlatform,
    *,
    delivery: str,
    idempotent: bool,
    expected: Status,
    attempts: int,
) -> None:
    """A restart in the middle of a send would lose the message or repeat it against its policy."""
    platform.hold = asyncio.Event()
    async with open_bach(lasting_store, idempotent=idempotent) as bach:
        receipt = await bach.send("home", "42", "text", delivery=delivery)
        await clock.settle()
        assert (await bach.get(receipt.id)).status is Status.SENDING
        await bach.send("home", "42", "behind it", delivery=delivery)
    platform.hold = None
    async with open_bach(lasting_store, idempotent=idempotent) as bach:
        await clock.advance(1)
        assert (await bach.get(receipt.id)).status is expected
        assert [message.text for message in platform.attempts].count("text") == attempts
        assert [message.text for message in platform.attempts].count("behind it") == 1


async def test_nonces_of_two_databases_differ(open_bach: OpenBach, clock: FakeClock, platform: FakePlatform) -> None:
    """After starting with an empty database, Discord would take new messages for old ones and drop them."""
    for _ in range(2):
        async with open_bach() as bach:
            await bach.send("home", "42", "text")
            await clock.settle()
    first, second = platform.attempts
    assert first.id == second.id
    assert first.nonce != second.nonce
