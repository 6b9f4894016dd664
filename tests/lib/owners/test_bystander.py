"""What is sent through a process that does not own the connection: it waits on disk, and that has an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bach_lib import Bach, Connection, Policy
from bach_lib.errors import QueueFullError
from bach_lib.outbound import bystander
from bach_lib.testing import FakePlatform, fake_connector

LIMIT = 5


@pytest.fixture
async def sender(database_address: str) -> AsyncIterator[Bach]:
    """A process that owns nothing, beside the owner of a platform that takes nothing."""
    platform = FakePlatform()
    platform.hold = asyncio.Event()
    connectors = {"fake": fake_connector(platform)}
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(Bach(database_address, connectors=connectors, grace=0.0))
        await owner.registry.add(Connection(name="home", type="fake"))
        policies = {"home": Policy(max_waiting=LIMIT)}
        beside = Bach(database_address, connectors=connectors, autostart=False, policies=policies)
        yield await stack.enter_async_context(beside)


async def test_there_is_room_for_so_many_and_no_more(sender: Bach) -> None:
    """A program that sends beside a daemon would fill the database while a platform is away."""
    for number in range(LIMIT):
        await sender.send("home", "ada", f"{number}", idempotency_key=f"{number}")
    for _ in range(2):
        with pytest.raises(QueueFullError, match=f"{LIMIT}"):
            await sender.send("home", "ada", "more")
    again = await sender.send("home", "ada", "0", idempotency_key="0")
    await sender.cancel(again.id + LIMIT - 1)
    await sender.send("home", "bob", "there is room again")
    with pytest.raises(QueueFullError):
        await sender.send_all([("home", "ada"), ("home", "bob")], "to both or none")


async def test_many_at_once_are_counted_together(sender: Bach) -> None:
    """All that come in one moment would find the same room."""
    sending = (sender.send("home", "ada", f"{number}") for number in range(3 * LIMIT))
    found = await asyncio.gather(*sending, return_exceptions=True)
    assert [type(one) for one in found].count(QueueFullError) == 2 * LIMIT


async def test_it_is_not_counted_each_time(sender: Bach, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ten thousand messages waiting, each new one would cost as much as reading all of them."""
    monkeypatch.setattr(bystander, "_LOOK", 1e6)
    await sender.send("home", "ada", "first")
    place = sender._open_parts.runtimes.queue_of("home")
    assert isinstance(place, bystander.Bystander)
    assert place._room == LIMIT - 1
    looked_at = place._looked_at
    await sender.send("home", "ada", "second")
    assert (place._room, place._looked_at) == (LIMIT - 2, looked_at)
