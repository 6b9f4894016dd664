"""The action `bach.check`: runs a health check of a connection, and returns the result, also of a failure.

Unlike the button it does not raise for a failed check, so that automations can decide by the reason.
"""

import time
from typing import Final

import voluptuous as vol
from homeassistant.components.button import DOMAIN as BUTTON_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import service
from homeassistant.util.json import JsonObjectType, JsonValueType

from bach_lib import Fault, Hop, Identity, Report
from bach_lib.partners.faults import NOT_REACHED
from custom_components.bach.const import CHECK_NOW, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.language import in_home_language
from custom_components.bach.home.permissions import require_control

CHECK_SCHEMA: Final = vol.Schema({vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string})


async def async_check(call: ServiceCall) -> ServiceResponse:
    """Handle the action; it is allowed to whoever may press the connection's check button."""
    entry: BachConfigEntry = service.async_get_config_entry(call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID])
    await _require_button(call, entry)
    with translated_errors(call.hass):
        began = time.monotonic()
        bach, connection = call.hass.data[HUB].bach, connection_name(entry)
        found = await bach.check(connection)
        seconds = time.monotonic() - began
        if not call.return_response:
            return None
        hops = await bach.hops(connection, found)
    way: list[JsonValueType] = [_hop(hop) for hop in hops]
    return {
        ATTR_CONFIG_ENTRY_ID: entry.entry_id,
        "name": entry.title,
        **_findings(call.hass, found, seconds),
        "hops": way,
    }


def _hop(hop: Hop) -> JsonObjectType:
    """A step of the way to the platform."""
    took = None if hop.seconds is None else round(hop.seconds * 1000, 1)
    return {"hop": hop.name.value, "works": hop.fault is None, "milliseconds": took}


async def _require_button(call: ServiceCall, entry: BachConfigEntry) -> None:
    button = _button(call.hass, entry)
    if button is None and call.context.user_id:
        raise Unauthorized(context=call.context)
    await require_control(call, [button] if button else [])


def _button(hass: HomeAssistant, entry: BachConfigEntry) -> str | None:
    unique_id = f"{entry.entry_id}_{CHECK_NOW}"
    return er.async_get(hass).async_get_entity_id(BUTTON_DOMAIN, DOMAIN, unique_id)


def _findings(hass: HomeAssistant, found: Identity | Fault, seconds: float) -> JsonObjectType:
    """The result of a check with the same keys for all types of connections."""
    report = found if isinstance(found, Report) else None
    fault = found if isinstance(found, Fault) else None
    return {
        "works": fault is None,
        "reachable": fault is None or fault.code not in NOT_REACHED,
        "credentials_accepted": _accepted(found),
        "latency": None if fault else round((report.latency if report else seconds) * 1000, 1),
        "version": report.version if report else None,
        "offered": report.offered if report else 0,
        "offers": list(report.offers) if report else [],
        "code": fault.code if fault else None,
        "reason": in_home_language(hass, fault.text) if fault else None,
    }


def _accepted(found: Identity | Fault) -> bool | None:
    """Whether the credentials were accepted; None if the check cannot tell."""
    if isinstance(found, Fault):
        return False if found.code == "auth_failed" else None
    return found.accepted
