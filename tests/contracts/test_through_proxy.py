"""Every kind of connection goes through a SOCKS proxy with all that it opens, and nothing of it past the proxy."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import partial
from typing import NoReturn, override

import pytest
from aiohttp import ClientSession, TCPConnector

from bach_lib import Category, Connection, Fault, Identity, Report, Sent, check_connection
from bach_lib.connectors.base import Connector, Setup
from bach_lib.connectors.network_way import plain_session, prepare_way
from bach_lib.connectors.proxy import proxy_of
from bach_lib.testing import ClaudeServer, GeminiServer, McpServer, OllamaServer, OpenAIServer
from bach_lib.testing.contract import Platform
from bach_lib.testing.contract.scenario import a_message, poll
from bach_lib.testing.partners.base import PartnerServer
from tests.contracts.test_connectors import PLATFORMS
from tests.proxies import HOST, LOGIN, PASSWORD, USER, ProxyServer, proxy_server

NAME = "bell.test"
"""Only the proxies of the tests know where that is."""
SECRETS = {"proxy_user": USER, "proxy_password": PASSWORD}
PARTNERS: Mapping[str, tuple[Category, type[PartnerServer]]] = {
    "claude": (Category.AI, ClaudeServer),
    "gemini": (Category.AI, GeminiServer),
    "ollama": (Category.AI, OllamaServer),
    "openai-compatible": (Category.AI, OpenAIServer),
    "mcp": (Category.MCP, McpServer),
}


@pytest.fixture(autouse=True)
def loopback(socket_enabled: None) -> None:
    """Allow sockets; Home Assistant's test plugin has already limited them to 127.0.0.1."""


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ProxyServer]:
    """The only way out."""

    def directly(*_: object, **__: object) -> NoReturn:
        raise AssertionError("past the proxy")

    monkeypatch.setattr(TCPConnector, "_wrap_create_connection", directly)
    await prepare_way({"proxy": "socks5h://proxy"})
    async with proxy_server(login=LOGIN) as proxy:
        yield proxy


def through(kind: type[Platform], proxy: ProxyServer) -> type[Platform]:
    """The same platform, on a machine that has another name and is reached by the proxy."""

    class Through(kind):  # type: ignore[misc,valid-type]  # one of a list
        """It."""

        @override
        def setup(self, secrets: Mapping[str, str] | None = None) -> Setup:
            way = proxy_of({"proxy": f"socks5h://{proxy.place}"}, SECRETS)
            made: Setup = super().setup(secrets)
            row = replace(made.connection, endpoint=_renamed(made.connection.endpoint or "") or None)
            own = partial(plain_session, proxy=way)
            self.made.append(session := own())
            renamed = {name: _renamed(value) for name, value in made.secrets.items()}
            return replace(made, connection=row, secrets=renamed, session=session, new_session=own)

    return Through


def _renamed(address: str) -> str:
    return address.replace(HOST, NAME)


@pytest.mark.parametrize("kind", PLATFORMS, ids=lambda kind: kind.name)
async def test_a_connector_goes_through_with_all_it_opens(kind: type[Platform], proxy: ProxyServer) -> None:
    """Half of it would go past the proxy: a home behind one would send and hear nothing, or be seen by who must not."""
    async with through(kind, proxy)() as platform:
        connector: Connector = platform.connect()
        assert isinstance(await connector.check(), Identity)
        assert isinstance(await connector.send(a_message(platform)), Sent)
        assert platform.texts() == ["The garage door is open"]
        if connector.capabilities.receives:
            platform.write("Is the door open?")
            assert [one.text for one in (await poll(connector, None)).messages] == ["Is the door open?"]
        await connector.close()
        for session in platform.made:
            await session.close()
    assert {one.host for one in proxy.asked} <= {NAME, HOST}
    assert proxy.asked


@pytest.mark.parametrize("type_", PARTNERS)
async def test_a_partner_goes_through(type_: str, proxy: ProxyServer) -> None:
    """A home behind a proxy would have no AI; or what is said there would go out another way."""
    category, kind = PARTNERS[type_]
    async with kind() as server, ClientSession() as session:
        row = Connection(
            name="wise",
            type=type_,
            category=category,
            endpoint=_renamed(server.url),
            auth_type="none",
            auth_config={name: f"test:{name}" for name in SECRETS},
            settings={"proxy": f"socks5h://{proxy.place}"} | ({"model": "small"} if category is Category.AI else {}),
        )
        answer = await check_connection(row, session=session, secrets={"test": SECRETS.get})
        assert isinstance(answer, Report), answer
        assert server.asked
        assert {one.host for one in proxy.asked} == {NAME}
        wrong = await check_connection(row, session=session, secrets={"test": lambda _: "wrong"})
        assert isinstance(wrong, Fault)
        assert wrong.code == "proxy_login"
        assert wrong.text == f"The proxy {proxy.place} does not take this user and password. Look at both."
