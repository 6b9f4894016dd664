"""Binary sensors of the device class connectivity: sending, receiving, or reachable for a partner.

Sending and receiving are judged apart, since one may work while the other does not. A partner (AI, MCP server, other
API) has only one.
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
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from bach_lib import ConnectionState, Health

from .coordinator import BachConfigEntry, Snapshot
from .entity import BachEntity, BachEntityDescription, async_keep_only, for_connectors, for_partners, for_senders
from .home.language import in_home_language
from .kinds.webhook import receives

PARALLEL_UPDATES = 0

ATTR_REASON = "reason"
"""What is wrong as a code, for automations."""
ATTR_PROBLEM = "problem"
"""The same as a sentence, for people."""
_LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class BachBinarySensorDescription(BachEntityDescription, BinarySensorEntityDescription):
    """Binary sensor description with the function that picks the health of sending or receiving."""

    device_class: BinarySensorDeviceClass | None = BinarySensorDeviceClass.CONNECTIVITY
    health_fn: Callable[[Snapshot], Health]


BINARY_SENSORS = (
    BachBinarySensorDescription(
        key="sending",
        exists_fn=for_senders,
        health_fn=lambda snapshot: snapshot.sending,
    ),
    BachBinarySensorDescription(
        key="receiving",
        exists_fn=lambda coordinator: for_connectors(coordinator) and receives(coordinator.entry_data),
        health_fn=lambda snapshot: snapshot.receiving,
    ),
    BachBinarySensorDescription(key="reachable", exists_fn=for_partners, health_fn=lambda snapshot: snapshot.sending),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of a connection."""
    coordinator = entry.runtime_data
    entities = [BachBinarySensor(coordinator, one) for one in BINARY_SENSORS if one.exists_fn(coordinator)]
    async_keep_only(hass, entry, DOMAIN, {entity.unique_id for entity in entities})
    async_add_entities(entities)


class BachBinarySensor(BachEntity, BinarySensorEntity):
    """On while the direction is connected, off if it is not, unknown until the platform has answered."""

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
            ATTR_PROBLEM: in_home_language(self.hass, fault.text)[:_LONGEST] if fault else None,
        }
