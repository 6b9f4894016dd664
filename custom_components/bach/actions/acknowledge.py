"""The actions `bach.acknowledge` (somebody has it: routes tell nobody any more) and `bach.all_clear` (it is over)."""

from typing import Final

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from bach_lib import RouteRun
from custom_components.bach.const import CONF_RECIPIENT
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.lifecycle.route_runs import ROUTE_RUNS, RouteRuns
from custom_components.bach.messages.run_payload import run_payload

from .file_sources import ATTR_MESSAGE
from .route_targets import ROUTE_FIELDS, TargetRoute, chosen_routes

ATTR_BY: Final = "by"

ACKNOWLEDGE_SCHEMA: Final = vol.Schema(
    {**ROUTE_FIELDS, vol.Optional(ATTR_BY): vol.All(cv.string, vol.Length(min=1, max=200))}
)
ALL_CLEAR_SCHEMA: Final = vol.Schema({**ROUTE_FIELDS, vol.Required(ATTR_MESSAGE): cv.string})


async def async_acknowledge(call: ServiceCall) -> ServiceResponse:
    """Handle it: end the runs that are open of the chosen routes, or the one of this number."""
    with translated_errors(call.hass):
        routes, run = await chosen_routes(call)
        by, bach = await _who(call), call.hass.data[HUB].bach
        meant = [(routes[0], run.id)] if run else [(route, one) for route in routes for one in _open(call, route)]
        return _answer(call, [(route, await bach.acknowledge(run_id, by)) for route, run_id in meant])


async def async_all_clear(call: ServiceCall) -> ServiceResponse:
    """Handle it: tell everybody who was told by the open runs, or by the newest one, that it is over."""
    with translated_errors(call.hass):
        routes, run = await chosen_routes(call)
        bach, meant = call.hass.data[HUB].bach, list[tuple[TargetRoute, int]]()
        for route in routes:
            newest = [one.id for one in await bach.route_runs(route[1].data[CONF_RECIPIENT], limit=1)]
            meant += [(route, one) for one in ([run.id] if run else _open(call, route) or newest)]
        text = call.data[ATTR_MESSAGE]
        return _answer(call, [(route, await bach.all_clear(run_id, text)) for route, run_id in meant])


def _open(call: ServiceCall, route: TargetRoute) -> list[int]:
    runs = call.hass.data.get(ROUTE_RUNS) or RouteRuns()
    return sorted(runs.of(route[1].data[CONF_RECIPIENT]))


def _answer(call: ServiceCall, ended: list[tuple[TargetRoute, RouteRun]]) -> ServiceResponse:
    if not call.return_response:
        return None
    return {"runs": [run_payload(call.hass, *route, run) for route, run in ended]}


async def _who(call: ServiceCall) -> str:
    """What was said, else the user who calls; automations are the home itself."""
    if ATTR_BY in call.data:
        return str(call.data[ATTR_BY])
    user = await call.hass.auth.async_get_user(call.context.user_id) if call.context.user_id else None
    return (user.name if user else None) or call.hass.config.location_name
