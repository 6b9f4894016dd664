"""Resolves a target to recipients: entities, groups, devices, areas and labels.

Shared by actions and triggers, so that the same target means the same recipients in both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import ATTR_ENTITY_ID, ENTITY_MATCH_ALL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from custom_components.bach.const import DOMAIN, SUBENTRY_ALERT, SUBENTRY_RECIPIENT

from .entry import alert_unique_id, connections, notify_unique_id
from .members import (
    Recipient,
    async_is_group,
    async_open_groups,
    async_people_of,
    async_people_of_device,
    async_recipient_of,
    async_recipient_of_device,
)
from .persons import PERSON

type Ids = tuple[str, str]
"""Of an entry and of a recipient in it."""


@dataclass(slots=True)
class ResolvedTarget:
    """A resolved target: its recipients, and `by` which entity or device each was found.

    `named`: recipients that were not found through an area, a label or the like alone. `strangers`: named entities that
    belong to no recipient, and whether each was named only as a member of a group. `people`: entities of persons, and
    of people of ours, with their sub-entries; by whom these are told is another question at each moment.
    """

    recipients: dict[Ids, Recipient] = field(default_factory=dict)
    by: dict[Ids, str] = field(default_factory=dict)
    named: set[Ids] = field(default_factory=set)
    strangers: dict[str, bool] = field(default_factory=dict)
    people: dict[str, Recipient | None] = field(default_factory=dict)

    def add(self, recipient: Recipient, by: str, *, is_named: bool) -> None:
        """Add a recipient that was found by this entity or device."""
        ids = recipient[0].entry_id, recipient[1].subentry_id
        self.recipients.setdefault(ids, recipient)
        self.by.setdefault(ids, by)
        if is_named:
            self.named.add(ids)


@callback
def async_choose(hass: HomeAssistant, data: Mapping[str, object]) -> ResolvedTarget:
    """Resolve the target in the data of an action call or a trigger, as of now."""
    chosen = ResolvedTarget()
    if data.get(ATTR_ENTITY_ID) == ENTITY_MATCH_ALL:
        _choose_everybody(hass, chosen)
        return chosen
    selection = TargetSelection(dict(data))
    _choose_named(hass, chosen, async_open_groups(hass, sorted(selection.entity_ids)))
    for device_id in sorted(selection.device_ids):
        if recipient := async_recipient_of_device(hass, device_id):
            chosen.add(recipient, device_id, is_named=True)
        elif people := async_people_of_device(hass, device_id):
            chosen.people[notify_entity_id(hass, people) or device_id] = people
    selected = async_extract_referenced_entity_ids(hass, selection, expand_group=False)
    for entity_id in sorted(selected.indirectly_referenced):
        if async_is_group(hass, entity_id):
            _choose_named(hass, chosen, async_open_groups(hass, [entity_id]))
        elif _is_people(hass, chosen, entity_id):
            continue
        elif _is_ours(hass, entity_id) and (recipient := async_recipient_of(hass, entity_id)):
            chosen.add(recipient, entity_id, is_named=False)
    return chosen


def _choose_named(hass: HomeAssistant, chosen: ResolvedTarget, entities: Mapping[str, bool]) -> None:
    for entity_id, is_member in entities.items():
        if recipient := async_recipient_of(hass, entity_id):
            chosen.add(recipient, entity_id, is_named=True)
        elif not _is_people(hass, chosen, entity_id):
            chosen.strangers[entity_id] = is_member and chosen.strangers.get(entity_id, True)


def _is_people(hass: HomeAssistant, chosen: ResolvedTarget, entity_id: str) -> bool:
    """Whether an entity is a person, or people of ours, who are chosen with it."""
    people = async_people_of(hass, entity_id)
    if people is None and (hass.states.get(entity_id) is None or not entity_id.startswith(f"{PERSON}.")):
        return False
    chosen.people[entity_id] = people
    return True


def _choose_everybody(hass: HomeAssistant, chosen: ResolvedTarget) -> None:
    for entry in connections(hass):
        for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
            if entity_id := notify_entity_id(hass, (entry, subentry)):
                chosen.add((entry, subentry), entity_id, is_named=False)


@callback
def notify_entity_id(hass: HomeAssistant, recipient: Recipient) -> str | None:
    """The id of a recipient's notify entity; None where the connection only receives."""
    entry, subentry = recipient
    unique_id = notify_unique_id(entry, subentry.subentry_id)
    return er.async_get(hass).async_get_entity_id(NOTIFY_DOMAIN, DOMAIN, unique_id)


@callback
def judged_entity_id(hass: HomeAssistant, recipient: Recipient) -> str | None:
    """The entity that stands for a recipient or an alert: who may control it may decide about what it tells."""
    entry, subentry = recipient
    if subentry.subentry_type != SUBENTRY_ALERT:
        return notify_entity_id(hass, recipient)
    unique_id = alert_unique_id(entry, subentry.subentry_id, SUBENTRY_ALERT)
    return er.async_get(hass).async_get_entity_id(SENSOR_DOMAIN, DOMAIN, unique_id)


def _is_ours(hass: HomeAssistant, entity_id: str) -> bool:
    found = er.async_get(hass).async_get(entity_id)
    return found is not None and found.platform == DOMAIN
