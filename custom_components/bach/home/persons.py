"""The persons of Home Assistant: where they are, and which recipients are theirs as far as the home knows.

Home Assistant knows a person's user and devices, and BACH knows whose user a recipient is and which phone it is.
"""

from dataclasses import dataclass
from typing import Final

from homeassistant.const import STATE_HOME
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er

from custom_components.bach.const import (
    CONF_KIND,
    CONF_RECIPIENT,
    CONF_USER_ID,
    KIND_PRIVATE,
    SUBENTRY_RECIPIENT,
    TYPE_HOMEASSISTANT,
    TYPE_WEBHOOK,
)
from custom_components.bach.kinds.partners import type_of
from custom_components.bach.this_home.phones import phone_at
from custom_components.bach.this_home.place_forms import PHONE

from .entry import connections
from .members import Recipient

PERSON: Final = "person"
_NOBODYS: Final = frozenset({TYPE_HOMEASSISTANT, TYPE_WEBHOOK})
"""There a user says as whom a home or a program acts, and not who reads what is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One, as they are at this moment. `is_home`: anything that is not known counts as away."""

    id: str
    entity_id: str
    name: str
    user_id: str | None
    trackers: tuple[str, ...]
    is_home: bool


@callback
def persons(hass: HomeAssistant) -> list[Person]:
    """All, by name."""
    return sorted(map(_person, hass.states.async_all(PERSON)), key=lambda one: (one.name.casefold(), one.id))


@callback
def person_of(hass: HomeAssistant, person_id: str) -> Person | None:
    """The one with this id, which stays whatever the person and their entity are called."""
    return next((one for one in persons(hass) if one.id == person_id), None)


@callback
def person_at(hass: HomeAssistant, entity_id: str) -> Person | None:
    """The one with this entity."""
    state = hass.states.get(entity_id)
    return _person(state) if state and state.domain == PERSON else None


@callback
def found_for(hass: HomeAssistant, person: Person, *, by_name: bool = False) -> list[Recipient]:
    """The recipients that are theirs, phones first. `by_name`: those that are called like them as well, as a guess."""
    hers = [
        (entry, one)
        for entry in connections(hass, include_disabled=False)
        if type_of(entry.data) not in _NOBODYS
        for one in entry.get_subentries_of_type(SUBENTRY_RECIPIENT)
        if _is_theirs(hass, person, (entry, one)) or (by_name and _is_called_like(person, (entry, one)))
    ]
    return sorted(hers, key=lambda one: not _is_phone(one))


@callback
def is_one_persons(recipient: Recipient) -> bool:
    """Whether a recipient is somebody alone: a phone, or a private chat."""
    return _is_phone(recipient) or recipient[1].data.get(CONF_KIND) == KIND_PRIVATE


def _is_theirs(hass: HomeAssistant, person: Person, recipient: Recipient) -> bool:
    user_id = recipient[1].data.get(CONF_USER_ID)
    if _is_phone(recipient) and user_id is None:
        return _carries(hass, person, recipient[1].data[CONF_RECIPIENT])
    return bool(user_id) and user_id == person.user_id and is_one_persons(recipient)


def _person(state: State) -> Person:
    user_id, trackers = state.attributes.get("user_id"), state.attributes.get("device_trackers")
    return Person(
        id=str(state.attributes.get("id") or state.entity_id),
        entity_id=state.entity_id,
        name=state.name,
        user_id=user_id if isinstance(user_id, str) and user_id else None,
        trackers=tuple(map(str, trackers)) if isinstance(trackers, list | tuple) else (),
        is_home=state.state == STATE_HOME,
    )


def _carries(hass: HomeAssistant, person: Person, recipient: str) -> bool:
    """Whether a phone is one by which Home Assistant tells where they are, or at which their user is logged in."""
    if (phone := phone_at(hass, recipient)) is None:
        return False
    found = map(er.async_get(hass).async_get, person.trackers)
    return phone.user_id == person.user_id or phone.device_id in {one.device_id for one in found if one}


def _is_phone(recipient: Recipient) -> bool:
    return str(recipient[1].data.get(CONF_RECIPIENT)).startswith(PHONE)


def _is_called_like(person: Person, recipient: Recipient) -> bool:
    _, subentry = recipient
    is_free = not subentry.data.get(CONF_USER_ID) and is_one_persons(recipient)
    return is_free and subentry.title.casefold() == person.name.casefold()
