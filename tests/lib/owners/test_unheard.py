"""Notices that nobody heard: who stored a message died before it said so, or the connection broke meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import override

import pytest

from bach_lib import Bach, Connection, Status
from bach_lib.runtime import neighbours
from bach_lib.storage.postgresql import notifier
from bach_lib.storage.postgresql.address import Address
from bach_lib.storage.postgresql.driver import Wire
from bach_lib.storage.postgresql.notifier import Notifier
from bach_lib.storage.postgresql.server_errors import ConnectionGoneError
from bach_lib.testing import FakePlatform, fake_connector


@dataclass
class Pair:
    """One that works on the connection, and one that only sends."""

    owner: Bach
    sender: Bach
    platform: FakePlatform

    async def send(self, *texts: str, is_heard: bool = True, key: str | None = None) -> int:
        """Send, each once the one before was accepted; the id of the last."""
        sharing = self.sender._open_parts.sharing
        assert sharing
        tell = sharing.neighbours._tell
        if not is_heard:
            sharing.neighbours._tell = _to_nobody
        try:
            for text in texts:
                options = {} if key is None else {"idempotency_key": key}
                last = await self.sender.send("a", "ada", text, **options)  # type: ignore[arg-type] # one of them
        finally:
            sharing.neighbours._tell = tell
        return last.id

    async def arrived(self, message_id: int) -> list[str]:
        """All that has arrived when this message has."""
        assert (await self.owner.wait(message_id, 600)).status is Status.SENT  # hundreds go before it
        return [message.text for message in self.platform.sent]


def _to_nobody(_: str) -> None:
    pass


@pytest.fixture
async def pair(database_address: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    """Both, and nobody looks by himself at what a lost notice may have said."""
    monkeypatch.setattr(neighbours, "_LOOK", 1e6)
    platform = FakePlatform()
    connectors = {"fake": fake_connector(platform)}
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(Bach(database_address, connectors=connectors, grace=0.0))
        await owner.registry.add(Connection(name="a", type="fake"))
        sender = await stack.enter_async_context(Bach(database_address, connectors=connectors, autostart=False))
        yield Pair(owner, sender, platform)


@pytest.mark.parametrize("unheard", [1, 120])
async def test_what_nobody_heard_of_goes_before_what_was_accepted_later(pair: Pair, unheard: int) -> None:
    """After the death of a process that sent, its last messages would come after what others sent later."""
    texts = [f"{number}" for number in range(unheard)]
    await pair.send(*texts, is_heard=False)
    assert await pair.arrived(await pair.send("last")) == [*texts, "last"]


@pytest.mark.parametrize("unheard", [1, 600])
async def test_what_was_missed_goes_before_what_is_heard_now(pair: Pair, unheard: int) -> None:
    """After a restart of the database, what was accepted in the middle of it would come late."""
    texts = [f"{number}" for number in range(unheard)]
    await pair.send(*texts, is_heard=False)
    sharing = pair.owner._open_parts.sharing
    assert sharing
    sharing.neighbours.missed()
    assert await pair.arrived(await pair.send("last")) == [*texts, "last"]


async def test_who_asks_again_under_a_key_calls_out_what_is_stored_already(pair: Pair) -> None:
    """A message whose sender heard nothing of its commit would wait until somebody looks by chance."""
    await pair.send("once", is_heard=False, key="k")
    assert await pair.arrived(await pair.send("once", key="k")) == ["once"]


def test_notices_that_a_broken_connection_did_not_take_are_called_out_later() -> None:
    """Whatever was stored in the moment of a break would wait until somebody looks by chance."""

    class Broken:
        def execute(self, *_: object) -> None:
            raise ConnectionGoneError("cut")

    notices = Notifier(Address("postgresql://nobody@127.0.0.1/none"), _never)
    notices.tell("third")
    with pytest.raises(ConnectionGoneError):
        notices._call_out(Broken(), ["first", "second"])  # type: ignore[arg-type] # what it needs of one
    assert list(notices._pending) == ["first", "second", "third"]
    notices.close()


def _never(call: Callable[..., None], *_: object) -> None:
    raise AssertionError(call, asyncio.get_running_loop())


async def test_no_notice_waits_for_the_disk(database_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message to a connection of another process would wait for one write more, and so would all others."""
    said = asyncio.Queue[object]()
    loop = asyncio.get_running_loop()

    class Asked(Wire):
        @override
        def listen(self, channel: str) -> None:
            super().listen(channel)
            [row] = self.execute("SHOW synchronous_commit").fetchall()
            loop.call_soon_threadsafe(said.put_nowait, row["synchronous_commit"])

    monkeypatch.setattr(notifier, "Wire", Asked)
    notices = Notifier(Address(database_address), _never)
    notices.start(_nothing, _nothing)
    try:
        async with asyncio.timeout(60):
            assert await said.get() == "off"
    finally:
        await asyncio.to_thread(notices.close)


def _nothing(_: str = "") -> None:
    pass
