"""Bridges between real connectors and the doubles of their platforms, and between two processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, Bridge, Connection, Kind, Operation, Place
from bach_lib.models.incoming import Content
from bach_lib.testing import DiscordServer, FakePlatform, fake_connector
from tests.lib.bridges.conftest import BRIDGE, HERE, ROWS, THERE
from tests.lib.sides import DISCORD_TOKEN, Side, discord, signal, telegram


@pytest.mark.parametrize("make", [telegram, discord, signal])
async def test_each_platform_is_one_shore(
    make: Callable[[], AbstractAsyncContextManager[Side]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connector whose ids, names or markup are otherwise would carry nothing, or show how it was marked."""
    monkeypatch.setenv("BOT_TOKEN", "")
    async with make() as side:
        monkeypatch.setenv("BOT_TOKEN", side.token)
        other = FakePlatform()
        rows = [side.connection, ROWS[1]]
        kinds = {"other": fake_connector(other, receives=True)}
        async with Bach(":memory:", connectors=kinds, connections=rows, grace=0) as bach, asyncio.timeout(60):
            home = Place(connection="home", recipient=side.platform.person)
            await bach.bridges.set(Bridge(name="over", source=home, targets=(THERE,), both_ways=True))
            await side.platform.wait_until_heard()
            side.platform.says("Who comes?")
            [carried] = await other.wait_for(1)
            assert carried.text.endswith("Who comes?")
            other.says("Me", sender="club")
            await side.platform.wait_for(1)
            assert side.platform.texts[-1].endswith("Me")
            assert "<b>" not in side.platform.texts[-1]


async def test_what_is_deleted_in_discord_is_deleted_there(tmp_path: Path) -> None:
    """Of a message that somebody regrets, everybody over there would still have a copy."""
    (tmp_path / "token").write_text(DISCORD_TOKEN)
    other = FakePlatform()
    async with DiscordServer() as server:
        server.add_bot(DISCORD_TOKEN, username="home_bot")
        server.add_user("ada", id=int(server.person.removeprefix("@")))
        secret = {"bot_token": f"file:{tmp_path / 'token'}"}
        here = Connection(
            name="here", type="discord", endpoint=server.url, auth_config=secret, allowed=frozenset({server.person})
        )
        kinds = {"other": fake_connector(other, receives=True)}
        async with (
            Bach(":memory:", connectors=kinds, connections=[here, ROWS[1]], grace=0) as bach,
            asyncio.timeout(60),
        ):
            await bach.bridges.set(replace(BRIDGE, source=replace(HERE, recipient=server.person)))
            await server.wait_until_heard()
            message = server.says("The code is 1234")
            await other.wait_for(1)
            server.edit(message, "Never mind")
            await other.wait_for(2)
            server.take_back(message)
            [_, edited, deleted] = await other.wait_for(3)
            assert (edited.operation, deleted.operation) == (Operation.EDIT, Operation.DELETE)
            [last, *_] = await bach.inbox()
            assert (last.kind, last.content, last.sender_name) == (Kind.DELETED, Content(), "ada")


async def test_of_two_processes_one_carries(database_address: str) -> None:
    """Each message would come twice, or not at all when the one that made the bridge is gone."""
    here, there = FakePlatform(), FakePlatform()
    kinds = {"fake": fake_connector(here, receives=True), "other": fake_connector(there, receives=True)}
    async with AsyncExitStack() as stack:
        one, two = [
            await stack.enter_async_context(Bach(database_address, process=name, connectors=kinds, grace=0.0))
            for name in ("one", "two")
        ]
        for row in ROWS:
            await one.registry.add(row)
        await one.bridges.set(replace(BRIDGE, both_ways=True))
        async with asyncio.timeout(60):
            here.says("Hello", sender="family")
            there.says("Yes?", sender="club")
            await here.wait_for(1)
            await there.wait_for(1)
            while not two.bridges.list():
                await two.queue_status()  # each question goes to the server and back, so others have their turn
            while sum(side.carried for side in await two.bridges.sides("both")) < 2:
                pass
        assert (len(here.sent), len(there.sent)) == (1, 1)
