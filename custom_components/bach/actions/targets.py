"""Resolves the target of an action to recipients.

A target is entities, groups, devices, areas and labels, or one recipient by its connection and address. Recipients that
cannot take a message now are returned with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import voluptuous as vol
from homeassistant.components.notify import DATA_COMPONENT as NOTIFY_COMPONENT
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import service
from homeassistant.helpers.entity_registry import RegistryEntryDisabler
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.typing import VolDictType

from custom_components.bach.const import CONF_RECIPIENT, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.causes import CAUSES
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.members import Recipient
from custom_components.bach.home.permissions import require_control, require_place_control
from custom_components.bach.home.persons import Person
from custom_components.bach.home.target_recipients import Ids, ResolvedTarget, async_choose, notify_entity_id
from custom_components.bach.home.whom import Told, told_by
from custom_components.bach.kinds.webhook import sends
from custom_components.bach.notify import BachNotifyEntity

ATTR_RECIPIENT: Final = "recipient"

TARGET_FIELDS: VolDictType = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
    vol.Optional(ATTR_RECIPIENT): cv.string,
}


@dataclass(frozen=True, slots=True)
class Target:
    """One recipient of a call, with its entity if it was targeted by one.

    While the entry reloads the entity exists in the registry only; messages are queued nevertheless.
    """

    entry: BachConfigEntry
    recipient: str
    name: str
    entity_id: str | None = None
    entity: BachNotifyEntity | None = None
    person: Person | None = None
    """For whom it was chosen, if that is a person."""

    @property
    def connection(self) -> str:
        """The connection's name in the library."""
        return connection_name(self.entry)

    def note_call(self, context: Context) -> None:
        """Tell the entity the context of the call that sends something."""
        if self.entity:
            self.entity.note_call(context)


@dataclass(frozen=True, slots=True)
class _Unreachable:
    """A recipient that takes nothing now, with the error. `is_by_choice`: a person has disabled it."""

    entity_id: str
    error: ServiceValidationError
    is_by_choice: bool


@dataclass(slots=True)
class Found:
    """The recipients of a call. `refused`: the errors of those who get nothing, by entity id.

    `others`: notify entities of other integrations that are in a group with recipients of ours. `is_nobody`: people
    were targeted of whom nobody is there now, and that is as somebody wants it.
    """

    targets: list[Target] = field(default_factory=list)
    refused: dict[str, ServiceValidationError] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    is_nobody: bool = False


async def find_targets(call: ServiceCall, *, wherever: bool = False) -> Found:
    """Resolve the target of a call, with an error for each recipient that gets nothing.

    `wherever`: people mean all recipients of theirs, and not only those where they are now. Raises if there are no
    recipients, or the user may not control all of them.
    """
    by_id = ATTR_CONFIG_ENTRY_ID in call.data or ATTR_RECIPIENT in call.data
    if by_id == TargetSelection(call.data).has_any_target:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="one_kind_of_target")
    return Found([await _target_by_id(call)]) if by_id else await _targets_by_entity(call, wherever=wherever)


async def _target_by_id(call: ServiceCall) -> Target:
    recipient = call.data.get(ATTR_RECIPIENT)
    if recipient is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="one_kind_of_target")
    entry = _entry(call)
    await require_place_control(call, connection_name(entry), recipient)
    if error := _why_closed(call.hass, entry, recipient):
        raise error
    return Target(entry, recipient, recipient)


async def _targets_by_entity(call: ServiceCall, *, wherever: bool) -> Found:
    chosen = async_choose(call.hass, call.data)
    people, unreached = _told_of(call, chosen, wherever=wherever)
    places = _places(call.hass, chosen, people)
    is_nobody = bool(chosen.people) and not people and not unreached
    if not places and not chosen.strangers and not unreached and not is_nobody:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recipients")
    found = Found(
        targets=[place for place in places if isinstance(place, Target)],
        refused=unreached | {place.entity_id: place.error for place in places if isinstance(place, _Unreachable)},
        is_nobody=is_nobody,
    )
    for entity_id, is_member in chosen.strangers.items():
        if is_member and found.targets and entity_id.startswith(f"{NOTIFY_DOMAIN}."):
            found.others.append(entity_id)
        else:
            found.refused[entity_id] = not_a_recipient(entity_id)
    concerned = [*(place.entity_id or "" for place in places), *chosen.strangers, *unreached]
    await require_control(call, concerned or chosen.people)
    return found


