"""Whom an action about runs of routes means: routes as targets, or one run by its number; and who may do that."""

from collections.abc import Sequence
from typing import Final

import voluptuous as vol
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.typing import VolDictType

from bach_lib import RouteRun
from bach_lib.errors import UnknownRunError
from custom_components.bach.const import CONF_RECIPIENT, DOMAIN, SUBENTRY_ROUTE
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.permissions import require_control
from custom_components.bach.home.route_steps import routes_of
from custom_components.bach.home.target_recipients import async_choose, notify_entity_id

ATTR_RUN_ID: Final = "run_id"
ROUTE_FIELDS: Final[VolDictType] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_RUN_ID): vol.All(vol.Coerce(int), vol.Range(min=1, max=2**63 - 1)),
}

type TargetRoute = tuple[BachConfigEntry, ConfigSubentry]


async def chosen_routes(call: ServiceCall) -> tuple[list[TargetRoute], RouteRun | None]:
    """The routes, and the run if one is named. Raises if that is nothing or both, or the caller may not."""
    if (ATTR_RUN_ID in call.data) == TargetSelection(call.data).has_any_target:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="route_or_run")
    if ATTR_RUN_ID in call.data:
        return await _of_run(call, call.data[ATTR_RUN_ID])
    chosen = async_choose(call.hass, call.data)
    routes = [one for one in chosen.recipients.values() if one[1].subentry_type == SUBENTRY_ROUTE]
    if not routes:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_routes")
    await _require(call, routes)
    return routes, None


async def _of_run(call: ServiceCall, run_id: int) -> tuple[list[TargetRoute], RouteRun]:
    """The route of a run, if the caller may control it; without one there is nothing to judge by."""
    try:
        run = await call.hass.data[HUB].bach.route_run(run_id)
    except UnknownRunError:
        run = None
    routes = [one for one in routes_of(call.hass) if run and one[1].data.get(CONF_RECIPIENT) == run.route]
    await _require(call, routes)
    if not run or not routes:
        raise UnknownRunError(id=run_id)
    return routes[:1], run


async def _require(call: ServiceCall, routes: Sequence[TargetRoute]) -> None:
    """Nobody but an administrator may do it where an entity is missing: there is nothing to judge by."""
    found = [entity_id for one in routes if (entity_id := notify_entity_id(call.hass, one))]
    await require_control(call, found if len(found) == len(routes) else [])
