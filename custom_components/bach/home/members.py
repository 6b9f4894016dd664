"""Expands groups to their members, however nested, and finds the recipient behind an entity or device.

Home Assistant's own helper expands only `group.*`, and never returns for groups that contain each other. A group helper
is expanded by its options, as it hides its members while they all are unavailable.
"""

from collections.abc import Callable, Iterable
from typing import Final

from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import ATTR_ENTITY_ID, CONF_ENTITIES
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.group import GenericGroup, get_group_entities

from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry

from .recipient_subentries import is_people, is_recipient

_GROUP: Final = "group"
"""The integration that makes groups, and the domain of those in YAML."""

_OPENED: Final = frozenset({_GROUP, NOTIFY_DOMAIN, EVENT_DOMAIN})
"""Groups of other things hold no recipients, and are better named as they are."""

type Recipient = tuple[BachConfigEntry, ConfigSubentry]


@callback
def async_open_groups(hass: HomeAssistant, entity_ids: Iterable[str]) -> dict[str, bool]:
    """Expand groups; return each entity once, and whether it was found only as a member of a group."""
    found: dict[str, bool] = {}
    seen: set[str] = set()
    left = [(entity_id.lower(), False) for entity_id in reversed(list(entity_ids))]
    while left:
        entity_id, is_member = left.pop()
        members = _members(hass, entity_id)
        if members is None:
            found[entity_id] = is_member and found.get(entity_id, True)
        elif entity_id not in seen:
            seen.add(entity_id)
            left += [(member.lower(), True) for member in reversed(members)]
    return found


@callback
def async_is_group(hass: HomeAssistant, entity_id: str) -> bool:
    """Whether an entity is a group that may hold recipients."""
    return _members(hass, entity_id.lower()) is not None


@callback
def async_recipient_of(hass: HomeAssistant, entity_id: str) -> Recipient | None:
    """The recipient of one of our entities, or of an entity that somebody added to its device."""
    if (found := er.async_get(hass).async_get(entity_id)) is None:
        return None
    if found.platform == DOMAIN and found.config_entry_id:
        return _subentry(hass, found.config_entry_id, found.config_subentry_id, is_recipient)
    return async_recipient_of_device(hass, found.device_id) if found.device_id else None


@callback
def async_recipient_of_device(hass: HomeAssistant, device_id: str) -> Recipient | None:
    """The recipient of a device."""
    return _of_device(hass, device_id, is_recipient)


@callback
def async_people_of(hass: HomeAssistant, entity_id: str) -> Recipient | None:
    """The people of one of our entities."""
    found = er.async_get(hass).async_get(entity_id)
    if found is None or found.platform != DOMAIN or not found.config_entry_id:
        return None
    return _subentry(hass, found.config_entry_id, found.config_subentry_id, is_people)


@callback
def async_people_of_device(hass: HomeAssistant, device_id: str) -> Recipient | None:
    """The people of a device."""
    return _of_device(hass, device_id, is_people)


def _of_device(hass: HomeAssistant, device_id: str, is_meant: Callable[[ConfigSubentry], bool]) -> Recipient | None:
    device = dr.async_get(hass).async_get(device_id)
    for domain, key in device.identifiers if device else ():
        entry_id, _, subentry_id = key.rpartition("_")
        if domain == DOMAIN and (found := _subentry(hass, entry_id, subentry_id, is_meant)):
            return found
    return None


def _subentry(
    hass: HomeAssistant, entry_id: str, subentry_id: str | None, is_meant: Callable[[ConfigSubentry], bool]
) -> Recipient | None:
    entry = hass.config_entries.async_get_entry(entry_id)
    subentry = entry.subentries.get(subentry_id or "") if entry else None
    if entry is None or subentry is None or not is_meant(subentry):
        return None
    return (entry, subentry) if entry.domain == DOMAIN else None


def _members(hass: HomeAssistant, entity_id: str) -> list[str] | None:
    """The members of a group; None if the entity is no group."""
    domain = entity_id.partition(".")[0]
    if domain not in _OPENED:
        return None
    if (entity := get_group_entities(hass).get(entity_id)) and isinstance(entity.group, GenericGroup):
        return list(entity.group.member_entity_ids)
    registry = er.async_get(hass)
    found = registry.async_get(entity_id)
    if found and found.platform == _GROUP and found.config_entry_id:
        entry = hass.config_entries.async_get_entry(found.config_entry_id)
        named = entry.options.get(CONF_ENTITIES, []) if entry else []
        return [member for one in named if (member := er.async_resolve_entity_id(registry, one))]
    if found and found.platform == DOMAIN:
        return None
    state = hass.states.get(entity_id)
    members = state.attributes.get(ATTR_ENTITY_ID) if state else None
    if isinstance(members, list | tuple):
        return [str(member) for member in members]
    return [] if domain == _GROUP and state else None
