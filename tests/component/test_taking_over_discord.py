"""A Discord bot of Home Assistant's own is taken over: its channels are found in what the automations call."""

from collections.abc import AsyncGenerator
from pathlib import Path

import homeassistant.components
import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState, ConfigFlow
from homeassistant.const import CONF_API_TOKEN, CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_config_flow,
    mock_integration,
    mock_platform,
)

from bach_lib.connectors.discord import rest
from bach_lib.testing.discord_server import DiscordServer, Fault
from custom_components.bach.taking_over.core_entries import DISCORD, found_entries
from tests.component.conftest import the_bach
from tests.component.dialogs import choose, submit
from tests.component.test_discord import TOKEN, World
from tests.component.test_taking_over import listed

OLD_ACTION = "notify.my_discord_bot"
GONE = "999999999999999999"


@pytest.fixture
async def world(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    """Discord on this machine, where the entries of Home Assistant lead too: they name no server."""
    async with DiscordServer() as server:
        monkeypatch.setattr(rest, "PUBLIC_ENDPOINT", server.url)
        yield World(server)


@pytest.fixture
async def core_entry(hass: HomeAssistant, world: World) -> AsyncGenerator[MockConfigEntry]:
    """An entry as Home Assistant's own dialog makes it; its own package speaks to the real Discord only."""

    async def setup(*_: object) -> bool:
        return True

    mock_integration(hass, MockModule(DISCORD, async_setup_entry=setup))
    mock_platform(hass, f"{DISCORD}.config_flow", None)
    entry = MockConfigEntry(
        domain=DISCORD,
        title="My Discord bot",
        unique_id="424242424242424242",
        data={CONF_API_TOKEN: TOKEN, CONF_NAME: "My Discord bot"},
    )
    entry.add_to_hass(hass)
    MockConfigEntry(domain=DISCORD, title="Damaged", data={CONF_API_TOKEN: 7}).add_to_hass(hass)
    with mock_config_flow(DISCORD, ConfigFlow):
        assert await hass.config_entries.async_setup(entry.entry_id)
        yield entry


async def add_automation(hass: HomeAssistant, world: World) -> None:
    """Somebody is told of a leak, in a channel, alone, and where nobody is any more."""
    call = {"action": OLD_ACTION, "data": {"message": "Leak", "target": [world.channel.id, f"{world.ada.id}"]}}
    choice = {"if": "{{ true }}", "then": [{"service": OLD_ACTION, "data": {"message": "x", "target": GONE}}]}
    leak = {"alias": "Leak", "triggers": [], "actions": [call, choice, {"action": "notify.other", "data": {}}]}
    assert await async_setup_component(hass, "automation", {"automation": [leak]})
    await hass.async_block_till_done()


async def test_a_bot_is_taken_over(hass: HomeAssistant, world: World, core_entry: MockConfigEntry) -> None:
    """Its channels would have to be added one by one, though every automation names them."""
    await add_automation(hass, world)
    shown = await choose(hass, "take_over")
    words = shown["description_placeholders"] or {}
    assert words["chats"] == f"- {world.channel.id}\n- {world.ada.id}\n- {GONE}"
    result = await submit(hass, shown, {})
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "taken_over")
    entry = result["result"]
    assert entry.options == {"receiving": False}, "it only sent"
    found = [(one.title, one.data["recipient"], one.data["role"]) for one in entry.subentries.values()]
    assert found == [
        ("alarms", f"{world.channel.id}", "notify_only"),
        ("Ada (ada)", f"@{world.ada.id}", "notify_only"),
        (GONE, GONE, "notify_only"),
    ]
    assert core_entry.disabled_by is ConfigEntryDisabler.USER
    assert core_entry.state is ConfigEntryState.FAILED_UNLOAD, "its action is there until Home Assistant restarts"
    assert not found_entries(hass)
    assert listed(hass, entry)["uses"] == f"- **Leak** (`automation.leak`): `{OLD_ACTION}` → `bach.send_message`"
    assert "next_flow" not in result

    entity = {"entity_id": "notify.alarms"}
    await hass.services.async_call("notify", "send_message", {**entity, "message": "Hi"}, blocking=True)
    (message,) = await the_bach(hass).messages(limit=5)
    assert (await the_bach(hass).wait(message.id, 30)).status == "sent"


async def test_who_cannot_be_looked_up_comes_by_number(
    hass: HomeAssistant, world: World, core_entry: MockConfigEntry
) -> None:
    """A channel would be lost because Discord is busy in that second."""
    await add_automation(hass, world)
    shown = await choose(hass, "take_over")
    world.server.fail(Fault.server_error(), times=None, calls=["get_channel", "get_user"])
    result = await submit(hass, shown, {})
    assert f"{world.channel.id}" in [one.title for one in result["result"].subentries.values()]


def test_what_is_stored_has_this_form() -> None:
    """A newer Home Assistant keeps the token elsewhere, and nothing would be offered any more.

    Its files are read, as the package that they import warns when it is compiled.
    """
    (components,) = homeassistant.components.__path__
    kept, flow = (
        (Path(components) / DISCORD / f"{name}.py").read_text("utf-8") for name in ("__init__", "config_flow")
    )
    assert "{probatio.Required(probatio.Secret(CONF_API_TOKEN)): str}" in flow
    assert "data=user_input | {CONF_NAME: info.name}" in flow
    assert "async_set_unique_id(str(info.id))" in flow
    assert "async_unload_entry" not in kept, "then it can be stopped first"
