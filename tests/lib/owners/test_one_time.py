"""Machines that share a database and disagree about the time: a message ends when its sender meant it to."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.testing import FakePlatform, fake_connector


@pytest.mark.parametrize("seconds", [-7200.0, 7200.0])
async def test_a_clock_that_is_set_between_sending_and_its_being_noticed(
    database_address: str, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """What another process stored just then would be moved once more, and an alarm would end before it was tried."""
    platform = FakePlatform()
    platform.hold = asyncio.Event()
    connectors, right = {"fake": fake_connector(platform)}, time.time
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(Bach(database_address, connectors=connectors, grace=0.0))
        await owner.registry.add(Connection(name="home", type="fake"))
        beside = await stack.enter_async_context(Bach(database_address, connectors=connectors, autostart=False))
        first = await owner.send("home", "ada", "first", time_to_live=600)  # is held, and those behind it wait
        monkeypatch.setattr(time, "time", lambda: right() + seconds)
        alarm = await beside.send("home", "ada", "alarm", time_to_live=600)
        await owner.send("home", "bob", "looks at the wall", time_to_live=600)
        waiting = await owner.get(alarm.id)
        assert waiting.expires_at is not None
        assert abs(waiting.expires_at - waiting.created_at - 600) < 1
        assert abs(waiting.created_at - (await owner.get(first.id)).created_at) < 300
    platform.hold = None
    async with Bach(database_address, connectors=connectors) as again:
        assert (await again.wait(alarm.id, 60)).status is Status.SENT


async def test_a_machine_that_is_hours_behind(database_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that it stores would have expired before the owner sees it."""
    platform, right = FakePlatform(), time.time
    connectors = {"fake": fake_connector(platform)}
    async with Bach(database_address, connectors=connectors) as owner:
        await owner.registry.add(Connection(name="home", type="fake"))
        monkeypatch.setattr(time, "time", lambda: right() - 7200)
        async with Bach(database_address, connectors=connectors, autostart=False) as beside:
            receipt = await beside.send("home", "ada", "alarm", time_to_live=600)
            monkeypatch.setattr(time, "time", right)
            assert (await owner.wait(receipt.id, 60)).status is Status.SENT
