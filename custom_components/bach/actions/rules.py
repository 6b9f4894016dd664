"""The actions on context rules: `bach.get_rules`, `bach.set_rule` and `bach.remove_rule`.

A rule names a topic by phrases and patterns; triggers and agents get the names of those that match.
"""

from typing import Final

import voluptuous as vol
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import service
from homeassistant.util.json import JsonObjectType

from bach_lib import Rule
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB

ATTR_ACTIVE: Final = "active"
ATTR_HINT: Final = "hint"
ATTR_NAME: Final = "name"
ATTR_PATTERNS: Final = "patterns"
ATTR_PHRASES: Final = "phrases"

GET_RULES_SCHEMA: Final = vol.Schema({})
SET_RULE_SCHEMA: Final = vol.Schema(
    {
        vol.Required(ATTR_NAME): cv.string,
        vol.Optional(ATTR_PHRASES, default=[]): vol.All(cv.ensure_list, [cv.string]),
        vol.Optional(ATTR_PATTERNS, default=[]): vol.All(cv.ensure_list, [cv.string]),
        vol.Optional(ATTR_HINT): cv.string,
        vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_ACTIVE, default=True): cv.boolean,
    }
)
REMOVE_RULE_SCHEMA: Final = vol.Schema({vol.Required(ATTR_NAME): cv.string})


async def async_get_rules(call: ServiceCall) -> ServiceResponse:
    """Handle the action that returns all rules."""
    entries = {connection_name(entry): entry.entry_id for entry in connections(call.hass)}
    with translated_errors(call.hass):
        rules = call.hass.data[HUB].bach.rules.list()
    return {"rules": [_row(rule, entries.get(rule.connection or "")) for rule in rules]}


async def async_set_rule(call: ServiceCall) -> ServiceResponse:
    """Handle the action that adds a rule, or replaces the one of the same name."""
    data = call.data
    entry_id = data.get(ATTR_CONFIG_ENTRY_ID)
    entry = service.async_get_config_entry(call.hass, DOMAIN, entry_id) if entry_id else None
    rule = Rule(
        name=data[ATTR_NAME],
        phrases=tuple(data[ATTR_PHRASES]),
        patterns=tuple(data[ATTR_PATTERNS]),
        connection=connection_name(entry) if entry else None,
        is_active=data[ATTR_ACTIVE],
        hint=data.get(ATTR_HINT) or None,
    )
    with translated_errors(call.hass):
        await call.hass.data[HUB].bach.rules.set(rule)
    return _row(rule, entry_id) if call.return_response else None


async def async_remove_rule(call: ServiceCall) -> ServiceResponse:
    """Handle the action that removes a rule."""
    with translated_errors(call.hass):
        await call.hass.data[HUB].bach.rules.remove(call.data[ATTR_NAME])
    return {"removed": call.data[ATTR_NAME]} if call.return_response else None


def _row(rule: Rule, entry_id: str | None) -> JsonObjectType:
    return {
        ATTR_NAME: rule.name,
        ATTR_PHRASES: list(rule.phrases),
        ATTR_PATTERNS: list(rule.patterns),
        ATTR_CONFIG_ENTRY_ID: entry_id,
        ATTR_ACTIVE: rule.is_active,
        **({ATTR_HINT: rule.hint} if rule.hint else {}),
    }
