"""AI partners, MCP servers and other APIs: added by clicking, watched, asked, and gone again."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib.errors import UnknownConnectionError
from bach_lib.models import Category
from bach_lib.testing.partners.ai import ClaudeServer, GeminiServer, OllamaServer, OpenAIServer
from bach_lib.testing.partners.base import PartnerServer, Told
from bach_lib.testing.partners.mcp import McpServer
from tests.component.conftest import entity_ids, press, set_up, state, the_bach, until, until_state
from tests.component.dialogs import set_options, submit
from tests.component.test_services import call

KEY = "a-key-of-nobody"
ONLY_WATCH: dict[str, Any] = {"limits": {}}
SERVERS: Mapping[str, type[PartnerServer]] = {
    "claude": ClaudeServer,
    "gemini": GeminiServer,
    "ollama": OllamaServer,
    "openai-compatible": OpenAIServer,
    "mcp": McpServer,
}


@pytest.fixture
async def ollama(socket_enabled: None) -> AsyncGenerator[OllamaServer]:
    """An Ollama behind a proxy that wants a key."""
    async with OllamaServer(key=KEY) as server:
        yield server


@pytest.fixture
async def partner(hass: HomeAssistant, ollama: OllamaServer) -> MockConfigEntry:
    """A connection to it, set up and checked."""
    entry = add_partner(hass, ollama)
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.workshop_reachable", "on")
    return entry


def add_partner(hass: HomeAssistant, server: PartnerServer, **data: str) -> MockConfigEntry:
    """Add an entry as the dialog would have made it."""
    fields = {"type": "ollama", "endpoint": server.url, "auth_type": "bearer", "secret": KEY, **data}
    entry = MockConfigEntry(domain="bach", title="Workshop", unique_id=None, data=fields)
    entry.add_to_hass(hass)
    return entry


async def start(hass: HomeAssistant, *steps: str) -> ConfigFlowResult:
    """Choose in the menus."""
    result = await hass.config_entries.flow.async_init("bach", context={"source": SOURCE_USER})
    for step in steps:
        result = await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": step})
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, steps[-1])
    return result


def form(server: PartnerServer, key: str = KEY) -> dict[str, Any]:
    """What a person fills in for an AI of their own."""
    return {"endpoint": server.url, "auth_type": "bearer", "secret": key, "details": {}}


def reauth_flows(hass: HomeAssistant) -> list[str]:
    """The dialogs that ask for a new key."""
    flows = hass.config_entries.flow.async_progress()
    return [flow["flow_id"] for flow in flows if flow["context"]["source"] == SOURCE_REAUTH]


@pytest.mark.parametrize("type_", list(SERVERS))
async def test_every_type_is_added_once_its_key_is_right(hass: HomeAssistant, type_: str) -> None:
    """A connection would be kept that never worked, or one that works could not be added."""
    step = type_.replace("-", "_")
    async with SERVERS[type_](key=KEY) as server:
        is_keyed = type_ in {"claude", "gemini"}
        wrong = form(server, "wrong")
        if is_keyed:
            wrong = {"secret": "wrong", "server": {"endpoint": server.url}}
        result = await start(hass, *(["mcp"] if type_ == "mcp" else ["ai", step]))

        result = await submit(hass, result, wrong)
        assert result["errors"] == {"secret": "invalid_key" if is_keyed else "invalid_credentials"}

        result = await submit(hass, result, {**wrong, "secret": f" {KEY}\n"})
        if type_ != "mcp":
            result = await submit(hass, result, ONLY_WATCH)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert "next_flow" not in result  # nobody is written to through it
        entry = result["result"]
        assert entry.state is ConfigEntryState.LOADED
        auth_type = "api_key" if is_keyed else "bearer"
        assert entry.data == {"type": type_, "endpoint": server.url, "auth_type": auth_type, "secret": KEY}
        [row] = the_bach(hass).registry.list()
        assert (row.type, row.category) == (type_, Category.MCP if type_ == "mcp" else Category.AI)
        assert KEY not in repr(row)
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_model_may_be_one_that_no_list_names(hass: HomeAssistant) -> None:
    """A list that is cut, or a tag that is not typed, would pass for a slip; an unlisted one that answers is kept."""
    for models, typed in (["small:latest", "large"], "small"), ([f"m{number}" for number in range(101)], "m100"):
        async with OllamaServer(key=KEY, models=[*models, typed]) as server:
            server.models = models
            result = await submit(hass, await start(hass, "ai", "ollama"), form(server))
            server.models = [*models, typed]
            result = await submit(hass, result, {"model": typed, "limits": {}})
            assert result["type"] is FlowResultType.CREATE_ENTRY
            assert await hass.config_entries.async_unload(result["result"].entry_id)
    async with OllamaServer(key=KEY, models=["small", "large"]) as server:
        result = await submit(hass, await start(hass, "ai", "ollama"), form(server))
        server.models = ["small", "large", "preview"]
        result = await submit(hass, result, {"model": "preview", "limits": {}})
        assert result["errors"] == {"model": "unlisted_model"}
        result = await submit(hass, result, {"model": "preview", "limits": {}})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_a_model_is_chosen_among_those_there_are_and_tried(hass: HomeAssistant) -> None:
    """The first person who writes would learn that the name was typed wrong, or that the model only thinks."""
    async with OllamaServer(key=KEY) as server:
        result = await submit(hass, await start(hass, "ai", "ollama"), form(server))
        assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "model")
        assert result["data_schema"]
        [box] = [one for name, one in result["data_schema"].schema.items() if name == "model"]
        assert box.config["options"] == ["small", "large"]

        result = await submit(hass, result, {"model": "smal", "limits": {}})
        assert result["errors"] == {"model": "unlisted_model"}
        assert (result["description_placeholders"] or {})["similar"] == "small"
        assert not any(one.path == "/api/chat" for one in server.asked), "nobody pays for a slip"
        result = await submit(hass, result, {"model": "smal", "limits": {}})
        assert result["errors"] == {"model": "model_failed"}
        assert "'smal' not found" in (result["description_placeholders"] or {})["reason"]
        limits = {"thinking": "off", "max_tokens": 500.0, "num_ctx": 8192.0}
        result = await submit(hass, result, {"model": "small", "system": " Be brief. ", "limits": limits})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        wanted = {"model": "small", "system": "Be brief.", "thinking": "off", "max_tokens": 500, "num_ctx": 8192}
        [row] = the_bach(hass).registry.list()
        assert row.settings == wanted
        body = next(one.body for one in reversed(server.asked) if one.path == "/api/chat")
        assert isinstance(body, dict)
        assert (body["options"], body["think"]) == ({"num_predict": 500, "num_ctx": 8192}, False)

        entry = result["result"]
        await until(hass, lambda: entry.runtime_data.data.checked is not None)
        form_shown = await hass.config_entries.options.async_init(entry.entry_id)
        assert form_shown["data_schema"]
        [box] = [one for one in form_shown["data_schema"].schema.items() if one[0] == "model"]
        assert (box[0].description, box[1].config["options"]) == ({"suggested_value": "small"}, ["small", "large"])
        changed = await set_options(hass, entry, model="smal", limits={})
        assert changed["errors"] == {"model": "not_this_way"}
        assert "'smal' not found" in (changed["description_placeholders"] or {})["reason"]
        await set_options(hass, entry, limits={})
        assert not the_bach(hass).registry.list()[0].settings
        assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_any_address_is_watched_with_user_and_password(hass: HomeAssistant) -> None:
    """Many devices at home know nothing but basic authentication; a missing password must be said at once."""
    async with OllamaServer() as server:
        given = {"endpoint": f"{server.url}/api/version", "auth_type": "basic", "login": "ada", "details": {}}
        result = await submit(hass, await start(hass, "http"), given)
        assert result["errors"] == {"secret": "invalid_credentials"}
        assert not server.asked

        result = await submit(hass, result, {**given, "secret": KEY})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert server.asked[0].headers["Authorization"].startswith("Basic ")
        assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_an_address_says_what_is_good(hass: HomeAssistant) -> None:
    """A door that answers 401 to strangers is well, and many devices know no HEAD, or nothing else."""
    async with OllamaServer(key=KEY) as server:
        given = {"endpoint": server.url, "auth_type": "none"}
        result = await submit(hass, await start(hass, "http"), {**given, "details": {"expected_status": ["2xx"]}})
        assert result["errors"] == {"details": "invalid_value"}
        assert "[200, 204]" in (result["description_placeholders"] or {})["expected"]
        details = {"method": "HEAD", "expected_status": ["401", "204"]}
        result = await submit(hass, result, {**given, "details": details})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        entry = result["result"]
        assert entry.options == {"method": "HEAD", "expected_status": [401, 204]}
        assert server.asked[0].method == "HEAD"

        result = await set_options(hass, entry, expected_status=["2xx"])
        assert result["errors"] == {"expected_status": "invalid_value"}
        result = await set_options(hass, entry)
        assert result["errors"] == {"base": "not_this_way"}, "without them, 401 is a refusal"
        result = await set_options(hass, entry, expected_status=["401"])
        assert entry.options == {"expected_status": [401]}
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_key_that_would_not_be_shown_is_not_thrown_away(hass: HomeAssistant) -> None:
    """A person would read that the key is refused which was never sent."""
    async with OllamaServer() as server:
        result = await start(hass, "ai", "openai_compatible")
        given = {"endpoint": server.url, "auth_type": "none", "secret": KEY, "details": {}}
        result = await submit(hass, result, given)
        assert result["errors"] == {"auth_type": "key_but_none"}
        given = {"endpoint": server.url, "auth_type": "none", "oauth": {"refresh_token": KEY}, "details": {}}
        assert (await submit(hass, result, given))["errors"] == {"auth_type": "key_but_none"}
        assert not server.asked
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_a_key_can_have_a_header_of_its_own(hass: HomeAssistant) -> None:
    """Gateways invent headers; one that cannot be one is refused with a sentence."""
    async with OllamaServer() as server:
        given = {"endpoint": server.url, "auth_type": "api_key", "secret": KEY}
        result = await start(hass, "ai", "openai_compatible")
        result = await submit(hass, result, {**given, "details": {"api_key_header": "no header"}})
        assert result["errors"] == {"details": "invalid_value"}
        assert result["description_placeholders"]
        assert result["description_placeholders"]["expected"]

        result = await submit(hass, result, {**given, "details": {"api_key_header": "X-Mine"}})
        assert server.asked[0].headers["X-Mine"] == KEY
        assert result["errors"] == {"endpoint": "bad_answer"}  # it is an Ollama
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_the_same_is_refused(hass: HomeAssistant, ollama: OllamaServer, partner: MockConfigEntry) -> None:
    """It would be asked twice as often, and show everything twice; another key there is another account."""
    given = form(ollama)
    result = await submit(hass, await start(hass, "ai", "ollama"), {**given, "endpoint": f"{ollama.url}/"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    ollama.key = "another"
    result = await submit(hass, await start(hass, "ai", "ollama"), {**given, "secret": "another"})
    result = await submit(hass, result, ONLY_WATCH)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_what_it_has(hass: HomeAssistant, device_registry: dr.DeviceRegistry, partner: MockConfigEntry) -> None:
    """Queues and recipients of something that carries no messages would only confuse."""
    assert entity_ids(hass, partner) == {
        "binary_sensor.workshop_reachable",
        "button.workshop_check_now",
        "sensor.workshop_last_check",
        "sensor.workshop_latency",
        "switch.workshop_enabled",
    }
    assert float(state(hass, "sensor.workshop_latency") or "") >= 0
    assert state(hass, "sensor.workshop_last_check") not in {"unknown", "unavailable"}
    device = device_registry.async_get_device_by_identifier(("bach", partner.entry_id), partner.entry_id)
    assert device
    assert (device.name, device.model) == ("Workshop", "Ollama")
    assert not partner.supported_subentry_types
    assert (await call(hass, "get_queue"))["connections"] == []


async def test_every_check_shows(hass: HomeAssistant, partner: MockConfigEntry) -> None:
    """A "Last check" of yesterday would look as if nobody were watching, though all is well."""
    before, shown = partner.runtime_data.data.checked, asyncio.Event()
    stop = partner.runtime_data.async_add_listener(shown.set)
    await press(hass, "button.workshop_check_now")
    async with asyncio.timeout(60):
        while partner.runtime_data.data.checked == before:
            await shown.wait()
            shown.clear()
    stop()
    assert partner.runtime_data.data.checked.checked_at > before.checked_at


async def test_an_outage_shows_and_goes(hass: HomeAssistant, ollama: OllamaServer, partner: MockConfigEntry) -> None:
    """Automations must know when it is down; whoever presses "Check now" reads why."""
    await ollama.pause()
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, "button.workshop_check_now")
    assert raised.value.translation_key == "check_failed_tcp"
    await until_state(hass, "binary_sensor.workshop_reachable", "off")
    sensor = hass.states.get("binary_sensor.workshop_reachable")
    assert sensor
    assert sensor.attributes["reason"] == "refused"
    await until_state(hass, "sensor.workshop_latency", "unknown")

    await ollama.resume()
    await press(hass, "button.workshop_check_now")
    await until_state(hass, "binary_sensor.workshop_reachable", "on")


async def test_a_refused_key_asks_for_another(
    hass: HomeAssistant, ollama: OllamaServer, partner: MockConfigEntry
) -> None:
    """Keys are changed on the other side; one dialog must mend it, also if the way to show them has changed."""
    ollama.key = "new"
    answer = await call(hass, "check", config_entry_id=partner.entry_id)
    assert (answer["works"], answer["reachable"], answer["credentials_accepted"]) == (False, True, False)
    assert answer["code"] == "auth_failed"
    await until(hass, lambda: bool(reauth_flows(hass)))
    [flow_id] = reauth_flows(hass)

    result = await hass.config_entries.flow.async_configure(flow_id, {"auth_type": "bearer", "secret": "old"})
    assert result["errors"] == {"secret": "invalid_credentials"}
    result = await submit(hass, result, {"auth_type": "bearer", "secret": "new"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert (partner.data["secret"], partner.data["endpoint"]) == ("new", ollama.url)
    await until_state(hass, "binary_sensor.workshop_reachable", "on")


async def test_it_moves(hass: HomeAssistant, ollama: OllamaServer, partner: MockConfigEntry) -> None:
    """A server gets another address; its entities and whatever is built on them must stay, and its key unseen."""
    before = entity_ids(hass, partner)
    result = await partner.start_reconfigure_flow(hass)
    assert KEY not in str(result["data_schema"])
    async with OllamaServer() as new_home:
        given = {"endpoint": new_home.url, "auth_type": "none", "details": {}}
        result = await submit(hass, result, given)
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
        assert partner.data == {"type": "ollama", "endpoint": new_home.url, "auth_type": "none"}
        await until_state(hass, "binary_sensor.workshop_reachable", "on")
        await set_options(hass, partner, model=" small ")
        assert partner.options == {"model": "small"}
        await until_state(hass, "binary_sensor.workshop_reachable", "on")
        [row] = the_bach(hass).registry.list()
        assert (row.endpoint, row.auth_type, row.auth_config) == (new_home.url, "none", {})
        assert row.settings == {"model": "small"}
        assert entity_ids(hass, partner) == before
        assert await hass.config_entries.async_unload(partner.entry_id)


async def test_it_does_not_become_what_another_is(
    hass: HomeAssistant, ollama: OllamaServer, partner: MockConfigEntry
) -> None:
    """Two entries for one thing would come in through the back door."""
    other = add_partner(hass, ollama, secret="other")
    result = await submit(hass, await other.start_reconfigure_flow(hass), form(ollama))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_a_check_tells_what_is_offered(
    hass: HomeAssistant, ollama: OllamaServer, partner: MockConfigEntry
) -> None:
    """Automations choose by models and tools, and say why something does not work."""
    answer = await call(hass, "check", config_entry_id=partner.entry_id)
    assert answer.pop("latency") >= 0
    assert [(hop["hop"], hop["works"]) for hop in answer.pop("hops")] == [
        *(("tcp", True), ("http", True), ("credentials", True), ("permission", True))
    ]
    assert answer == {
        "config_entry_id": partner.entry_id,
        "name": "Workshop",
        "works": True,
        "reachable": True,
        "credentials_accepted": True,
        "version": ollama.version,
        "offered": 2,
        "offers": ["small", "large"],
        "code": None,
        "reason": None,
    }
    await ollama.pause()
    answer = await call(hass, "check", config_entry_id=partner.entry_id)
    found = (answer["works"], answer["reachable"], answer["credentials_accepted"], answer["code"], answer["latency"])
    assert found == (False, False, None, "refused", None)
    assert answer["reason"]
    assert not await call(hass, "check", response=False, config_entry_id=partner.entry_id)


async def test_chat_platforms_are_checked_too(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """One action for everything that is connected."""
    answer = await call(hass, "check", config_entry_id=loaded.entry_id)
    assert answer.pop("latency") >= 0
    found = (answer["works"], answer["reachable"], answer["credentials_accepted"], answer["offers"])
    assert found == (True, True, True, [])


async def test_a_check_is_for_those_who_may_press_the_button(
    hass: HomeAssistant, hass_read_only_user: MockUser, partner: MockConfigEntry
) -> None:
    """What stands in a home, and how it is called, is not for every guest."""
    with pytest.raises(Unauthorized):
        await call(hass, "check", context=Context(user_id=hass_read_only_user.id), config_entry_id=partner.entry_id)


async def test_it_rests_while_it_is_switched_off_or_disabled(
    hass: HomeAssistant, ollama: OllamaServer, partner: MockConfigEntry
) -> None:
    """Off means that nobody is asked; a restart does not switch it on, and disabling ends it altogether."""
    data = {"entity_id": "switch.workshop_enabled"}
    await hass.services.async_call("switch", "turn_off", data, blocking=True)
    await until_state(hass, "binary_sensor.workshop_reachable", "off")
    number = len(ollama.asked)
    assert await hass.config_entries.async_reload(partner.entry_id)
    answer = await call(hass, "check", config_entry_id=partner.entry_id)
    assert (answer["works"], answer["code"], len(ollama.asked)) == (False, "disabled", number)

    await hass.services.async_call("switch", "turn_on", data, blocking=True)
    await until_state(hass, "binary_sensor.workshop_reachable", "on")
    await hass.config_entries.async_set_disabled_by(partner.entry_id, ConfigEntryDisabler.USER)
    number = len(ollama.asked)
    assert state(hass, "binary_sensor.workshop_reachable") == "unavailable"
    with pytest.raises(HomeAssistantError):
        await call(hass, "check", config_entry_id=partner.entry_id)
    assert len(ollama.asked) == number


async def test_a_removed_one_leaves_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, partner: MockConfigEntry
) -> None:
    """It would be asked for ever, with a key that is gone."""
    assert await hass.config_entries.async_remove(partner.entry_id)
    with pytest.raises(UnknownConnectionError):
        the_bach(hass).registry.get(f"ollama_{partner.entry_id}")
    assert not entity_ids(hass, partner)


async def test_diagnostics_tell_no_secrets(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, ollama: OllamaServer, partner: MockConfigEntry
) -> None:
    """People attach them to public issues."""
    hass.config_entries.async_update_entry(partner, data={**partner.data, "system": "Ada likes tea"})
    await hass.async_block_till_done()
    await call(hass, "check", config_entry_id=partner.entry_id)
    text = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, partner))
    for private in (KEY, "127.0.0.1", "large", "Workshop", "tea"):
        assert private not in text, private
    assert '"offered": 2' in text
    ollama.told.append(Told(status=500, body=b'{"error": "127.0.0.1 is on fire"}'))
    assert (await call(hass, "check", config_entry_id=partner.entry_id))["code"] == "server_error"
    assert "on fire" not in json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, partner))
