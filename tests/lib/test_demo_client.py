"""The demo's client of Home Assistant, whose access token lives for half an hour only."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from demo.client import Client, RefusedError


class Door:
    """Gives tokens, and lets in whoever shows the newest; `expire` lets half an hour pass."""

    def __init__(self) -> None:
        self.count = 0
        self.is_valid = True
        self.knows_refresh_token = True

    def expire(self) -> None:
        """The access token is good no longer."""
        self.is_valid = False

    async def token(self, request: web.Request) -> web.Response:
        """As `/auth/token`: renewing gives no new refresh token."""
        form = await request.post()
        if form["grant_type"] == "refresh_token" and not (
            self.knows_refresh_token and form["refresh_token"] == "refresh"
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.count, self.is_valid = self.count + 1, True
        first = {"refresh_token": "refresh"} if form["grant_type"] == "authorization_code" else {}
        return web.json_response({"access_token": f"access {self.count}", "expires_in": 1800, **first})

    async def answer(self, request: web.Request) -> web.Response:
        """As any page that needs a login."""
        shown = request.headers.get("Authorization")
        if not self.is_valid or shown != f"Bearer access {self.count}":
            return web.Response(status=401, text="401: Unauthorized")
        return web.json_response({"state": "RUNNING"})


@pytest.fixture
def door() -> Door:
    """Home Assistant's login."""
    return Door()


@pytest.fixture
async def client(door: Door) -> AsyncIterator[Client]:
    """Logged in."""
    app = web.Application()
    app.router.add_post("/auth/token", door.token)
    app.router.add_route("*", "/api/{tail:.*}", door.answer)
    async with TestServer(app) as server:
        client = Client(str(server.make_url("")).rstrip("/"))
        await client._take_tokens({"grant_type": "authorization_code", "code": "code"})
        yield client
        await client.close()


async def test_an_access_token_that_has_expired_is_renewed(client: Client, door: Door) -> None:
    """After half an hour of work, the next file that is saved would end `script/demo --watch`."""
    assert await client.is_running()
    for asks in (client.is_running, lambda: client.render("{{ 1 }}"), lambda: client.post("/api/x", {})):
        door.expire()
        assert await asks()
        assert await asks()
    assert door.count == 4


async def test_a_login_that_is_gone_is_said(client: Client, door: Door) -> None:
    """The demo would ask again and again, or end in a traceback."""
    door.expire()
    door.knows_refresh_token = False
    with pytest.raises(RefusedError, match="/auth/token: 400"):
        await client.get("/api/config")
