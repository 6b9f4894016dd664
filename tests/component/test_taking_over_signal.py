"""Home Assistant's own Signal notifiers are taken over, which stand in YAML: what they name comes along."""

from pathlib import Path

import homeassistant.components
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component

from bach_lib.testing.signal import SignalServer
from custom_components.bach.flows.take_over_steps import TakeOverSteps
from custom_components.bach.taking_over.yaml_notifiers import SIGNAL_MESSENGER, async_found
from tests.component.dialogs import choose, close_all, submit
from tests.component.test_signal import ADA, HOUSE, NUMBER, signal
from tests.component.test_taking_over import listed

__all__ = ["signal"]


def write(hass: HomeAssistant, server: SignalServer) -> None:
    """What somebody has in configuration.yaml, loaded; its own package is not installed here."""
    Path(hass.config.path("configuration.yaml")).write_text(f"""
notify:
  - platform: {SIGNAL_MESSENGER}
    name: Signal Ada
    url: {server.url}
    number: "{NUMBER}"
    recipients: ["{ADA}", "{HOUSE}"]
  - platform: {SIGNAL_MESSENGER}
    url: {server.url}
    number: "{NUMBER}"
    recipients: ["{ADA}", "nobody at all"]
  - platform: {SIGNAL_MESSENGER}
  - platform: smtp
""")
    hass.config.components.add(f"{SIGNAL_MESSENGER}.notify")


async def test_what_stands_in_yaml_is_taken_over(hass: HomeAssistant, signal: SignalServer) -> None:
    """Server, number and everybody would have to be typed once more; and nobody would know which lines can go."""
    write(hass, signal)
    actions = [{"action": "notify.signal_ada", "data": {"message": "x"}}, {"action": "notify.notify", "data": {}}]
    automation = {"alias": "Leak", "triggers": [], "actions": actions}
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    shown = await choose(hass, "take_over")
    words = shown["description_placeholders"] or {}
    assert (shown["step_id"], words["name"], words["count"]) == ("take_over_yaml", NUMBER, "3")
    result = await submit(hass, shown, {})
    assert (result["type"], result["description"]) == (FlowResultType.CREATE_ENTRY, "taken_over_yaml")
    entry = result["result"]
    assert (entry.data["endpoint"], entry.data["number"]) == (signal.url, NUMBER)
    assert [(one.title, one.data["recipient"], one.data["role"]) for one in entry.subentries.values()] == [
        (ADA, ADA, "notify_only"),
        ("The house", HOUSE, "notify_only"),
    ], "and nobody for what is no address"
    assert listed(hass, entry)["uses"] == (
        "- **Leak** (`automation.leak`): `notify.notify` → `bach.send_message`, "
        "`notify.signal_ada` → `bach.send_message`"
    )
    assert await async_found(hass) == []
    await close_all(hass)


async def test_what_does_not_work_leaves_nothing(
    hass: HomeAssistant, signal: SignalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that does nothing would stay behind."""
    write(hass, signal)
    shown = await choose(hass, "take_over")
    monkeypatch.setattr(TakeOverSteps, "works_seconds", 0.0)
    monkeypatch.setattr("custom_components.bach._begin", _fails)
    result = await submit(hass, shown, {})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "put_back")
    assert hass.config_entries.async_entries("bach") == []


async def _fails(*_: object) -> None:
    raise OSError("the disk is full")


async def test_a_broken_configuration_offers_nothing(hass: HomeAssistant, signal: SignalServer) -> None:
    """The menu would not open while somebody edits the file."""
    write(hass, signal)
    Path(hass.config.path("configuration.yaml")).write_text("notify: [")
    assert await async_found(hass) == []


def test_what_is_written_has_this_form() -> None:
    """A newer Home Assistant calls the fields otherwise, and nobody would be offered anything."""
    (components,) = homeassistant.components.__path__
    source = (Path(components) / SIGNAL_MESSENGER / "notify.py").read_text("utf-8")
    for line in ('CONF_SENDER_NR = "number"', 'CONF_RECP_NR = "recipients"', 'CONF_SIGNAL_CLI_REST_API = "url"'):
        assert line in source
    assert not (Path(components) / SIGNAL_MESSENGER / "config_flow.py").exists(), "then there is an entry to read"
