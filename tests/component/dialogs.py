"""Clicks through the dialogs of Home Assistant, as the tests of every kind of connection need them."""

from collections.abc import Mapping, Sequence
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
    SubentryFlowContext,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry


async def choose(hass: HomeAssistant, kind: str) -> ConfigFlowResult:
    """Choose a kind of connection in the menu of the config flow."""
    menu = await hass.config_entries.flow.async_init("bach", context={"source": SOURCE_USER})
    return await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": kind})


async def submit(hass: HomeAssistant, result: ConfigFlowResult, data: Mapping[str, Any]) -> ConfigFlowResult:
    """Submit a step of the config flow."""
    answer = await hass.config_entries.flow.async_configure(result["flow_id"], dict(data))
    await hass.async_block_till_done()
    return answer


async def set_options(hass: HomeAssistant, entry: ConfigEntry, **given: object) -> ConfigFlowResult:
    """Open the settings of a connection and submit them; what is not given is empty, and means what is usual."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "init")
    answer = await hass.config_entries.options.async_configure(form["flow_id"], given)
    await hass.async_block_till_done()
    return answer


async def start_recipient(
    hass: HomeAssistant, entry: ConfigEntry, choice: str, *, menu_options: Sequence[str]
) -> SubentryFlowResult:
    """Open the dialog for a recipient, which must offer this menu, and choose in it."""
    manager = hass.config_entries.subentries
    menu = await manager.async_init((entry.entry_id, "recipient"), context={"source": SOURCE_USER})
    assert menu["menu_options"] == menu_options
    return await manager.async_configure(menu["flow_id"], {"next_step_id": choice})


async def open_dialog(
    hass: HomeAssistant, entry: ConfigEntry, subentry_id: str = "", *, kind: str
) -> SubentryFlowResult:
    """Open the dialog of a sub-entry of this kind, or of a new one."""
    context = SubentryFlowContext(source=SOURCE_USER)
    if subentry_id:
        context = SubentryFlowContext(source=SOURCE_RECONFIGURE, subentry_id=subentry_id)
    return await hass.config_entries.subentries.async_init((entry.entry_id, kind), context=context)


async def reconfigure(hass: HomeAssistant, entry: MockConfigEntry, subentry_id: str) -> SubentryFlowResult:
    """Open the dialog of a recipient that exists."""
    return await open_dialog(hass, entry, subentry_id, kind="recipient")


async def go_on(hass: HomeAssistant, result: SubentryFlowResult, **data: object) -> SubentryFlowResult:
    """Submit a step of the dialog for a recipient."""
    answer = await hass.config_entries.subentries.async_configure(result["flow_id"], data)
    await hass.async_block_till_done()
    return answer


def offered(result: SubentryFlowResult, field: str = "recipient") -> dict[str, str]:
    """What can be picked, as value and label."""
    return {option["value"]: option["label"] for option in fields(result)[field].config["options"]}


def fields(result: SubentryFlowResult) -> dict[Any, Any]:
    """The selectors of a form; its keys equal the names of the fields."""
    assert result["data_schema"]
    found: dict[Any, Any] = result["data_schema"].schema
    return found


def suggested(result: SubentryFlowResult) -> dict[str, Any]:
    """What a form has filled in."""
    return {str(one): (one.description or {}).get("suggested_value") for one in fields(result)}


def close_recipient_dialogs(hass: HomeAssistant) -> None:
    """Close what a new connection leads on to."""
    for flow in hass.config_entries.subentries.async_progress():
        hass.config_entries.subentries.async_abort(flow["flow_id"])


async def close_all(hass: HomeAssistant) -> None:
    """Close such dialogs and unload all connections, while the server that they talk to is still there."""
    close_recipient_dialogs(hass)
    for entry in hass.config_entries.async_loaded_entries("bach"):
        await hass.config_entries.async_unload(entry.entry_id)
