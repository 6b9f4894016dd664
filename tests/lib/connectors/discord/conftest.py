"""A bot, a Discord on loopback, and connectors between them over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Batch, Incoming, Setup
from bach_lib.connectors.discord import DiscordConnector, Settings, Timeouts
from bach_lib.models import Buttons, Connection, Format, Message, Operation
from bach_lib.testing.discord_server import Bot, Channel, DiscordServer, User

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.not_a_real_token_but_of_its_form-x"

type Connect = Callable[..., DiscordConnector]

HASTE = Timeouts(connect=60, read=0.5, total=60)
"""A server that keeps silent is given up soon; nothing else in a test waits."""


@dataclass
class World:
    """Everything there is on the server."""

    server: DiscordServer
    bot: Bot
    ada: User
    channel: Channel

    @property
    def recipient(self) -> str:
        """The channel as a recipient."""
        return str(self.channel.id)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A server with a bot, a person and a channel where both are."""
    async with DiscordServer() as server:
        bot = server.add_bot(TOKEN, username="home_bot")
        guild, ada = server.add_guild("Home"), server.add_user("ada", global_name="Ada")
        guild.members.append(ada)
        yield World(server, bot, ada, server.add_channel(guild, "alarms"))


@pytest.fixture
def server(world: World) -> DiscordServer:
    """That server."""
    return world.server


@pytest.fixture
async def connect(world: World) -> AsyncIterator[Connect]:
    """Make a connector, by default to that server with that bot's token. It is closed after the test."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())

        def make(
            *,
            endpoint: str | None = None,
            token: str = TOKEN,
            settings: Settings | None = None,
            allowed: frozenset[str] = frozenset({world.recipient}),
        ) -> DiscordConnector:
            connector = DiscordConnector(
                Setup(
                    connection=Connection(name="discord", type="discord", endpoint=endpoint or world.server.url),
                    secrets={"bot_token": token},
                    session=session,
                    new_session=ClientSession,
                    clock=SystemClock(),
                    allowed=lambda: allowed,
                ),
                settings,
            )
            stack.push_async_callback(connector.close)
            return connector

        yield make


@pytest.fixture
def connector(connect: Connect) -> DiscordConnector:
    """The usual one."""
    return connect()


@pytest.fixture
def hasty(connect: Connect) -> DiscordConnector:
    """One that gives up on silence soon."""
    return connect(settings=Settings(timeouts=HASTE))


def a_message(
    recipient: str | Channel,
    text: str = "The garage door is open",
    *,
    number: int = 1,
    title: str | None = None,
    form: Format = Format.PLAIN,
    silent: bool = False,
    reply_to: str | None = None,
    buttons: Buttons = (),
    operation: Operation = Operation.SEND,
    target: str | None = None,
) -> Message:
    """A message from the queue."""
    return Message(
        id=number,
        nonce=f"0123456789abcd-{number:x}",
        connection="discord",
        recipient=recipient if isinstance(recipient, str) else str(recipient.id),
        text=text,
        title=title,
        format=form,
        silent=silent,
        reply_to=reply_to,
        buttons=buttons,
        operation=operation,
        target=target,
    )


async def listen(connector: DiscordConnector, cursor: str | None = None) -> Batch:
    """The first poll, which returns when the connector hears."""
    batch = await connector.receive(cursor)
    assert isinstance(batch, Batch), batch
    return batch


async def hear(connector: DiscordConnector, cursor: str | None, count: int = 1) -> tuple[list[Incoming], str | None]:
    """The next messages, and the cursor behind them."""
    heard: list[Incoming] = []
    async with asyncio.timeout(60):
        while len(heard) < count:
            batch = await connector.receive(cursor)
            assert isinstance(batch, Batch), batch
            heard += batch.messages
            cursor = batch.cursor
    return heard, cursor
