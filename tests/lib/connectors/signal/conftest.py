"""An account, a signal-cli-rest-api on loopback, and connectors between them over real sockets."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Setup
from bach_lib.connectors.signal import Settings, SignalConnector, Timeouts
from bach_lib.models import Connection, Format, Message, Operation
from bach_lib.testing.signal import SignalServer

ADA = "+491701234567"
HASTE = Timeouts(connect=60, read=0.5, total=60)
"""A server that keeps silent is given up soon; nothing else in a test waits."""

type Connect = Callable[..., SignalConnector]


@pytest.fixture
async def server() -> AsyncIterator[SignalServer]:
    """A server without anything before it, as most people run it."""
    async with SignalServer() as running:
        yield running


@pytest.fixture
async def connect(server: SignalServer) -> AsyncIterator[Connect]:
    """Make a connector to it."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        def make(
            *, endpoint: str | None = server.url, number: object = server.number, poll_seconds: float = 25.0
        ) -> SignalConnector:
            connector = SignalConnector(
                Setup(
                    connection=Connection(name="home", type="signal", endpoint=endpoint, settings={"number": number}),
                    secrets={},
                    session=session,
                    new_session=ClientSession,
                    clock=SystemClock(),
                ),
                Settings(timeouts=HASTE, poll_seconds=poll_seconds),
            )
            stack.push_async_callback(connector.close)
            return connector

        yield make


@pytest.fixture
def connector(connect: Connect) -> SignalConnector:
    """The usual one."""
    return connect()


def a_message(
    text: str = "The garage door is open",
    recipient: str = ADA,
    *,
    title: str | None = None,
    form: Format = Format.PLAIN,
    reply_to: str | None = None,
    operation: Operation = Operation.SEND,
    target: str | None = None,
) -> Message:
    """A message from the queue."""
    return Message(
        id=1,
        nonce="n-1",
        connection="home",
        recipient=recipient,
        text=text,
        title=title,
        format=form,
        reply_to=reply_to,
        operation=operation,
        target=target,
    )
