"""A Telegram server with one bot and one chat, and the shortest way to call it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession

from bach_lib.testing.telegram_server import Bot, TelegramServer

TOKEN = "123456:ABC-test-token"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call brought back."""

    status: int
    body: dict[str, object]
    retry_after: str | None = None

    @property
    def description(self) -> object:
        """Why it was refused."""
        return self.body.get("description")

    @property
    def result(self) -> object:
        """What it returned."""
        return self.body["result"]


class Call:
    """Calls a method with JSON arguments."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def __call__(
        self, method: str, more: Mapping[str, object] | None = None, /, *, token: str = TOKEN, **arguments: object
    ) -> Answer:
        """Call it as the bot with this token."""
        body = {**arguments, **(more or {})}
        async with self._session.post(f"{self.url}/bot{token}/{method}", json=body) as response:
            return Answer(response.status, await response.json(), response.headers.get("Retry-After"))

    async def download(self, path: str) -> tuple[int, bytes]:
        """Status and bytes of a file, by the path that getFile returned."""
        async with self._session.get(f"{self.url}/file/bot{TOKEN}/{path}") as response:
            return response.status, await response.read()


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    """A server that knows one person."""
    async with TelegramServer() as running:
        running.add_chat(42, first_name="Ada")
        yield running


@pytest.fixture
def bot(server: TelegramServer) -> Bot:
    """The bot of that server."""
    return server.add_bot(TOKEN, username="home_bot")


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """A client."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
def call(server: TelegramServer, bot: Bot, session: ClientSession) -> Call:
    """The bot's way to call that server."""
    return Call(session, server.url)
