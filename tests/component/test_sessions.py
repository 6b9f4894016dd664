"""Sessions of our own beside those of Home Assistant's helper."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from unittest.mock import patch

import pytest
from aiohttp import ClientSession, TCPConnector, WSServerHandshakeError, web
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import HomeAssistantTCPConnector, async_get_clientsession
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from bach_lib.testing.signal.server import NUMBER, SignalServer
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.sessions import new_session

from .conftest import set_up, until_state

NAME = "bachsignal.local"


@pytest.fixture
async def own(hass: HomeAssistant) -> AsyncGenerator[ClientSession]:
    """A session of our own."""
    async with new_session(hass) as session:
        yield session


@pytest.fixture
def mdns() -> Iterator[list[str]]:
    """The names that were asked for in this house, where one of them is known."""
    asked: list[str] = []

    async def answer(pool: HomeAssistantTCPConnector, host: str, port: int, traces: object = None) -> object:
        asked.append(host)
        if host != NAME:
            raise OSError(None, "unknown")
        family = socket.AF_INET
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

    with patch.object(HomeAssistantTCPConnector, "_resolve_host", answer):
        yield asked


async def test_it_follows_what_the_helper_sets(hass: HomeAssistant, own: ClientSession) -> None:
    """A home with a certificate authority or a family of addresses of its own would send and not receive."""
    helped = async_get_clientsession(hass)
    assert isinstance(own.connector, TCPConnector)
    assert isinstance(helped.connector, TCPConnector)
    assert own.connector is not helped.connector
    assert own.connector._ssl is helped.connector._ssl
    for what in ("family", "limit", "limit_per_host", "force_close", "use_dns_cache"):
        assert getattr(own.connector, what) == getattr(helped.connector, what), what
    assert own.headers == helped.headers
    assert own.json_serialize is helped.json_serialize
    assert own._response_class is helped._response_class


async def test_a_signal_server_in_the_house_is_listened_to(hass: HomeAssistant, mdns: list[str]) -> None:
    """The connection would be added, send, and never receive, because only one of two sessions knew the name."""
    async with SignalServer() as signal:
        address = str(URL(signal.url).with_host(NAME))
        entry = MockConfigEntry(
            domain=DOMAIN,
            title="Home",
            unique_id=NUMBER.removeprefix("+"),
            data={"type": "signal", "endpoint": address, "number": NUMBER},
        )
        entry.add_to_hass(hass)
        await set_up(hass, entry)
        for direction in ("sending", "receiving"):
            await until_state(hass, f"binary_sensor.home_{direction}", "on")
        await hass.config_entries.async_unload(entry.entry_id)
    assert set(mdns) == {NAME}


async def test_no_websocket_is_led_elsewhere(own: ClientSession, socket_enabled: None) -> None:
    """A server in the internet could lead us to a service of this machine."""

    async def lead(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:1/")

    application = web.Application()
    application.router.add_get("/", lead)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        [address] = runner.addresses
        async with asyncio.timeout(60):
            with pytest.raises(WSServerHandshakeError, match="redirected"):
                await own.ws_connect(f"http://127.0.0.1:{address[1]}/")
            async with own.get(f"http://127.0.0.1:{address[1]}/", allow_redirects=False) as answer:
                assert answer.status == 302  # the connectors say themselves what that means
    finally:
        await runner.cleanup()
