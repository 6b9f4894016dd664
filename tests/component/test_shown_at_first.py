"""What somebody sees of a new connection before they have switched anything on or off: only what they need."""

import json
from typing import Final

import pytest
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.bach.const import DOMAIN, LANGUAGES
from custom_components.bach.sensor import SENSORS
from tests.component.conftest import recipient, set_up
from tests.component.test_every_kind import KINDS
from tests.component.test_rules import BACH

SHOWN: Final = {
    "binary_sensor.reachable": "whether the partner answers",
    "binary_sensor.receiving": "whether anything can come in",
    "binary_sensor.sending": "whether anything can get out",
    "button.check_now": "the first thing to press when something is wrong",
    "button.retry_dead_letters": "what to press when it is right again",
    "button.test_message": "the first message, without an automation",
    "event.incoming": "what a webhook has taken; elsewhere the Activity says who wrote",
    "notify.recipient": "whom to write to",
    "sensor.breaker": "why nothing goes out although all looks well",
    "sensor.dead": "what waits for a person",
    "binary_sensor.unacknowledged": "whether an alarm still waits for somebody",
    "event.route": "what an alarm has come to",
    "sensor.latency": "whether the partner is slow",
    "sensor.queued": "what has not gone out yet",
    "switch.enabled": "to stop it without losing anything",
}
"""Every entity that is there and enabled at first, by its text, and why a person wants it. All others are a choice."""
ONLY_A_NUMBER: Final = {
    "dead": "how many",
    "failed": "how many",
    "queued": "how many",
    "sent": "how many",
    "uncertain": "how many",
    "version": "a name, no number",
}
"""Sensors without device class and unit. A word behind a number would have one form for one and for many."""
LONGEST_BUTTON: Final = 20
"""Characters beside the word *Press* (*Drücken*, *Appuyer*) in a card of a device; the rest would end in dots."""


@pytest.fixture
async def home(hass: HomeAssistant, enable_custom_integrations: None) -> dict[str, MockConfigEntry]:
    """A connection of every kind, as a person has just set it up; and a webhook that only takes what is posted."""
    takes: dict[str, str] = {"webhook_id": "def", "incoming_token": "y" * 20}
    kinds = {kind: (kind, data, place) for kind, (data, place, _) in KINDS.items()}
    entries = {}
    for name, (kind, data, place) in {**kinds, "taking": ("webhook", takes, "phone")}.items():
        entries[name] = MockConfigEntry(
            domain=DOMAIN,
            title=name,
            unique_id=name,
            data={"type": kind, **data},
            subentries_data=[recipient("R", place)] if place else [],
        )
        entries[name].add_to_hass(hass)
    await set_up(hass, entries["telegram"])
    assert {entry.state for entry in entries.values()} == {ConfigEntryState.LOADED}
    return entries


def texts(hass: HomeAssistant, *entries: MockConfigEntry, is_enabled: bool = True) -> set[str]:
    """The entities that there are, by platform and text; those that are switched off, or the others."""
    registry = er.async_get(hass)
    return {
        f"{one.domain}.{one.translation_key}"
        for entry in entries
        for one in er.async_entries_for_config_entry(registry, entry.entry_id)
        if (one.disabled_by is None) == is_enabled
    }


async def test_what_is_enabled_has_its_reason(hass: HomeAssistant, home: dict[str, MockConfigEntry]) -> None:
    """A new entity would fill everybody's pages, dashboards and database, and nobody would have asked whether."""
    assert texts(hass, *home.values()) == SHOWN.keys()


async def test_what_only_takes_has_nothing_about_sending(hass: HomeAssistant, home: dict[str, MockConfigEntry]) -> None:
    """The page of a doorbell would offer to deliver messages that there never are."""
    assert texts(hass, home["taking"]) == {
        "binary_sensor.receiving",
        "button.check_now",
        "event.incoming",
        "switch.enabled",
    }
    assert texts(hass, home["taking"], is_enabled=False) == set()


async def test_what_a_webhook_no_longer_does_is_gone(hass: HomeAssistant, home: dict[str, MockConfigEntry]) -> None:
    """Sensors and a button that nothing moves any more would stay for ever."""
    hook = home["webhook"]
    assert "sensor.dead" in texts(hass, hook)
    without = {key: value for key, value in hook.data.items() if key != "url"}
    hass.config_entries.async_update_entry(hook, data=without)
    await hass.config_entries.async_reload(hook.entry_id)
    await hass.async_block_till_done()
    is_off = "event.incoming"  # since it was made, when the connection sent as well
    assert texts(hass, hook) == texts(hass, home["taking"]) - {is_off}
    assert texts(hass, hook, is_enabled=False) == {is_off}


def test_a_number_says_what_it_is() -> None:
    """12 would be shown, and nobody knew of what."""
    bare = {one.key for one in SENSORS if not one.device_class and not one.native_unit_of_measurement}
    assert bare == ONLY_A_NUMBER.keys()
    assert all(one.options for one in SENSORS if one.device_class is SensorDeviceClass.ENUM)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_name_of_a_button_can_be_read_to_its_end(language: str) -> None:
    """What one presses would end in dots: "Unzustellbare Nachrich…"."""
    names = json.loads((BACH / f"translations/{language}.json").read_text("utf-8"))["entity"]["button"]
    assert {name["name"] for name in names.values() if len(name["name"]) > LONGEST_BUTTON} == set()
