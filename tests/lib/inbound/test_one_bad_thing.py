"""What a connector hands over and should not: it costs only itself, in a poll and in a request."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, override

import pytest

from bach_lib import Bach
from bach_lib.connectors.base import Batch, Incoming
from bach_lib.connectors.tolerant import MAX_RAW
from bach_lib.errors import PushRefusedError
from bach_lib.events import MessageReceived
from bach_lib.models import Connection, ConnectionState, Direction
from bach_lib.models.incoming import Kind
from bach_lib.storage.memory import MemoryDatabase
from bach_lib.testing import FakeClock, FakeConnector, FakePlatform, fake_connector
from tests.lib.inbound.make import incoming

GOOD = replace(incoming(text="good", remote_id="1"), sender_id="42", recipient="42")


class Odd(BaseException):
    """What no library should raise, and some do."""


def odd(**fields: object) -> Incoming:
    """A message with values of types that it cannot have."""
    message = replace(GOOD, remote_id="bad")
    for name, value in fields.items():
        object.__setattr__(message, name, value)
    return message


BAD: Mapping[str, object] = {
    "nothing": None,
    "a text": "text",
    "no text": odd(text=None),
    "bytes": odd(text=b"x"),
    "a list for the sender": odd(sender_id=[]),
    "a list for the place": odd(recipient=["42"]),
    "no id": odd(remote_id=None),
    "a kind of its own": odd(kind="press"),
    "a time in words": odd(sent_at="now"),
    "no time": odd(sent_at=float("nan")),
    "no content": odd(content=None),
    "metadata that is none": odd(metadata=5),
    "metadata that no disk takes": odd(metadata={"x": object()}),
    "a number without end": odd(metadata={"x": 10**5000}),
    "an odd handle": odd(handle=5, kind=Kind.BUTTON),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
async def test_one_bad_message_of_a_poll(bad: object) -> None:
    """Its neighbours would come again with every poll and never be stored, and the cursor would stand still."""
    platform, heard, clock = FakePlatform(), list[str](), FakeClock()
    batch = Batch(messages=(GOOD, GOOD, replace(GOOD, remote_id="3", text="last")), cursor="9")
    object.__setattr__(batch, "messages", (batch.messages[0], bad, batch.messages[2]))
    platform.incoming.put_nowait(batch)
    types = {"fake": fake_connector(platform, receives=True)}
    async with Bach(MemoryDatabase(), connectors=types, clock=clock) as bach:
        bach.subscribe(MessageReceived, lambda event: heard.append(event.message.text))
        await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
        await clock.settle()
        assert platform.cursors[-1] == "9"
        assert heard == ["good", "last"]
        assert len(await bach.unreadable("home")) == 1
        assert bach.health("home", Direction.RECEIVING).state is ConnectionState.CONNECTED


class Door(FakeConnector):
    """Takes requests, and does with the first what the test says."""

    faults: ClassVar[list[object]] = []

    @property
    @override
    def is_open(self) -> bool:
        return True

    @override
    def pushed(self, headers: Mapping[str, str], body: bytes, address: str | None = None) -> Incoming:
        if not self.faults:
            return replace(GOOD, remote_id=body.decode(), text="good")
        fault = self.faults.pop()
        if isinstance(fault, BaseException):
            raise fault
        return fault  # type: ignore[return-value] # which is the fault


def a_door(*faults: object) -> type[FakeConnector]:
    """A connector that takes requests."""
    made = fake_connector(FakePlatform())
    return type(
        "Made",
        (Door,),
        {
            "platform": made.platform,
            "capabilities": replace(made.capabilities, takes_pushes=True),
            "faults": list(faults),
        },
    )


@pytest.mark.parametrize("fault", [ValueError("x"), Odd(), asyncio.CancelledError(), KeyError("y"), None, odd(text=5)])
async def test_one_bad_request(fault: object) -> None:
    """Who serves the address would answer with a traceback, or be cancelled; and nobody could see what came."""
    async with Bach(MemoryDatabase(), connectors={"fake": a_door(fault)}, clock=FakeClock()) as bach:
        await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
        with pytest.raises(PushRefusedError):
            await bach.push("home", {}, b"\xff" * 100_000)
        [kept] = await bach.unreadable("home")
        assert kept.reason
        assert 0 < len(kept.raw) <= MAX_RAW
        assert await bach.push("home", {}, b"2")
        assert [message.text for message in await bach.inbox()] == ["good"]


async def test_a_refused_request_is_only_counted() -> None:
    """Whoever finds the address could fill the disk with what they post."""
    refusal = PushRefusedError(name="home", reason="it does not show the token")
    async with Bach(MemoryDatabase(), connectors={"fake": a_door(refusal)}, clock=FakeClock()) as bach:
        await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
        with pytest.raises(PushRefusedError):
            await bach.push("home", {}, b"1")
        assert await bach.unreadable("home") == []


TOKEN = "a-token-that-is-long-enough"


async def test_a_request_that_may_and_says_nothing_is_kept() -> None:
    """Who sets up a webhook could not see what their device really posts."""
    async with Bach(MemoryDatabase(), secrets={"test": {"token": TOKEN}.get}, clock=FakeClock()) as bach:
        await bach.registry.add(
            Connection(
                name="door",
                type="webhook",
                auth_config={"incoming_token": "test:token"},
                allowed=frozenset({"webhook"}),
            )
        )
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for body in (b'{"text": 5', b'{"text": "good"}', b'{"alarm": {"state": "on"}}', b'{"text": "last"}'):
            if b'"good"' in body or b'"last"' in body:
                await bach.push("door", headers, body)
            else:
                with pytest.raises(PushRefusedError):
                    await bach.push("door", headers, body)
        assert [message.text for message in await bach.inbox()] == ["last", "good"]
        assert [kept.raw for kept in await bach.unreadable("door")] == ['{"alarm": {"state": "on"}}', '{"text": 5']
