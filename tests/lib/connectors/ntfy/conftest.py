"""An ntfy server on loopback, and connectors to it over real sockets."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Setup
from bach_lib.connectors.ntfy import NtfyConnector, Settings, Timeouts
from bach_lib.models import Connection, File, Format, Message
from bach_lib.testing.ntfy import NtfyServer

TOPIC = "our_doorbell"
HASTE = Timeouts(connect=60, read=0.5, total=60)
"""A server that keeps silent is given up soon; nothing else in a test waits."""

type Connect = Callable[..., NtfyConnector]


@pytest.fixture
async def server() -> AsyncIterator[NtfyServer]:
    """A server that everybody may use."""
    async with NtfyServer() as running:
        yield running


@pytest.fixture
async def connect(server: NtfyServer) -> AsyncIterator[Connect]:
    """Make a connector to it."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        def make(
            *topics: str, endpoint: str | None = server.url, poll_seconds: float = 25.0, **secrets: str
        ) -> NtfyConnector:
            connector = NtfyConnector(
                Setup(
                    connection=Connection(name="home", type="ntfy", endpoint=endpoint),
                    secrets=secrets,
                    session=session,
                    new_session=ClientSession,
                    clock=SystemClock(),
                    allowed=lambda: frozenset(topics),
                ),
                Settings(timeouts=HASTE, poll_seconds=poll_seconds),
            )
            stack.push_async_callback(connector.close)
            return connector

        yield make


@pytest.fixture
def connector(connect: Connect) -> NtfyConnector:
    """The usual one, which listens to one topic."""
    return connect(TOPIC)


def a_message(
    text: str = "The garage door is open",
    *,
    title: str | None = None,
    form: Format = Format.PLAIN,
    silent: bool = False,
    reply_to: str | None = None,
    files: tuple[File, ...] = (),
) -> Message:
    """A message from the queue."""
    return Message(
        id=1,
        nonce="n-1",
        connection="home",
        recipient=TOPIC,
        text=text,
        title=title,
        format=form,
        silent=silent,
        reply_to=reply_to,
        files=files,
    )
