"""A connection of Home Assistant's that goes through a proxy: typed as a provider gives it, and kept apart."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.requirements import RequirementsNotFound
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.connectors.requirements import SOCKS
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import CONF_PROXY_FORGET, DOMAIN
from custom_components.bach.diagnostics import async_get_config_entry_diagnostics
from custom_components.bach.home.entry import connection
from custom_components.bach.kinds import requirements
from custom_components.bach.kinds.option_forms import option_schema
from custom_components.bach.kinds.requirements import PACKAGE
from custom_components.bach.kinds.wait_forms import wait_selectors
from tests.component.conftest import ADA_ENTITY, CONNECTION, send, the_bach, until
from tests.component.dialogs import set_options
from tests.component.test_rules import TEXTS
from tests.proxies import LOGIN, PASSWORD, USER, ProxyServer, proxy_server

TYPED = "ada:hunter2%3A%40%2F%25"
"""User and password, as they are written in an address."""


@pytest.fixture
async def proxy(socket_enabled: None) -> AsyncIterator[ProxyServer]:
    """It wants to know who goes through."""
    async with proxy_server(login=LOGIN) as proxy:
        yield proxy


@pytest.mark.parametrize("scheme", ["socks5h", "http"])
async def test_what_a_provider_gives_can_be_pasted(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, proxy: ProxyServer, scheme: str
) -> None:
    """Whoever has no other way out could not use BACH; or the password would lie where everybody sees it."""
    address = f"{scheme}://{proxy.place}"
    result = await set_options(hass, loaded, network={"proxy": f"{scheme}://{TYPED}@{proxy.place}"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == {"proxy": address}
    assert (loaded.data["proxy_user"], loaded.data["proxy_password"]) == (USER, PASSWORD)
    row = the_bach(hass).registry.get(CONNECTION)
    assert row.settings == {"proxy": address}
    assert row.auth_config["proxy_password"] == f"entry:{loaded.entry_id}/proxy_password"

    await send(hass, ADA_ENTITY, "water!")
    await until(hass, lambda: telegram.texts == ["water!"])
    assert proxy.asked
    assert {login for login in proxy.logins if scheme == "socks5h"} <= {LOGIN}

    form = await hass.config_entries.options.async_init(loaded.entry_id)
    assert form["data_schema"]
    network = form["data_schema"].schema["network"].schema.schema
    shown = {str(key): (key.description or {}).get("suggested_value") for key in network}
    assert shown == {"proxy": address, CONF_PROXY_FORGET: None, "ip_family": None}
    told = json.dumps(await async_get_config_entry_diagnostics(hass, loaded), default=str)
    assert PASSWORD not in told
    assert proxy.place not in told


async def test_the_password_stays_with_its_proxy(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, proxy: ProxyServer
) -> None:
    """It would have to be typed with every change, or be handed to another proxy that somebody tries."""
    await set_options(hass, loaded, network={"proxy": f"socks5://{TYPED}@{proxy.place}"})
    await set_options(hass, loaded, sender_tag="Mill", network={"proxy": f"socks5h://{proxy.place}"})
    assert loaded.data["proxy_password"] == PASSWORD
    assert loaded.options == {"proxy": f"socks5h://{proxy.place}", "sender_tag": "Mill"}

    async with proxy_server() as other:
        await set_options(hass, loaded, network={"proxy": f"socks5h://{other.place}"})
        assert loaded.options == {"proxy": f"socks5h://{other.place}"}
        assert not {"proxy_user", "proxy_password"} & loaded.data.keys()
        assert other.logins == []
    await set_options(hass, loaded)
    assert loaded.options == {}


async def test_a_password_is_forgotten_and_changed(
    hass: HomeAssistant, loaded: MockConfigEntry, proxy: ProxyServer
) -> None:
    """A provider's new password could not be given, and an old one never be taken away."""
    address = f"socks5h://{proxy.place}"
    await set_options(hass, loaded, network={"proxy": f"socks5h://{TYPED}@{proxy.place}"})
    wrong = await set_options(hass, loaded, network={"proxy": f"socks5h://ada:wrong@{proxy.place}"})
    assert wrong["errors"] == {"base": "not_this_way"}
    assert wrong["description_placeholders"]
    assert "does not take this user and password" in wrong["description_placeholders"]["reason"]
    lacking = await set_options(hass, loaded, network={"proxy": address, CONF_PROXY_FORGET: True})
    assert lacking["description_placeholders"]
    assert "wants a user and a password" in lacking["description_placeholders"]["reason"]
    assert loaded.data["proxy_password"] == PASSWORD

    proxy.login = "ada:new"
    await set_options(hass, loaded, network={"proxy": f"socks5h://ada:new@{proxy.place}"})
    assert loaded.data["proxy_password"] == "new"
    proxy.login = None
    await set_options(hass, loaded, network={"proxy": address, CONF_PROXY_FORGET: True})
    assert not {"proxy_user", "proxy_password"} & loaded.data.keys()
    assert loaded.options == {"proxy": address}


