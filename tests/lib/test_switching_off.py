"""Whoever switched a connection off, changed it or removed it was told so: nothing goes out the old way after that."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import override
from unittest.mock import patch

import pytest

from bach_lib import Bach, Connection, Fault, Message, Status
from bach_lib.connectors.base import Batch
from bach_lib.models import BreakerState
from bach_lib.outcomes import Outcome, Sent
from bach_lib.registry.secrets import Secrets
from bach_lib.storage import MemoryDatabase
from bach_lib.testing import FakeClock, FakeConnector, FakePlatform, fake_connector

HOME = Connection(name="home", type="fake", allowed=frozenset({"42"}))


CAPABILITIES = fake_connector(FakePlatform(), receives=True).capabilities


class Sluggish(FakeConnector):
    """What receives does not end at once, as with a disk or a line that is slow: sending is stopped only after it."""

    capabilities = CAPABILITIES

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        try:
            return await super().receive(cursor)
        except asyncio.CancelledError:
            await self.setup.clock.sleep(2)
            raise


@pytest.fixture
async def home(clock: FakeClock, platform: FakePlatform) -> AsyncIterator[Bach]:
    """A BACH with a connection at work, in both directions."""
    Sluggish.platform = platform
    async with Bach(MemoryDatabase(), clock=clock, connectors={"fake": Sluggish}) as bach:
        await bach.registry.add(HOME)
        await clock.settle()
        yield bach
        closing = asyncio.create_task(bach.close())
        await clock.advance(10)
        await closing


async def test_nothing_goes_out_after_the_switch_is_off(home: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """The alarm that somebody silences for an hour would go on to ring phones while receiving winds down."""
    await home.registry.update("home", is_active=False)
    receipt = await home.send("home", "ada", "text")
    await clock.advance(60)
    assert ((await home.get(receipt.id)).status, platform.attempts) == (Status.PENDING, [])
    await home.registry.update("home", is_active=True)
    await clock.settle()
    assert (await home.get(receipt.id)).status is Status.SENT


async def test_nothing_that_waited_goes_out_either(home: Bach, clock: FakeClock, platform: FakePlatform) -> None:
    """What waits for its turn would be sent while the connection is being stopped."""
    platform.hold = asyncio.Event()
    receipts = [await home.send("home", "ada", f"text {number}") for number in range(3)]
    await clock.settle()
    assert len(platform.attempts) == 1
    await home.registry.update("home", is_active=False)
    platform.hold.set()
    await clock.advance(5)
    assert len(platform.attempts) == 1
    statuses = [(await home.get(receipt.id)).status for receipt in receipts]
    assert (statuses.count(Status.SENT), statuses.count(Status.PENDING)) == (1, 2)
    assert home.breaker("home") is BreakerState.CLOSED


async def test_nothing_goes_through_the_old_address(
    home: Bach, clock: FakeClock, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that is sent after an address was corrected would go to the wrong one."""
    asked: list[str | None] = []

    async def send(connector: FakeConnector, message: Message) -> Outcome:
        asked.append(connector.setup.connection.endpoint)
        return Sent()

    monkeypatch.setattr(Sluggish, "send", send)
    await home.registry.update("home", endpoint="https://new.example")
    await home.send("home", "ada", "text")
    await clock.advance(10)
    assert asked == ["https://new.example"]


async def test_a_start_does_not_overtake_the_switch(clock: FakeClock, platform: FakePlatform) -> None:
    """Switched off while it is just coming to work, a connection would send what waits all the same."""
    connectors = {"fake": fake_connector(platform, receives=True)}
    async with Bach(MemoryDatabase(), clock=clock, connectors=connectors) as bach:
        await bach.registry.add(HOME)
        await bach.stop("home")
        receipt = await bach.send("home", "ada", "text")
        resolve, begun, go_on = Secrets.resolve, asyncio.Event(), asyncio.Event()

        async def slowly(secrets: Secrets, config: Mapping[str, str], type_: str = "") -> dict[str, str]:
            found = await resolve(secrets, config, type_)
            begun.set()
            await go_on.wait()
            return found

        with patch.object(Secrets, "resolve", slowly):
            start = asyncio.create_task(bach.start("home"))
            await begun.wait()
            await bach.registry.update("home", is_active=False)
            go_on.set()
            await start
        await clock.advance(60)
        assert ((await bach.get(receipt.id)).status, platform.attempts) == (Status.PENDING, [])
        await bach.registry.update("home", is_active=True)
        await clock.settle()
        assert (await bach.get(receipt.id)).status is Status.SENT


async def test_a_question_before_sending_does_not_outlast_the_switch(
    clock: FakeClock, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer to a message of ours would go out as soon as the platform has said whose account it is."""
    answer, asked = asyncio.Event(), asyncio.Event()

    async def whose(_: FakeConnector) -> str:
        asked.set()
        await answer.wait()
        return "somebody"

    connectors = {"fake": fake_connector(platform)}
    monkeypatch.setattr(FakeConnector, "whose", whose)
    async with Bach(MemoryDatabase(), clock=clock, connectors=connectors) as bach:
        await bach.registry.add(HOME)
        receipt = await bach.send("home", "ada", "text", reply_to="7")
        await asyncio.wait_for(asked.wait(), 60)
        await bach.registry.update("home", is_active=False)
        answer.set()
        await clock.advance(60)
        assert (platform.attempts, bach.breaker("home")) == ([], BreakerState.CLOSED)
        assert not (await bach.get(receipt.id)).status.is_final
        await bach.registry.update("home", is_active=True)
        await clock.advance(5)
        assert (await bach.get(receipt.id)).status is Status.SENT


async def test_what_waits_for_a_removed_connection_does_not_slip_out(
    home: Bach, clock: FakeClock, platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who removes a connection would see a few of its messages arrive while the disk still deletes them."""
    platform.hold = asyncio.Event()
    for number in range(3):
        await home.send("home", "ada", f"text {number}")
    await clock.settle()
    removals = home.registry.removals
    finish, begun, go_on = removals.finish, asyncio.Event(), asyncio.Event()

    async def slowly(name: str) -> None:
        begun.set()
        await go_on.wait()
        await finish(name)

    monkeypatch.setattr(removals, "finish", slowly)
    removing = asyncio.create_task(home.registry.remove("home"))
    await asyncio.wait_for(begun.wait(), 60)
    platform.hold.set()
    await clock.advance(1)
    assert len(platform.attempts) == 1
    go_on.set()
    await removing
    await clock.advance(60)
    assert len(platform.attempts) == 1
