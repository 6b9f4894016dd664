"""Whether a connection can send, and whether it can receive; the one may work while the other does not.

What is no chat platform can be reached, or not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    DOMAIN,
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from bach_lib import ConnectionState, Health

from .coordinator import BachConfigEntry, Snapshot
from .entity import BachEntity, async_keep_only
from .kinds.webhook import receives, sends

PARALLEL_UPDATES = 0

ATTR_REASON = "reason"
"""What is wrong as a code, for automations."""
ATTR_PROBLEM = "problem"
"""The same as a sentence, for people."""
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class BachBinarySensorDescription(BinarySensorEntityDescription):
    """One direction of a connection."""

    health_fn: Callable[[Snapshot], Health]


BINARY_SENSORS = (
    BachBinarySensorDescription(
        key="sending",
        translation_key="sending",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        health_fn=lambda snapshot: snapshot.sending,
    ),
    BachBinarySensorDescription(
        key="receiving",
        translation_key="receiving",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        health_fn=lambda snapshot: snapshot.receiving,
    ),
)

PARTNER_BINARY_SENSORS = (
    BachBinarySensorDescription(
        key="reachable",
        translation_key="reachable",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        health_fn=lambda snapshot: snapshot.sending,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of a connection."""
    coordinator = entry.runtime_data
    directions = {"sending": sends(entry.data), "receiving": receives(entry.data)}
    descriptions = PARTNER_BINARY_SENSORS if coordinator.is_partner else BINARY_SENSORS
    entities = [BachBinarySensor(coordinator, one) for one in descriptions if directions.get(one.key, True)]
    async_keep_only(hass, entry, DOMAIN, {entity.unique_id for entity in entities})
    async_add_entities(entities)


class BachBinarySensor(BachEntity, BinarySensorEntity):
    """On while the last thing heard from the platform was good; unknown until something was heard."""

    entity_description: BachBinarySensorDescription

    @property
    def _health(self) -> Health:
        return self.entity_description.health_fn(self.coordinator.data)

    @property
    @override
    def is_on(self) -> bool | None:
        state = self._health.state
        return None if state is ConnectionState.STARTING else state is ConnectionState.CONNECTED

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, str | None]:
        fault = self._health.fault
        return {
            ATTR_REASON: fault.code if fault else None,
            ATTR_PROBLEM: fault.text[:_LONGEST] if fault else None,
        }
