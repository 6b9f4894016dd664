"""The action `bach.snooze`: somebody wants to hear no more of an alarm for a while, and is told again then."""

from datetime import timedelta
from typing import Final

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB

from .route_targets import BY, ROUTE_FIELDS, answer, chosen_runs, who

ATTR_DURATION: Final = "duration"
SNOOZE_SCHEMA: Final = vol.Schema(
    {**ROUTE_FIELDS, **BY, vol.Optional(ATTR_DURATION, default=timedelta(hours=1)): cv.positive_time_period}
)


async def async_snooze(call: ServiceCall) -> ServiceResponse:
    """Handle it: quiet the runs that are open of the chosen routes and alerts, or the one of this number."""
    with translated_errors(call.hass):
        meant = await chosen_runs(call)
        by, bach = await who(call), call.hass.data[HUB].bach
        seconds = call.data[ATTR_DURATION].total_seconds()
        return answer(call, [(route, await bach.snooze_route(run_id, seconds, by)) for route, run_id in meant])
