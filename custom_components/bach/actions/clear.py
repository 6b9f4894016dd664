"""The action `bach.clear`: what was said with a tag is over, wherever it stands."""

from typing import Final

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB

from .targets import TARGET_FIELDS, find_targets

ATTR_TAG: Final = "tag"
CLEAR_SCHEMA: Final = vol.Schema({**TARGET_FIELDS, vol.Required(ATTR_TAG): vol.All(cv.string, vol.Length(min=1))})


async def async_clear(call: ServiceCall) -> ServiceResponse:
    """Handle it: cancel what waits for the recipients, and have taken away what was sent."""
    found, cancelled, taken_away = await find_targets(call, wherever=True), 0, 0
    if not found.targets and found.refused:
        raise next(iter(found.refused.values()))
    with translated_errors(call.hass):
        for target in found.targets:
            cleared = await call.hass.data[HUB].bach.clear(target.connection, target.recipient, call.data[ATTR_TAG])
            cancelled += cleared.cancelled
            taken_away += cleared.taken_away
    return {"cancelled": cancelled, "taken_away": taken_away} if call.return_response else None
