"""Binary sensors of the device class connectivity: sending, receiving, or reachable for a partner.

Sending and receiving are judged apart, since one may work while the other does not. A partner (AI, MCP server, other
API) has only one. A route has one that is on while nobody has acknowledged what it told.
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
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from bach_lib import ConnectionState, Health
from bach_lib.events import RouteEvent

from .const import CONF_RECIPIENT, SUBENTRY_ROUTE, TYPE_ROUTES
from .coordinator import BachConfigEntry, Snapshot
from .entity import (
    BachEntity,
    BachEntityDescription,
    async_keep_only,
    for_connectors,
    for_partners,
    for_senders,
    recipient_device,
)
from .home.attribution import SIGNAL_RUN
from .home.language import in_home_language
from .kinds.partners import type_of
from .kinds.webhook import receives
from .lifecycle.recipients import async_add_for_recipients
from .lifecycle.route_runs import ROUTE_RUNS

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

UNACKNOWLEDGED = BinarySensorEntityDescription(key="unacknowledged", translation_key="unacknowledged")


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the binary sensors of a connection."""
    coordinator = entry.runtime_data
    entities = [BachBinarySensor(coordinator, one) for one in BINARY_SENSORS if one.exists_fn(coordinator)]
    routes = {_unacknowledged_id(entry, one) for one in entry.get_subentries_of_type(SUBENTRY_ROUTE)}
    async_keep_only(hass, entry, DOMAIN, {entity.unique_id for entity in entities} | routes)
    async_add_entities(entities)
    if type_of(entry.data) == TYPE_ROUTES:
        async_add_for_recipients(hass, entry, async_add_entities, UnacknowledgedBinarySensor)


def _unacknowledged_id(entry: BachConfigEntry, subentry: ConfigSubentry) -> str:
    return f"{entry.entry_id}_{subentry.subentry_id}_{UNACKNOWLEDGED.key}"


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


class UnacknowledgedBinarySensor(BinarySensorEntity):
    """On while somebody was told by a route and nobody has acknowledged it, also after all were told."""

    entity_description = UNACKNOWLEDGED
    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> None:
        self._attr_unique_id = _unacknowledged_id(entry, subentry)
        self._attr_device_info = recipient_device(hass, entry, subentry)
        self._route: str = subentry.data[CONF_RECIPIENT]
        self._subentry_id = subentry.subentry_id

    @override
    async def async_added_to_hass(self) -> None:
        """Connect to the signal for runs."""
        self.async_on_remove(async_dispatcher_connect(self.hass, SIGNAL_RUN, self._happened))

    @callback
    def _happened(self, _entry_id: str, subentry_id: str, _event: RouteEvent) -> None:
        if subentry_id == self._subentry_id:
            self.async_write_ha_state()

    @property
    @override
    def is_on(self) -> bool:
        return bool(self.hass.data[ROUTE_RUNS].of(self._route))