def _told_of(
    call: ServiceCall, chosen: ResolvedTarget, *, wherever: bool
) -> tuple[dict[Ids, Told], dict[str, ServiceValidationError]]:
    """Those by whom the chosen people are told, and the errors of people who cannot be, by what they were chosen by."""
    found, errors = dict[Ids, Told](), dict[str, ServiceValidationError]()
    cause = call.hass.data[CAUSES].of(call.context)
    for by, people in chosen.people.items():
        try:
            told = told_by(call.hass, by, people, cause, wherever=wherever)
        except ServiceValidationError as error:
            errors[by] = error
        else:
            for one in told:
                found.setdefault((one.recipient[0].entry_id, one.recipient[1].subentry_id), one)
    return found, errors


def _places(hass: HomeAssistant, chosen: ResolvedTarget, people: Mapping[Ids, Told]) -> list[Target | _Unreachable]:
    """Resolve the chosen recipients; as everywhere, areas and the like do not select hidden entities.

    Nor disabled ones, if anybody else is left.
    """
    places = {
        ids: _place(hass, recipient, chosen.by[ids])
        for ids, recipient in chosen.recipients.items()
        if ids in chosen.named or not _is_hidden(hass, recipient)
    }
    for ids, told in people.items():
        places.setdefault(ids, _place(hass, told.recipient, told.person.entity_id, told.person))
    asleep = [
        ids
        for ids, place in places.items()
        if isinstance(place, _Unreachable) and place.is_by_choice and ids not in chosen.named
    ]
    if len(asleep) == len(places) and not chosen.strangers:
        return list(places.values())
    return [place for ids, place in places.items() if ids not in asleep]


def _place(hass: HomeAssistant, recipient: Recipient, by: str, person: Person | None = None) -> Target | _Unreachable:
    """The target of one recipient, or why it cannot be sent to."""
    entry, subentry = recipient
    registry, component = er.async_get(hass), hass.data.get(NOTIFY_COMPONENT)
    entity_id = notify_entity_id(hass, recipient)
    found = registry.async_get(entity_id) if entity_id else None
    if error := _why_closed(hass, entry, subentry.title) or _why_silent(hass, entry, found, subentry.title):
        return _Unreachable(entity_id or by, error, is_by_choice=error.translation_key in _BY_CHOICE)
    entity = component.get_entity(entity_id) if component and entity_id else None
    return Target(
        entry,
        subentry.data[CONF_RECIPIENT],
        subentry.title,
        entity_id,
        entity if isinstance(entity, BachNotifyEntity) else None,
        person,
    )


def _is_hidden(hass: HomeAssistant, recipient: Recipient) -> bool:
    found = er.async_get(hass).async_get(notify_entity_id(hass, recipient) or "")
    return found is not None and found.hidden_by is not None


_BY_CHOICE: Final = frozenset({"connection_disabled", "recipient_device_disabled", "recipient_disabled"})


def _why_closed(hass: HomeAssistant, entry: BachConfigEntry, name: str) -> ServiceValidationError | None:
    """The error of a connection that takes no messages; None while it is loaded or reloads."""
    if entry.disabled_by:
        return _sentence(translation_key="connection_disabled", name=name, connection=entry.title)
    if hass.data[HUB].has(connection_name(entry)):
        return None
    return _sentence(translation_key="connection_not_loaded", name=name, connection=entry.title)


def _why_silent(
    hass: HomeAssistant, entry: BachConfigEntry, found: er.RegistryEntry | None, name: str
) -> ServiceValidationError | None:
    """The error of a recipient that takes no messages although its connection does."""
    if found is None and sends(entry.data):
        return _sentence(translation_key="connection_not_loaded", name=name, connection=entry.title)
    if found is None:
        return _sentence(translation_key="only_receives", name=name, connection=entry.title)
    device = dr.async_get(hass).async_get(found.device_id) if found.device_id else None
    if found.disabled_by is RegistryEntryDisabler.DEVICE or (device and device.disabled):
        return _sentence(translation_key="recipient_device_disabled", name=name)
    if found.disabled:
        return _sentence(translation_key="recipient_disabled", name=name, entity_id=found.entity_id)
    return None


def _entry(call: ServiceCall) -> BachConfigEntry:
    """The entry the call names, or the only one that takes messages. Raises if there is none."""
    if entry_id := call.data.get(ATTR_CONFIG_ENTRY_ID):
        entry = call.hass.config_entries.async_get_entry(entry_id)
        return (
            entry if entry and entry.domain == DOMAIN else service.async_get_config_entry(call.hass, DOMAIN, entry_id)
        )
    entries = [entry for entry in connections(call.hass) if not _why_closed(call.hass, entry, "")]
    return entries[0] if len(entries) == 1 else service.async_get_config_entry(call.hass, DOMAIN, None)


def not_a_recipient(entity_id: str) -> ServiceValidationError:
    """The error for an entity that is no recipient of BACH."""
    return _sentence(translation_key="not_a_recipient", entity_id=entity_id)


def _sentence(*, translation_key: str, **words: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=translation_key, translation_placeholders=words
    )
