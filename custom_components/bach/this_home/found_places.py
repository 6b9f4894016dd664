"""Finds every place of this home that can be told something, for the dialog in which one is picked.

What leads back to BACH is none: a message would go in circles.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

from homeassistant.components.notify import DOMAIN as NOTIFY
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er

from bach_lib.connecting import Candidate
from custom_components.bach.const import DOMAIN

from .phones import MOBILE_APP, person_of, phones
from .place_forms import ACTION, ENTITY, PANEL

SPEAKER: Final = "media_player"
SATELLITE: Final = "assist_satellite"
_PLAYS: Final = 1 << 9  # MediaPlayerEntityFeature.PLAY_MEDIA
_ANNOUNCES: Final = 1  # AssistSatelliteEntityFeature.ANNOUNCE
_NO_PLACES: Final = frozenset({"notify", "persistent_notification", "send_message"})
"""Actions of `notify` that are none of one place: `notify.notify` is whatever came first."""
_DEEPEST: Final = 5


@callback
def places(hass: HomeAssistant) -> list[Candidate]:
    """All of them, those that people carry first."""
    return [*_phones(hass), _panel(), *_entities(hass), *_actions(hass)]


@callback
def entity_at(hass: HomeAssistant, recipient: str) -> str | None:
    """The present id of the entity that a recipient is, if it is one and is registered."""
    if not recipient.startswith(ENTITY):
        return recipient if recipient.partition(".")[0] in {NOTIFY, SPEAKER, SATELLITE} else None
    entry = er.async_get(hass).entities.get_entry(recipient.removeprefix(ENTITY))
    return entry.entity_id if entry else None


@callback
def leads_back(hass: HomeAssistant, entity_id: str, depth: int = 0) -> bool:
    """Whether what an entity is told comes back here: it is ours, or a group with one of ours in it."""
    entry = er.async_get(hass).async_get(entity_id)
    if entry and entry.platform == DOMAIN:
        return True
    state = hass.states.get(entity_id)
    members: object = state.attributes.get("entity_id") if state else None
    if depth >= _DEEPEST or not isinstance(members, Iterable) or isinstance(members, str):
        return False
    return any(leads_back(hass, one, depth + 1) for one in members if isinstance(one, str))


@callback
def is_own_action(hass: HomeAssistant, name: str) -> bool:
    """Whether an action of `notify` is one of ours."""
    service = hass.services.async_services_for_domain(NOTIFY).get(name)
    target: object = service.job.target if service else None
    while isinstance(target, partial):
        target = target.func
    module: object = getattr(target, "__module__", "")
    return isinstance(module, str) and module.startswith(__name__.rpartition(".this_home.")[0])


def _phones(hass: HomeAssistant) -> list[Candidate]:
    found = []
    for one in phones(hass):
        if one.entity_id or one.action:
            person = person_of(hass, one.user_id)
            title = f"{person} ({one.name})" if person else one.name
            found.append(Candidate(recipient=one.recipient, title=title, kind="phone"))
    return sorted(found, key=lambda one: one.title.casefold())


def _panel() -> Candidate:
    return Candidate(recipient=PANEL, title="Home Assistant", kind="panel")


def _entities(hass: HomeAssistant) -> list[Candidate]:
    return [
        Candidate(recipient=_stable(hass, state), title=f"{state.name} ({state.entity_id})", kind="entity")
        for state in sorted(
            hass.states.async_all((SATELLITE, SPEAKER, NOTIFY)), key=lambda one: (one.domain, one.name.casefold())
        )
        if _can_be_told(hass, state)
    ]


def _can_be_told(hass: HomeAssistant, state: State) -> bool:
    features: object = state.attributes.get("supported_features")
    has = features if isinstance(features, int) else 0
    if state.domain == SPEAKER:
        return bool(has & _PLAYS) and bool(hass.states.async_entity_ids("tts"))
    if state.domain == SATELLITE:
        return bool(has & _ANNOUNCES)
    entry = er.async_get(hass).async_get(state.entity_id)
    is_phone = entry is not None and entry.platform == MOBILE_APP  # it is in the list as such
    return not is_phone and not leads_back(hass, state.entity_id)


def _stable(hass: HomeAssistant, state: State) -> str:
    entry = er.async_get(hass).async_get(state.entity_id)
    return f"{ENTITY}{entry.id}" if entry else state.entity_id


def _actions(hass: HomeAssistant) -> list[Candidate]:
    of_phones = {one.action for one in phones(hass)}
    names = sorted(hass.services.async_services_for_domain(NOTIFY).keys() - _NO_PLACES - of_phones)
    return [
        Candidate(recipient=f"{ACTION}{name}", title=f"notify.{name}", kind="action")
        for name in names
        if not is_own_action(hass, name)
    ]
