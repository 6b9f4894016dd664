"""Whom an action is for: recipients as entities, devices, areas and labels, or one by connection and id."""

from dataclasses import dataclass
from typing import Final, TypeGuard

import voluptuous as vol
from homeassistant.components.notify import DATA_COMPONENT as NOTIFY_COMPONENT
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID, ENTITY_MATCH_ALL
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import service
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.helpers.typing import VolDictType

from .const import CONF_RECIPIENT, DOMAIN, SUBENTRY_RECIPIENT
from .coordinator import BachConfigEntry
from .entry import connection_name
from .hub import HUB
from .notify import BachNotifyEntity
from .permissions import require_control, require_place_control

ATTR_RECIPIENT: Final = "recipient"

TARGET_FIELDS: VolDictType = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
    vol.Optional(ATTR_RECIPIENT): cv.string,
}


@dataclass(frozen=True, slots=True)
class Target:
    """One recipient of a call, and the entity that stands for it if the call named one.

    While the entry reloads the entity is registered, but not there; messages are queued nevertheless.
    """

    entry: BachConfigEntry
    recipient: str
    name: str
    entity_id: str | None = None
    entity: BachNotifyEntity | None = None

    @property
    def connection(self) -> str:
        """The name of the connection in the library."""
        return connection_name(self.entry)

    def note_notification(self, context: Context) -> None:
        """Let the entity show that something was sent."""
        if self.entity:
            self.entity.async_set_context(context)
            self.entity.note_notification()


async def find_targets(call: ServiceCall) -> tuple[list[Target], list[str]]:
    """Whom the call is for, and the entities that it names but that are no recipients of ours.

    Raises if there is nobody at all, or a user makes the call who may not control all of them.
    """
    by_id = ATTR_CONFIG_ENTRY_ID in call.data or ATTR_RECIPIENT in call.data
    if by_id == TargetSelection(call.data).has_any_target:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="one_kind_of_target")
    return (await _target_by_id(call), []) if by_id else await _targets_by_entity(call)


def not_a_recipient(entity_id: str) -> ServiceValidationError:
    """What is wrong with an entity that is none of ours."""
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key="not_a_recipient", translation_placeholders={"entity_id": entity_id}
    )


async def _target_by_id(call: ServiceCall) -> list[Target]:
    recipient = call.data.get(ATTR_RECIPIENT)
    if recipient is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="one_kind_of_target")
    entry = _entry(call)
    await require_place_control(call, connection_name(entry), recipient)
    return [Target(entry, recipient, recipient)]


async def _targets_by_entity(call: ServiceCall) -> tuple[list[Target], list[str]]:
    ours = _our_entities(call.hass)
    if call.data.get(ATTR_ENTITY_ID) == ENTITY_MATCH_ALL:
        named, found = set[str](), set(ours)
    else:
        selected = async_extract_referenced_entity_ids(call.hass, TargetSelection(call.data))
        named = selected.referenced
        found = named | (selected.indirectly_referenced & set(ours))
    if not found:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recipients")
    await require_control(call, found)
    return [target for entity_id, target in ours.items() if entity_id in found], sorted(named - set(ours))


def _entry(call: ServiceCall) -> BachConfigEntry:
    """The entry that the call names, or the only one. Raises if there is none that takes messages."""
    entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID)
    entries = [entry for entry in _entries(call.hass) if entry_id in (None, entry.entry_id)]
    return entries[0] if len(entries) == 1 else service.async_get_config_entry(call.hass, DOMAIN, entry_id)


def _entries(hass: HomeAssistant) -> list[BachConfigEntry]:
    """All that take messages, also while they reload."""
    hub = hass.data[HUB]
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        if hub.has(connection_name(entry))
    ]


def _our_entities(hass: HomeAssistant) -> dict[str, Target]:
    """The recipients of all connections that take messages, by entity id."""
    component, registry = hass.data.get(NOTIFY_COMPONENT), er.async_get(hass)
    found: dict[str, Target] = {}
    for entry in _entries(hass):
        for registered in er.async_entries_for_config_entry(registry, entry.entry_id):
            subentry = entry.subentries.get(registered.config_subentry_id or "")
            if registered.domain != NOTIFY_DOMAIN or registered.disabled or not _is_recipient(subentry):
                continue
            entity = component.get_entity(registered.entity_id) if component else None
            found[registered.entity_id] = Target(
                entry,
                subentry.data[CONF_RECIPIENT],
                subentry.title,
                registered.entity_id,
                entity if isinstance(entity, BachNotifyEntity) else None,
            )
    return found


def _is_recipient(subentry: ConfigSubentry | None) -> TypeGuard[ConfigSubentry]:
    return subentry is not None and subentry.subentry_type == SUBENTRY_RECIPIENT
