"""Whom an action is for: recipients as entities, devices, areas and labels, or one by connection and id."""

from dataclasses import dataclass
from typing import Final

import voluptuous as vol
from homeassistant.components.notify import DATA_COMPONENT as NOTIFY_COMPONENT
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID, ENTITY_MATCH_ALL
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import service
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.helpers.typing import VolDictType

from .const import DOMAIN
from .coordinator import BachConfigEntry
from .notify import BachNotifyEntity
from .permissions import recipient_entities, require_control

ATTR_RECIPIENT: Final = "recipient"

TARGET_FIELDS: VolDictType = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
    vol.Optional(ATTR_RECIPIENT): cv.string,
}


@dataclass(frozen=True, slots=True)
class Target:
    """One recipient of a call, and the entity that stands for it if the call named one."""

    entry: BachConfigEntry
    recipient: str
    name: str
    entity: BachNotifyEntity | None = None


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
    entry = service.async_get_config_entry(call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID))
    await require_control(call, recipient_entities(call.hass, entry))
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
    targets = [
        Target(entity.entry, entity.recipient, entity.title, entity)
        for entity_id, entity in ours.items()
        if entity_id in found
    ]
    return targets, sorted(named - set(ours))


def _our_entities(hass: HomeAssistant) -> dict[str, BachNotifyEntity]:
    """The recipients of all loaded connections, by entity id."""
    component = hass.data.get(NOTIFY_COMPONENT)
    entities = component.entities if component else ()
    return {entity.entity_id: entity for entity in entities if isinstance(entity, BachNotifyEntity)}
