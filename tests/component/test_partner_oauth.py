"""OAuth by clicking: a refresh token that is good for once is never lost, whatever becomes of a dialog or a restart."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib.testing import OpenAIServer, TokenServer, Told
from tests.component.conftest import set_up, the_bach, until, until_state
from tests.component.dialogs import submit
from tests.component.test_partners import ONLY_WATCH, reauth_flows, start
from tests.component.test_services import call

NOBODYS_KEY = "nobody has one yet"


@pytest.fixture
async def tokens(socket_enabled: None) -> AsyncGenerator[TokenServer]:
    """An AI that takes access tokens only, and the place that hands them out."""
    async with OpenAIServer(key=NOBODYS_KEY) as server, TokenServer(server) as tokens:
        yield tokens


@pytest.fixture
async def partner(hass: HomeAssistant, tokens: TokenServer) -> AsyncGenerator[MockConfigEntry]:
    """A connection to it, set up and checked: the first refresh token is used up."""
    entry = MockConfigEntry(
        domain="bach",
        title="Workshop",
        unique_id=None,
        data={
            "type": "openai-compatible",
            "endpoint": tokens.partner.url,
            "auth_type": "oauth",
            "token_endpoint": f"{tokens.url}/token",
            "client_id": "bach",
            "refresh_token": tokens.refresh_token,
        },
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.workshop_reachable", "on")
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


def form(tokens: TokenServer, **oauth: str) -> dict[str, Any]:
    """What a person fills in."""
    given = {"token_endpoint": f"{tokens.url}/token", "client_id": "bach", "refresh_token": "refresh-token-0", **oauth}
    return {
        "endpoint": tokens.partner.url,
        "auth_type": "oauth",
        "oauth": {name: value for name, value in given.items() if value},
        "details": {},
    }


async def test_it_is_added_with_the_token_that_is_good_now(hass: HomeAssistant, tokens: TokenServer) -> None:
    """The connection would begin with a refresh token that the dialog has used up."""
    given = form(tokens, client_secret="s3cret", scope="models", client_auth="basic")
    result = await submit(hass, await start(hass, "ai", "openai_compatible"), given)
    result = await submit(hass, result, ONLY_WATCH)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    await until(hass, lambda: entry.data["refresh_token"] == "refresh-token-2")  # the dialog's check, and the first
    assert entry.data == {
        "type": "openai-compatible",
        "endpoint": tokens.partner.url,
        "auth_type": "oauth",
        "token_endpoint": f"{tokens.url}/token",
        "client_id": "bach",
        "client_secret": "s3cret",
        "scope": "models",
        "client_auth": "basic",
        "refresh_token": "refresh-token-2",
    }
    assert tokens.asked[0].headers["Authorization"].startswith("Basic ")
    assert tokens.asked[0].body == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-token-0",
        "scope": "models",
    }
    [row] = the_bach(hass).registry.list()
    assert set(row.auth_config) == {"client_id", "client_secret", "refresh_token"}
    assert "s3cret" not in repr(row)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_form_that_is_sent_again_goes_on_with_the_successor(hass: HomeAssistant, tokens: TokenServer) -> None:
    """A typing mistake in another field would cost the log-in: the token that was typed is used up."""
    result = await start(hass, "ai", "openai_compatible")
    tokens.partner.told.append(Told(status=500))
    result = await submit(hass, result, form(tokens))
    assert result["errors"] == {"base": "server_error"}
    result = await submit(hass, result, form(tokens))
    result = await submit(hass, result, {"model": "speechless", "limits": {}})
    assert result["errors"] == {"model": "unlisted_model"}
    tokens.partner.told.append(Told(status=500))
    result = await submit(hass, result, {"model": "speechless", "limits": {}})
    assert result["errors"] == {"model": "model_failed"}
    result = await submit(hass, result, ONLY_WATCH)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert await hass.config_entries.async_unload(result["result"].entry_id)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"refresh_token": "another"}, "invalid_credentials"),
        ({"refresh_token": ""}, "invalid_credentials"),
        ({"client_id": ""}, "invalid_credentials"),
        ({"token_endpoint": ""}, "invalid_endpoint"),
        ({"token_endpoint": "not an address"}, "invalid_endpoint"),
    ],
)
async def test_what_is_wrong_is_said(
    hass: HomeAssistant, tokens: TokenServer, wrong: dict[str, str], error: str
) -> None:
    """A connection would be kept that never worked."""
    result = await submit(hass, await start(hass, "ai", "openai_compatible"), form(tokens, **wrong))
    assert result["errors"] == {"oauth": error}
    assert result["data_schema"]
    assert not result["data_schema"].schema["oauth"].options["collapsed"], "what has to be corrected is not hidden"
    hass.config_entries.flow.async_abort(result["flow_id"])


async def test_a_new_refresh_token_is_kept_and_survives_a_reload(
    hass: HomeAssistant, tokens: TokenServer, partner: MockConfigEntry
) -> None:
    """After the next start nobody could use the partner without logging in again."""
    assert partner.data["refresh_token"] == tokens.refresh_token == "refresh-token-1"
    assert await hass.config_entries.async_reload(partner.entry_id)
    await until(hass, lambda: partner.data["refresh_token"] == "refresh-token-2")
    await until_state(hass, "binary_sensor.workshop_reachable", "on")
    assert not reauth_flows(hass)


async def test_a_new_refresh_token_does_not_restart_the_connection(
    hass: HomeAssistant, tokens: TokenServer, partner: MockConfigEntry
) -> None:
    """Each hour all entities would be unavailable for a moment, and each restart fetch another token: for ever."""
    coordinator = partner.runtime_data
    await hass.async_block_till_done()
    assert (partner.runtime_data, len(tokens.asked)) == (coordinator, 1)
    hass.config_entries.async_update_entry(partner, title="Garage")
    await hass.async_block_till_done()
    assert partner.runtime_data is not coordinator, "what a person changes is shown"
    assert len(tokens.asked) == 1, "and the connection works on meanwhile"


async def test_a_refused_refresh_token_asks_for_another(
    hass: HomeAssistant, tokens: TokenServer, partner: MockConfigEntry
) -> None:
    """Log-ins end some day; one dialog must mend that."""
    tokens.refresh_token = "after-logging-in-again"
    tokens.partner.key = NOBODYS_KEY
    assert await hass.config_entries.async_reload(partner.entry_id)
    await until(hass, lambda: bool(reauth_flows(hass)))
    [flow_id] = reauth_flows(hass)
    asked = await hass.config_entries.flow.async_configure(flow_id)
    assert "refresh-token-1" not in str(asked["data_schema"])
    oauth = form(tokens, refresh_token="wrong")["oauth"]
    result = await submit(hass, asked, {"auth_type": "oauth", "oauth": oauth})
    assert result["errors"] == {"oauth": "invalid_credentials"}
    oauth |= {"refresh_token": "after-logging-in-again"}
    result = await submit(hass, result, {"auth_type": "oauth", "oauth": oauth})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await until_state(hass, "binary_sensor.workshop_reachable", "on")
    assert (await call(hass, "check", config_entry_id=partner.entry_id))["works"] is True


async def test_a_dialog_that_is_given_up_costs_no_log_in(
    hass: HomeAssistant, tokens: TokenServer, partner: MockConfigEntry
) -> None:
    """It has tried the connection's own refresh token, which is used up with that."""
    result = await partner.start_reconfigure_flow(hass)
    tokens.partner.told.append(Told(status=500))
    result = await submit(hass, result, form(tokens, refresh_token=""))
    assert result["errors"] == {"base": "server_error"}
    hass.config_entries.flow.async_abort(result["flow_id"])
    assert partner.data["refresh_token"] == tokens.refresh_token
    assert await hass.config_entries.async_reload(partner.entry_id)
    await until_state(hass, "binary_sensor.workshop_reachable", "on")


async def test_it_can_be_shown_another_way(hass: HomeAssistant, tokens: TokenServer, partner: MockConfigEntry) -> None:
    """What OAuth had left behind would be used, or refused, for ever."""
    tokens.partner.key = "simple"
    given = form(tokens) | {"auth_type": "bearer", "secret": "simple"}
    result = await submit(hass, await partner.start_reconfigure_flow(hass), given)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert partner.data == {
        "type": "openai-compatible",
        "endpoint": tokens.partner.url,
        "auth_type": "bearer",
        "secret": "simple",
    }


async def test_diagnostics_show_none_of_it(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, tokens: TokenServer, partner: MockConfigEntry
) -> None:
    """A bug report would be a key."""
    found = str(await get_diagnostics_for_config_entry(hass, hass_client, partner))
    assert not any(secret in found for secret in (tokens.refresh_token, tokens.partner.key or "", tokens.url))