@pytest.mark.parametrize(
    "data",
    [
        {"type": "claude", "secret": "x"},
        {"type": "pigeon", "package": "pigeon", "platform": "Pigeon", "receives": False, "secrets": {}, "settings": {}},
    ],
    ids=["a partner", "of another package"],
)
def test_every_kind_can_be_told(data: dict[str, Any]) -> None:
    """An AI behind a proxy with a password could be typed, and not be reached."""
    row = connection({**data, "proxy_user": "a", "proxy_password": "b"}, name="x", reference=lambda field: f"e:{field}")
    assert row.auth_config.items() >= {"proxy_user": "e:proxy_user", "proxy_password": "e:proxy_password"}.items()
    assert CONF_PROXY_FORGET not in str(
        option_schema({"type": "telegram"}, wait_selectors({}, {}, TEXTS["common"])).schema["network"].schema.schema
    )


async def test_a_family_beside_socks_is_refused(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """It would be kept, and nobody follow it."""
    result = await set_options(hass, loaded, network={"proxy": "socks5://proxy", "ip_family": "ipv4"})
    assert result["errors"] == {"network": "invalid_value"}
    assert result["description_placeholders"]
    assert "SOCKS" in result["description_placeholders"]["expected"]
    assert loaded.state is ConfigEntryState.LOADED


async def test_the_package_is_fetched_only_where_it_is_needed(
    hass: HomeAssistant, loaded: MockConfigEntry, proxy: ProxyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every home would have to fetch what few need; or the few be left with an error that names no way out."""
    wanted = list[str]()

    async def process(_: HomeAssistant, __: str, requirements: list[str], **___: object) -> None:
        wanted.extend(requirements)
        if SOCKS.requirement in requirements and not is_there:
            raise RequirementsNotFound(DOMAIN, requirements)

    is_there = True
    hass.config.skip_pip = False
    monkeypatch.setattr(requirements, "async_process_requirements", process)
    await set_options(hass, loaded, sender_tag="Mill")
    assert SOCKS.requirement not in wanted
    await set_options(hass, loaded, network={"proxy": f"socks5h://{TYPED}@{proxy.place}"})
    assert SOCKS.requirement in wanted
    versions = (await async_get_config_entry_diagnostics(hass, loaded))["versions"]
    assert versions[SOCKS.name] == SOCKS.installed()

    is_there = False
    await hass.config_entries.async_reload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.SETUP_RETRY
    assert (issue := ir.async_get(hass).async_get_issue(DOMAIN, f"{PACKAGE}_{SOCKS.name}"))
    assert issue.translation_placeholders
    assert issue.translation_placeholders["wanted"] == SOCKS.requirement
    refused = await set_options(hass, loaded, network={"proxy": "socks5h://another"})
    assert refused["errors"] == {"base": "not_this_way"}
    is_there = True
    await hass.config_entries.async_reload(loaded.entry_id)
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"{PACKAGE}_{SOCKS.name}") is None
