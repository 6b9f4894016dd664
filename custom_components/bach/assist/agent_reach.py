"""Whom a conversation agent may write to: exposed to its assistant by a person, and within the rights of its user.

An agent reads what others write, so it may be talked into anything. What it can reach is therefore what somebody chose
for it, and never more than whoever talks to it could reach without it.
"""

from dataclasses import dataclass
from typing import Final

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import Context, HomeAssistant, callback

from bach_lib import Place
from bach_lib.redact import readable
from custom_components.bach.const import CONF_RECIPIENT, SUBENTRY_RECIPIENT
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.members import Recipient
from custom_components.bach.home.permissions import may_control_entity
from custom_components.bach.home.persons import persons
from custom_components.bach.home.recipient_subentries import people_subentries, recipient_subentries
from custom_components.bach.home.target_recipients import notify_entity_id

MAX_REACHED: Final = 100
"""Recipients that an agent is told of: each costs words of every request to a model."""

_MAX_NAME: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Somebody an agent may write to. `place`: where what they write comes in; None for routes and people."""

    name: str
    place: Place | None = None


async def user_of(hass: HomeAssistant, context: Context | None) -> User | None:
    """The user for whom an agent acts, if they are known and may log in."""
    user = await hass.auth.async_get_user(context.user_id) if context and context.user_id else None
    return user if user and user.is_active else None


@callback
def reach_of(hass: HomeAssistant, user: User, assistant: str) -> dict[str, Reached]:
    """Those whom the user may reach through this assistant, by entity id: persons first, if they are too many."""
    found = dict[str, Reached]()
    for person in persons(hass):  # by which recipients they are told, and whether the user may, is judged when it is
        if _is_exposed(hass, assistant, person.entity_id) and user.permissions.check_entity(
            person.entity_id, POLICY_READ
        ):
            found[person.entity_id] = Reached(name=_short(person.name))
    for recipient in _recipients(hass):
        entity_id = notify_entity_id(hass, recipient)
        if entity_id and _is_exposed(hass, assistant, entity_id) and may_control_entity(hass, user, entity_id):
            found[entity_id] = _reached(hass, entity_id, recipient)
    return dict(list(found.items())[:MAX_REACHED])


def _recipients(hass: HomeAssistant) -> list[Recipient]:
    return [
        (entry, subentry)
        for entry in connections(hass, include_disabled=False)
        for subentry in (*recipient_subentries(entry), *people_subentries(entry))
    ]


def _is_exposed(hass: HomeAssistant, assistant: str, entity_id: str) -> bool:
    """Whether somebody has chosen so; it has a state only if it is enabled and there."""
    return hass.states.get(entity_id) is not None and async_should_expose(hass, assistant, entity_id)


def _reached(hass: HomeAssistant, entity_id: str, recipient: Recipient) -> Reached:
    entry, subentry = recipient
    state, place = hass.states.get(entity_id), None
    if subentry.subentry_type == SUBENTRY_RECIPIENT:
        place = Place(connection=connection_name(entry), recipient=subentry.data[CONF_RECIPIENT])
    name = state.name if state else subentry.title
    return Reached(name=f"{_short(name)} ({_short(entry.title)})", place=place)


def _short(name: str) -> str:
    """A name on one line: it may come from a platform, and stands among instructions."""
    return readable(" ".join(name.split()))[:_MAX_NAME]
