"""A bot, a Telegram server on loopback, and connectors between them over real sockets."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Setup
from bach_lib.connectors.telegram import Settings, TelegramConnector, Timeouts
from bach_lib.models import Buttons, Connection, Format, Message, Operation
from bach_lib.testing.telegram_server import Bot, TelegramServer

TOKEN = "123456789:AAH-not_a_real_token_but_of_its_form-x"
CHAT = 42
GROUP = -1001234567890

type Connect = Callable[..., TelegramConnector]

HASTE = Timeouts(connect=60, read=0.5, total=60)
"""A server that keeps silent is given up soon; nothing else in a test waits."""


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    """A server that knows a person and a group with topics."""
    async with TelegramServer() as running:
        running.add_chat(CHAT, first_name="Ada")
        group = running.add_chat(GROUP, type="supergroup", title="Home", is_forum=True, username="our_home")
        group.threads[7] = "Garden"
        yield running


@pytest.fixture
def bot(server: TelegramServer) -> Bot:
    """The bot of that server."""
    return server.add_bot(TOKEN, username="home_bot")


@pytest.fixture
async def connect(server: TelegramServer, bot: Bot) -> AsyncIterator[Connect]:
    """Make a connector, by default to that server with that bot's token. It is closed after the test."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        def make(
            *,
            endpoint: str | None = None,
            token: str = TOKEN,
            timeouts: Timeouts | None = None,
            poll_seconds: int = 25,
            session: ClientSession = session,
        ) -> TelegramConnector:
            normal = Settings()
            connector = TelegramConnector(
                Setup(
                    connection=Connection(name="telegram", type="telegram", endpoint=endpoint or server.url),
                    secrets={"bot_token": token},
                    session=session,
                    new_session=ClientSession,
                    clock=SystemClock(),
                ),
                Settings(send=timeouts or normal.send, poll=timeouts or normal.poll, poll_seconds=poll_seconds),
            )
            stack.push_async_callback(connector.close)
            return connector

        yield make


@pytest.fixture
def connector(connect: Connect) -> TelegramConnector:
    """The usual one."""
    return connect()


@pytest.fixture
def hasty(connect: Connect) -> TelegramConnector:
    """One that gives up on silence soon."""
    return connect(timeouts=HASTE)


def a_message(
    text: str = "The garage door is open",
    recipient: str = str(CHAT),
    *,
    title: str | None = None,
    form: Format = Format.PLAIN,
    silent: bool = False,
    reply_to: str | None = None,
    operation: Operation = Operation.SEND,
    target: str | None = None,
    buttons: Buttons = (),
) -> Message:
    """A message from the queue."""
    return Message(
        id=1,
        nonce="0a1b2c3d-1",
        connection="telegram",
        recipient=recipient,
        text=text,
        title=title,
        format=form,
        silent=silent,
        reply_to=reply_to,
        operation=operation,
        target=target,
        buttons=buttons,
    )
