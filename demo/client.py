"""Talks to Home Assistant as its own frontend does: onboarding, flows, actions, events and templates over REST."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
from aiohttp import ClientConnectionError, ClientSession
from yarl import URL

type Json = dict[str, Any]
"""Somebody else's JSON, of the shape that Home Assistant gives it."""

USER: Final = "demo"
PASSWORD: Final = "demo"  # noqa: S105 - of a home that nobody else can reach
_FLOWS = "/api/config/config_entries"
_BAD = 400
_UNAUTHORIZED = 401


class RefusedError(Exception):
    """Home Assistant did not do what was asked."""


class Client:
    """One user of one Home Assistant."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tokens: Json = {}
        self._session = ClientSession(url)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return URL(self.url).port or 0

    @property
    def client_id(self) -> str:
        """What the frontend calls itself when it logs in."""
        return f"{self.url}/"

    @property
    def is_logged_in(self) -> bool:
        """True after `onboard`."""
        return bool(self.tokens)

    async def can_onboard(self) -> bool:
        """True once a new Home Assistant asks for its first user."""
        try:
            async with self._session.get("/api/onboarding") as response:
                return response.ok
        except ClientConnectionError:
            return False

    async def is_running(self) -> bool:
        """True once all integrations are set up."""
        try:
            return bool((await self.get("/api/config"))["state"] == "RUNNING")
        except ClientConnectionError:
            return False

    async def onboard(self) -> None:
        """Create the first user and log in."""
        user = {
            "client_id": self.client_id,
            "name": "Demo",
            "username": USER,
            "password": PASSWORD,
            "language": "en",
        }
        code = (await self.post("/api/onboarding/users", user))["auth_code"]
        await self._take_tokens({"grant_type": "authorization_code", "code": code})

    async def log_in(self, username: str = USER, password: str = PASSWORD) -> None:
        """As a user of a home that is there already. Raises RefusedError."""
        app = {"client_id": self.client_id, "redirect_uri": self.client_id}
        step = await self.post("/auth/login_flow", {**app, "handler": ["homeassistant", None]})
        user = {"client_id": self.client_id, "username": username, "password": password}
        step = await self.post(f"/auth/login_flow/{step['flow_id']}", user)
        if "result" not in step:
            raise RefusedError(f"{self.url} is no home of the demo: it knows no user {username}.")
        await self._take_tokens({"grant_type": "authorization_code", "code": step["result"]})

    async def get(self, path: str) -> Json:
        """Ask for something. Raises RefusedError."""
        return await self._call("GET", path, None)

    async def post(self, path: str, body: Json) -> Json:
        """Ask for something to be done. Raises RefusedError."""
        return await self._call("POST", path, body)

    async def act(self, domain: str, action: str, data: Json) -> Json:
        """Perform an action and return its response. Raises RefusedError."""
        answer = await self.post(f"/api/services/{domain}/{action}?return_response", data)
        response: Json = answer["service_response"]
        return response

    async def render(self, template: str) -> str:
        """What a template says. Raises RefusedError."""
        status, text = await self._request("POST", "/api/template", {"template": template})
        if status >= _BAD:
            raise RefusedError(text)
        return text

    @asynccontextmanager
    async def events(self, event_type: str) -> AsyncIterator[AsyncIterator[Json]]:
        """The events of a type that are fired from now on."""
        async with self._session.ws_connect("/api/websocket") as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self.tokens["access_token"]})
            await socket.receive_json()
            await socket.send_json({"id": 1, "type": "subscribe_events", "event_type": event_type})
            await socket.receive_json()
            yield (orjson.loads(frame.data)["event"] async for frame in socket)

    async def start_flow(self, domain: str) -> Json:
        """Begin to add an integration; the first step of its dialog. Raises RefusedError."""
        return await self.post(f"{_FLOWS}/flow", {"handler": domain, "show_advanced_options": False})

    async def answer_flow(self, step: Json, answer: Json) -> Json:
        """Answer a step of the dialog that adds an integration; the next one. Raises RefusedError."""
        return await self.post(f"{_FLOWS}/flow/{step['flow_id']}", answer)

    async def subentry_flow(self, flow_id: str, answer: Json | None = None) -> Json:
        """Where the dialog for a part of an entry stands, after `answer` if one is given. Raises RefusedError."""
        path = f"{_FLOWS}/subentries/flow/{flow_id}"
        return await self.get(path) if answer is None else await self.post(path, answer)

    async def _take_tokens(self, form: dict[str, str]) -> None:
        async with self._session.post("/auth/token", data=form | {"client_id": self.client_id}) as response:
            if not response.ok:
                raise RefusedError(f"/auth/token: {response.status} {await response.text()}")
            self.tokens |= await response.json()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"} if self.tokens else {}

    async def _call(self, method: str, path: str, body: Json | None) -> Json:
        status, text = await self._request(method, path, body)
        if status >= _BAD:
            raise RefusedError(f"{method} {path}: {status} {text}")
        answer: Json = orjson.loads(text)
        return answer

    async def _request(self, method: str, path: str, body: Json | None) -> tuple[int, str]:
        """Status and text of an answer, after renewing the access token if it has expired.

        It lives for half an hour, and whoever works on BACH does so all day. Whether it has expired is learned from
        the answer: the machine may have slept meanwhile, which no clock here would notice.
        """
        status, text = await self._request_once(method, path, body)
        if status == _UNAUTHORIZED and self.tokens:
            await self._take_tokens({"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]})
            status, text = await self._request_once(method, path, body)
        return status, text

    async def _request_once(self, method: str, path: str, body: Json | None) -> tuple[int, str]:
        async with self._session.request(method, path, json=body, headers=self._headers) as response:
            return response.status, await response.text()
