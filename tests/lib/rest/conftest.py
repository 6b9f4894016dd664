"""The REST interface on a free port, over a BACH whose platform does as it is told."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import cast

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from bach_lib import Bach, Connection
from bach_lib.rest import make_application
from bach_lib.testing import FakeClock

TOKEN = "a-token-that-nobody-guesses"


@dataclass
class Answer:
    """What came back."""

    status: int
    body: dict[str, object]
    headers: Mapping[str, str]


class Client:
    """A program that uses the interface."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        token: str | None = TOKEN,
    ) -> Answer:
        """One request."""
        sent = {"Authorization": f"Bearer {token}"} if token is not None else {}
        async with self._session.request(
            method, f"{self.url}{path}", json=json, data=data, headers=sent | dict(headers or {})
        ) as response:
            body = cast("dict[str, object]", await response.json()) if method != "HEAD" else {}
            return Answer(response.status, body, response.headers)

    async def send(self, content: str = "ding", *, key: str | None = None, **fields: object) -> Answer:
        """Ask for a message to Ada."""
        body = {"connector": "home", "recipient": "ada", "content": content} | fields
        return await self.call(
            "POST", "/api/v1/messages/send", json=body, headers={"Idempotency-Key": key} if key is not None else None
        )


@pytest.fixture
async def client(bach: Bach, clock: FakeClock) -> AsyncIterator[Client]:
    """The interface, with a connection "home" that is at work."""
    await bach.registry.add(Connection(name="home", type="fake", allowed=frozenset({"42"})))
    await clock.settle()
    server = TestServer(make_application(bach, token=TOKEN, hosts=["bach.example"]))
    await server.start_server()
    async with ClientSession() as session:
        yield Client(session, f"http://127.0.0.1:{server.port}")
    await server.close()
