"""Builds the data of a run of a route for events, triggers and the response of actions.

It is public: automations are written against these keys.
"""

from typing import Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.json import JsonObjectType

from bach_lib import Place, RouteRun
from bach_lib.redact import readable
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.roles import place
from custom_components.bach.home.target_recipients import judged_entity_id

from .incoming_payload import iso_time

_MOST: Final = 50
"""Of those who were told, the newest; somebody may have been told a hundred times."""


@callback
def run_payload(hass: HomeAssistant, entry: BachConfigEntry, route: ConfigSubentry, run: RouteRun) -> JsonObjectType:
    """Build the payload; `route` may be an alert, too. Every key is always there; what the run lacks is None."""
    titles = {connection_name(one): one for one in connections(hass)}
    return {
        "run_id": run.id,
        "config_entry_id": entry.entry_id,
        "route": run.route,
        "route_name": route.title,
        "entity_id": judged_entity_id(hass, (entry, route)),
        "title": run.said.title,
        "text": run.said.text,
        "priority": run.said.priority,
        "status": run.status.value,
        "by": readable(run.by) if run.by else None,
        "reached": run.reached.value if run.reached else None,
        "started_at": iso_time(run.started_at),
        "ended_at": iso_time(run.ended_at),
        "tried": [
            {"name": _name(titles.get(one.place.connection), one.place), "at": iso_time(one.at), "id": one.message_id}
            for one in run.tried[-_MOST:]
        ],
    }


def _name(entry: BachConfigEntry | None, where: Place) -> str:
    found = place(entry.subentries.values(), where.recipient) if entry else None
    return found.title if found else readable(where.recipient)
