"""Every double of a chat platform, with how a program connects to it; the type checker holds each to `Double`."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from bach_lib import Connection
from bach_lib.connecting import Connector
from bach_lib.testing import (
    DiscordServer,
    Double,
    FakePlatform,
    NtfyServer,
    SignalServer,
    TelegramServer,
    fake_connector,
)

TOKEN = "123456:AAFakeTokenFakeTokenFakeTokenFakeTok"
DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.FakeTokenFakeTokenFakeTokenFakeTokenFak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A double at work, and the connection "home" to it, whose token is in the environment as BOT_TOKEN."""

    platform: Double[object]
    connection: Connection
    token: str = ""
    connectors: Mapping[str, type[Connector]] = field(default_factory=dict)


def side[SentT](double: Double[SentT], kind: str, token: str = "", **settings: object) -> Side:
    """The connection to a double."""
    connection = Connection(
        name="home",
        type=kind,
        endpoint=double.url,
        auth_config={"bot_token": "env:BOT_TOKEN"} if token else {},
        settings=settings,
        allowed=frozenset({double.person}),
    )
    return Side(platform=cast("Double[object]", double), connection=connection, token=token)


@asynccontextmanager
async def fake() -> AsyncIterator[Side]:
    """Nothing but memory."""
    platform = FakePlatform()
    made = side(platform, "fake")
    yield Side(
        platform=made.platform,
        connection=made.connection,
        connectors={"fake": fake_connector(platform, receives=True)},
    )


@asynccontextmanager
async def telegram() -> AsyncIterator[Side]:
    """A Telegram on loopback."""
    async with TelegramServer() as server:
        server.add_bot(TOKEN, username="home_bot")
        server.add_chat(int(server.person), first_name="Ada")
        yield side(server, "telegram", TOKEN)


@asynccontextmanager
async def discord() -> AsyncIterator[Side]:
    """A Discord on loopback."""
    async with DiscordServer() as server:
        server.add_bot(DISCORD_TOKEN, username="home_bot")
        server.add_user("ada", id=int(server.person.removeprefix("@")))
        yield side(server, "discord", DISCORD_TOKEN)


@asynccontextmanager
async def signal() -> AsyncIterator[Side]:
    """A Signal on loopback."""
    async with SignalServer() as server:
        yield side(server, "signal", number=server.number)


@asynccontextmanager
async def ntfy() -> AsyncIterator[Side]:
    """An ntfy on loopback."""
    async with NtfyServer() as server:
        yield side(server, "ntfy")


SIDES: tuple[Callable[[], AbstractAsyncContextManager[Side]], ...] = (fake, telegram, discord, signal, ntfy)
