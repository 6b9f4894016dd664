"""Another Home Assistant on loopback, and connectors to it over real sockets."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession

from bach_lib.clock import Clock, SystemClock
from bach_lib.connectors.base import Setup
from bach_lib.connectors.homeassistant import HomeAssistantConnector, Settings, Timeouts
from bach_lib.models import Connection, Message
from bach_lib.testing.homeassistant import HomeAssistantServer

HASTE = Timeouts(connect=60, command=0.5)
"""A server that keeps silent is given up soon; nothing else in a test waits."""

type Connect = Callable[..., HomeAssistantConnector]


@pytest.fixture
async def server() -> AsyncIterator[HomeAssistantServer]:
    """A Home Assistant with a BACH in it."""
    async with HomeAssistantServer(key="token") as running:
        yield running


@pytest.fixture
async def connect(server: HomeAssistantServer) -> AsyncIterator[Connect]:
    """Make a connector to it."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        def make(
            *allowed: str,
            endpoint: str = server.url,
            token: str = "token",
            poll_seconds: float = 25.0,
            timeouts: Timeouts = HASTE,
            clock: Clock | None = None,
        ) -> HomeAssistantConnector:
            connector = HomeAssistantConnector(
                Setup(
                    connection=Connection(name="home", type="homeassistant", endpoint=endpoint),
                    secrets={"token": token},
                    session=session,
                    new_session=ClientSession,
                    clock=clock or SystemClock(),
                    allowed=lambda: frozenset(allowed),
                ),
                Settings(timeouts=timeouts, poll_seconds=poll_seconds),
            )
            stack.push_async_callback(connector.close)
            return connector

        yield make


@pytest.fixture
def connector(connect: Connect) -> HomeAssistantConnector:
    """The usual one."""
    return connect()


def a_message(
    text: str = "The garage door is open",
    recipient: str = "notify.kitchen",
    *,
    title: str | None = None,
    reply_to: str | None = None,
) -> Message:
    """A message from the queue."""
    return Message(
        id=1,
        nonce="0a1b2c3d-1",
        connection="home",
        recipient=recipient,
        text=text,
        title=title,
        reply_to=reply_to,
        created_at=1_767_225_600.0,
    )
