"""The connectors that lead nowhere but into this home: its places, and its routes."""

from collections.abc import Callable, Mapping
from functools import partial

from homeassistant.core import HomeAssistant

from bach_lib import Bach
from bach_lib.connecting import Connector
from custom_components.bach.routes import connector as routes
from custom_components.bach.this_home import connector as this_home

from .entry import connections
from .route_steps import route_of
from .run_causes import causes_kept


def own_connectors(hass: HomeAssistant, bach: Callable[[], Bach]) -> Mapping[str, type[Connector]]:
    """By their types. `bach`: the one that is open; raises `NotOpenError`."""
    access = routes.RouteAccess(bach, partial(route_of, hass), partial(causes_kept, hass))
    return {**this_home.connector_of(hass, connections), **routes.connector_of(access)}
