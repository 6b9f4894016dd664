"""Which runs an action means: those of routes or alerts as targets, or one by its number; and who may do that."""

from collections.abc import Sequence
from typing import Final

import voluptuous as vol
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.helpers.typing import VolDictType

from bach_lib import RouteRun
from bach_lib.errors import UnknownRunError
from custom_components.bach.alerts.alert import all_alerts
from custom_components.bach.alerts.at_work import KEEPERS
from custom_components.bach.alerts.keeper import OPEN
from custom_components.bach.const import CONF_RECIPIENT, DOMAIN, SUBENTRY_ALERT, SUBENTRY_ROUTE
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.permissions import require_control
from custom_components.bach.home.route_steps import routes_of
from custom_components.bach.home.target_recipients import async_choose, judged_entity_id
from custom_components.bach.home.users import name_of_caller
from custom_components.bach.lifecycle.route_runs import ROUTE_RUNS, RouteRuns
from custom_components.bach.messages.run_payload import run_payload

ATTR_RUN_ID: Final = "run_id"
ATTR_BY: Final = "by"
BY: Final[VolDictType] = {vol.Optional(ATTR_BY): vol.All(cv.string, vol.Length(min=1, max=200))}
ROUTE_FIELDS: Final[VolDictType] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_RUN_ID): vol.All(vol.Coerce(int), vol.Range(min=1, max=2**63 - 1)),
}

type TargetRoute = tuple[BachConfigEntry, ConfigSubentry]


async def chosen_routes(call: ServiceCall) -> tuple[list[TargetRoute], RouteRun | None]:
    """The routes and alerts, and the run if one is named. Raises if that is nothing or both, or the caller may not."""
    if (ATTR_RUN_ID in call.data) == TargetSelection(call.data).has_any_target:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="route_or_run")
    if ATTR_RUN_ID in call.data:
        return await _of_run(call, call.data[ATTR_RUN_ID])
    chosen = async_choose(call.hass, call.data)
    routes = [one for one in chosen.recipients.values() if one[1].subentry_type == SUBENTRY_ROUTE]
    routes += _alerts(call)
    if not routes:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_routes")
    await _require(call, routes)
    return routes, None


def open_runs(call: ServiceCall, target: TargetRoute) -> list[int]:
    """The runs of a route or an alert that nobody has acknowledged."""
    subentry = target[1]
    if subentry.subentry_type != SUBENTRY_ALERT:
        runs = call.hass.data.get(ROUTE_RUNS) or RouteRuns()
        return sorted(runs.of(subentry.data[CONF_RECIPIENT]))
    keeper = call.hass.data.get(KEEPERS, {}).get(subentry.subentry_id)
    return [keeper.run.id] if keeper and keeper.run and keeper.run.status in OPEN else []


async def chosen_runs(call: ServiceCall) -> list[tuple[TargetRoute, int]]:
    """The run that is named, or those of the chosen routes and alerts that nobody has acknowledged."""
    routes, run = await chosen_routes(call)
    return [(routes[0], run.id)] if run else [(route, one) for route in routes for one in open_runs(call, route)]


def answer(call: ServiceCall, became: list[tuple[TargetRoute, RouteRun]]) -> ServiceResponse:
    """What became of runs, if somebody wants to know."""
    if not call.return_response:
        return None
    return {"runs": [run_payload(call.hass, *route, run) for route, run in became]}


async def who(call: ServiceCall) -> str:
    """What was said, else the user who calls; automations are the home itself."""
    return str(call.data[ATTR_BY]) if ATTR_BY in call.data else await name_of_caller(call.hass, call.context)


def _alerts(call: ServiceCall) -> list[TargetRoute]:
    """The alerts of which an entity was named, or a device."""
    selected = async_extract_referenced_entity_ids(call.hass, TargetSelection(call.data))
    known = {one.subentry_id: (entry, one) for entry, one in all_alerts(call.hass)}
    registry = er.async_get(call.hass)
    named = [registry.async_get(one) for one in sorted(selected.referenced | selected.indirectly_referenced)]
    ids = dict.fromkeys(one.config_subentry_id or "" for one in named if one)
    return [known[one] for one in ids if one in known]


async def _of_run(call: ServiceCall, run_id: int) -> tuple[list[TargetRoute], RouteRun]:
    """The route of a run, if the caller may control it; without one there is nothing to judge by."""
    try:
        run = await call.hass.data[HUB].bach.route_run(run_id)
    except UnknownRunError:
        run = None
    known = (*routes_of(call.hass), *all_alerts(call.hass))
    routes = [one for one in known if run and one[1].data.get(CONF_RECIPIENT) == run.route]
    await _require(call, routes)
    if not run or not routes:
        raise UnknownRunError(id=run_id)
    return routes[:1], run


async def _require(call: ServiceCall, routes: Sequence[TargetRoute]) -> None:
    """Nobody but an administrator may do it where an entity is missing: there is nothing to judge by."""
    found = [entity_id for one in routes if (entity_id := judged_entity_id(call.hass, one))]
    await require_control(call, found if len(found) == len(routes) else [])
