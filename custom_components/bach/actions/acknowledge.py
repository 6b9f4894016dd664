"""The actions `bach.acknowledge` (somebody has it: nobody is told any more) and `bach.all_clear` (it is over)."""

from typing import Final

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from custom_components.bach.const import CONF_RECIPIENT
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB

from .file_sources import ATTR_MESSAGE
from .route_targets import BY, ROUTE_FIELDS, TargetRoute, answer, chosen_routes, chosen_runs, open_runs, who

ACKNOWLEDGE_SCHEMA: Final = vol.Schema({**ROUTE_FIELDS, **BY})
ALL_CLEAR_SCHEMA: Final = vol.Schema({**ROUTE_FIELDS, vol.Required(ATTR_MESSAGE): cv.string})


async def async_acknowledge(call: ServiceCall) -> ServiceResponse:
    """Handle it: end the runs that are open of the chosen routes and alerts, or the one of this number."""
    with translated_errors(call.hass):
        meant = await chosen_runs(call)
        by, bach = await who(call), call.hass.data[HUB].bach
        return answer(call, [(route, await bach.acknowledge(run_id, by)) for route, run_id in meant])


async def async_all_clear(call: ServiceCall) -> ServiceResponse:
    """Handle it: tell everybody who was told by the open runs, or by the newest one, that it is over."""
    with translated_errors(call.hass):
        routes, run = await chosen_routes(call)
        bach, meant = call.hass.data[HUB].bach, list[tuple[TargetRoute, int]]()
        for route in routes:
            newest = [one.id for one in await bach.route_runs(route[1].data[CONF_RECIPIENT], limit=1)]
            meant += [(route, one) for one in ([run.id] if run else open_runs(call, route) or newest)]
        text = call.data[ATTR_MESSAGE]
        return answer(call, [(route, await bach.all_clear(run_id, text)) for route, run_id in meant])
