"""A Discord with one bot, one person and one channel, the shortest way to call it, and discord.py connected to it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, override

import discord
import pytest
from aiohttp import ClientSession
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route
from yarl import URL

from bach_lib.testing.discord_server import Bot, Channel, DiscordServer, User

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.the_token_of_a_test_without_any_worth"


@dataclass(slots=True)
class Answer:
    """What a call brought back."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(repr=False)


class Api:
    """Calls Discord with JSON arguments."""

    def __init__(self, session: ClientSession, server: DiscordServer) -> None:
        self._session = session
        self._server = server

    async def __call__(
        self, method: str, path: str, body: object = None, *, token: str | None = TOKEN, **query: str
    ) -> Answer:
        """Call it as the bot with this token, or as nobody."""
        headers = {} if token is None else {"Authorization": f"Bot {token}"}
        async with self._session.request(
            method, f"{self._server.url}{path}", params=query, headers=headers, json=body
        ) as response:
            parsed = None if response.status == 204 else await response.json()
            return Answer(response.status, parsed, dict(response.headers))


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    """A running Discord."""
    async with DiscordServer() as running:
        yield running


@pytest.fixture
def bot(server: DiscordServer) -> Bot:
    """Its bot."""
    return server.add_bot(TOKEN, username="home_bot")


@pytest.fixture
def ada(server: DiscordServer) -> User:
    """A person."""
    return server.add_user("ada", global_name="Ada")


@pytest.fixture
def channel(server: DiscordServer, bot: Bot, ada: User) -> Channel:
    """A channel in a server where both are."""
    guild = server.add_guild("Home")
    guild.members.append(ada)
    return server.add_channel(guild, "alarms")


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """A client."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
def api(server: DiscordServer, channel: Channel, session: ClientSession) -> Api:
    """The bot's way to call that server."""
    return Api(session, server)


class Recorder(discord.Client):
    """discord.py as it is, remembering what it was told."""

    def __init__(self, server: DiscordServer) -> None:
        self.server = server
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = intents.message_content = True
        intents.guild_reactions = intents.dm_reactions = True
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.seen: list[tuple[str, Any]] = []
        self.news = asyncio.Event()

    @override
    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Remember every event."""
        super().dispatch(event, *args, **kwargs)
        self.seen.append((event, args[0] if args else None))
        self.news.set()

    async def until(self, event: str, count: int = 1) -> Any:  # noqa: ANN401 - discord.py's events bring what they like
        """Wait for the nth of these events and return what came with it."""
        async with asyncio.timeout(60):
            while len(found := [data for name, data in self.seen if name == event]) < count:
                self.news.clear()
                await self.news.wait()
            return found[count - 1]


@pytest.fixture
def at_loopback(server: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py think that Discord is there."""
    monkeypatch.setattr(Route, "BASE", server.url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", URL(server.origin.replace("http", "ws", 1)))


@asynccontextmanager
async def running(client: discord.Client, *, reconnect: bool = True) -> AsyncIterator[asyncio.Task[None]]:
    """The client at work."""
    async with client:
        task = asyncio.create_task(client.start(TOKEN, reconnect=reconnect))
        try:
            yield task
        finally:
            await client.close()
            await asyncio.gather(task, return_exceptions=True)
            await end_heartbeats()


async def end_heartbeats() -> None:
    """discord.py asks the threads that send them to end, but waits for none."""
    for thread in threading.enumerate():
        if isinstance(thread, KeepAliveHandler):
            thread.stop()
            await thread.ws.close()
            await asyncio.to_thread(thread.join, 5)


@pytest.fixture
async def client(at_loopback: None, server: DiscordServer, channel: Channel) -> AsyncIterator[Recorder]:
    """discord.py, connected and ready."""
    recorder = Recorder(server)
    async with running(recorder):
        await recorder.until("ready")
        yield recorder
