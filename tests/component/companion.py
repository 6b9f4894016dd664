"""Companion apps as Home Assistant's own `mobile_app` knows them: real registrations, by a phone and a gateway of ours.

A phone speaks with Home Assistant over its real HTTP and WebSocket interfaces; the gateway is what its push messages go
to instead of the cloud.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Self, cast

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from homeassistant.auth.models import User
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

type Json = dict[str, Any]


def _module(name: str, held: str) -> None:
    """Put an empty module where Home Assistant wants one that needs a compiler, and that no phone needs."""
    module = ModuleType(name)
    setattr(module, held, type(held, (), {}))
    sys.modules.setdefault(name, module)


_module("pymicro_vad", "MicroVad")
_module("pyspeex_noise", "AudioProcessor")

TAKEN: Json = {"messageId": "1", "target": "token"}


class PushGateway:
    """The push service: keeps what it gets, and answers as it is told."""

    def __init__(self) -> None:
        self.pushes: list[Json] = []
        self.status, self.answer = 201, TAKEN
        self._arrived = asyncio.Event()
        self._server: TestServer

    async def __aenter__(self) -> Self:
        """Listen."""
        application = web.Application()
        application.router.add_post("/push", self._push)
        self._server = TestServer(application, host="127.0.0.1")
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End."""
        await self._server.close()

    @property
    def url(self) -> str:
        """Where pushes go."""
        return str(self._server.make_url("/push"))

    async def _push(self, request: web.Request) -> web.Response:
        self.pushes.append(await request.json())
        self._arrived.set()
        return web.json_response(self.answer, status=self.status)

    async def wait_for(self, count: int) -> None:
        """Wait until so many pushes have come."""
        async with asyncio.timeout(30):
            while len(self.pushes) < count:
                self._arrived.clear()
                await self._arrived.wait()


@dataclass(kw_only=True)
class Companion:
    """A registered companion app."""

    hass: HomeAssistant
    client: TestClient[Any, Any]
    token: str
    user: User
    device_id: str
    """In the registry."""
    webhook_id: str = field(repr=False)

    @property
    def recipient(self) -> str:
        """What BACH calls it."""
        return f"phone:{self.device_id}"

    async def fire(self, kind: str, **data: object) -> None:
        """Let the app say something."""
        body = {"type": "fire_event", "data": {"event_type": kind, "event_data": data}}
        async with self.client.post(f"/api/webhook/{self.webhook_id}", json=body) as response:
            assert response.status == 200
        await self.hass.async_block_till_done()

    async def press(self, push: Mapping[str, Any], title: str, words: str | None = None) -> None:
        """Press a button of a notification."""
        action = next(one["action"] for one in push["data"]["actions"] if one["title"] == title)
        more = {} if words is None else {"reply_text": words}
        await self.fire("mobile_app_notification_action", action=action, **more)

    async def shown(self, push: Mapping[str, Any], kind: str = "received") -> None:
        """An Android says that a notification is there, or was swiped away."""
        await self.fire(
            f"mobile_app_notification_{kind}", tag=push["data"]["tag"], message=push["message"], device_id="x"
        )


async def register(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    *,
    user: User,
    name: str = "Pixel 9",
    app_data: Mapping[str, object] | None = None,
    maker: str = "Google",
) -> Companion:
    """Register an app, as the app does it."""
    for needed in ("notify", "mobile_app", "bach"):  # all that has an address, before there is a client
        assert await async_setup_component(hass, needed, {})
    refresh = await hass.auth.async_create_refresh_token(user, f"https://example.com/{name}".replace(" ", ""))
    token = hass.auth.async_create_access_token(refresh)
    client = await hass_client(token)
    told = {
        "device_id": f"{name}-{user.id}",
        "app_id": "io.homeassistant.companion.android",
        "app_name": "Home Assistant",
        "app_version": "2026.10.1",
        "device_name": name,
        "manufacturer": maker,
        "model": name,
        "os_name": "iOS" if maker == "Apple" else "Android",
        "os_version": "16",
        "supports_encryption": False,
        "app_data": dict(app_data or {}),
    }
    async with client.post("/api/mobile_app/registrations", json=told) as response:
        assert response.status == 201, await response.text()
        webhook_id = (await response.json())["webhook_id"]
    await hass.async_block_till_done()
    device = next(
        one
        for entry in hass.config_entries.async_entries("mobile_app")
        if entry.data["webhook_id"] == webhook_id
        for one in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    )
    return Companion(hass=hass, client=client, token=token, user=user, device_id=device.id, webhook_id=webhook_id)


def cloud(gateway: PushGateway) -> dict[str, str]:
    """The `app_data` of a phone that is reached by the push service."""
    return {"push_token": "token", "push_url": gateway.url}


LOCAL = {"push_websocket_channel": True}
"""The same of one that is reached in the home's network only."""


class LocalChannel:
    """The open connection of an app in the home's network."""

    def __init__(self, socket: MockHAClientWebSocket, webhook_id: str) -> None:
        self._socket = socket
        self._webhook_id = webhook_id

    @classmethod
    async def open(cls, hass_ws_client: WebSocketGenerator, hass: HomeAssistant, phone: Companion) -> Self:
        """Connect as an app does that is at home."""
        socket = await hass_ws_client(hass, phone.token)
        await socket.send_json_auto_id(
            {"type": "mobile_app/push_notification_channel", "webhook_id": phone.webhook_id, "support_confirm": True}
        )
        assert (await socket.receive_json())["success"]
        return cls(socket, phone.webhook_id)

    async def next(self) -> Json:
        """The next notification, confirmed."""
        event = cast("Json", (await self._socket.receive_json())["event"])
        await self._socket.send_json_auto_id(
            {
                "type": "mobile_app/push_notification_confirm",
                "webhook_id": self._webhook_id,
                "confirm_id": event["hass_confirm_id"],
            }
        )
        assert (await self._socket.receive_json())["success"]
        return event

    async def close(self) -> None:
        """Leave the house."""
        await self._socket.close()
