"""Sensors of a connection: queue lengths, counters, times, and the state of the circuit breaker.

Each change is a line in the Activity and a row of the recorder, so sensors that change with each message or check are
disabled by default. A counter is written every few minutes, which is all that statistics need.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    DOMAIN,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import CONF_TYPE, UnitOfTime
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from bach_lib import BreakerState, ConnectionState, Message, Report
from bach_lib.events import MessageDead, MessageFinished, MessageUncertain

from .alerts.alert import alerts_of
from .alerts.entities import STATE as ALERT
from .alerts.entities import AlertSensor
from .const import TYPE_HOMEASSISTANT, TYPE_ROUTES
from .coordinator import BachConfigEntry, BachCoordinator, Snapshot
from .entity import BachEntity, BachEntityDescription, async_keep_only, for_partners, for_senders
from .home.entry import alert_unique_id
from .home.loop_prevention import LOOP_PREVENTION
from .home.origin import context_id
from .kinds.partners import type_of
from .lifecycle.recipients import async_add_for_recipients

PARALLEL_UPDATES = 0

_STATISTICS_SECONDS = 300
"""How often Home Assistant makes statistics of numbers."""

_MAX_ENDED = 1000
"""So many ends of messages, within the second until a number tells of them, are looked at."""


@dataclass(frozen=True, kw_only=True)
class BachSensorDescription(BachEntityDescription, SensorEntityDescription):
    """Sensor description with the function that reads the value from a snapshot.

    `seconds` throttles state writes. `tells_of` is the event that moves the number; its messages give the state change
    its context. `needs_answer`: only the other side knows the value.
    """

    value_fn: Callable[[Snapshot], float | str | datetime | None]
    needs_answer: bool = False
    seconds: float = 0
    tells_of: type[MessageFinished] | None = None


def _oldest(snapshot: Snapshot) -> datetime | None:
    oldest = snapshot.queue.oldest
    return None if oldest is None else dt_util.utc_from_timestamp(oldest)


def _latency(snapshot: Snapshot) -> float | None:
    """Milliseconds, or None if the last check failed: an old number would look like an answer."""
    found = snapshot.checked.result if snapshot.checked else None
    return round(found.latency * 1000, 1) if isinstance(found, Report) else None


def _is_home(coordinator: BachCoordinator) -> bool:
    return bool(coordinator.entry_data[CONF_TYPE] == TYPE_HOMEASSISTANT)


def _last_check(snapshot: Snapshot) -> datetime | None:
    return dt_util.utc_from_timestamp(snapshot.checked.checked_at) if snapshot.checked else None


SENSORS = (
    BachSensorDescription(
        key="breaker",
        exists_fn=for_senders,
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in BreakerState],
        value_fn=lambda snapshot: snapshot.breaker.value,
    ),
    BachSensorDescription(
        key="queued",
        exists_fn=for_senders,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=None,
        value_fn=lambda snapshot: snapshot.queue.waiting,
    ),
    BachSensorDescription(
        key="dead",
        exists_fn=for_senders,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=None,
        value_fn=lambda snapshot: snapshot.queue.dead,
        tells_of=MessageDead,
    ),
    BachSensorDescription(
        key="sent",
        exists_fn=for_senders,
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_registry_enabled_default=False,  # for statistics; minutes late, it looks as if the hello had not gone
        value_fn=lambda snapshot: snapshot.queue.sent,
        seconds=_STATISTICS_SECONDS,
    ),
    BachSensorDescription(
        key="failed",
        exists_fn=for_senders,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,  # among those that wait, which are shown
        value_fn=lambda snapshot: snapshot.queue.failed,
    ),
    BachSensorDescription(
        key="uncertain",
        exists_fn=for_senders,
        state_class=SensorStateClass.MEASUREMENT,
        entity_registry_enabled_default=False,  # only for those who send at most once
        value_fn=lambda snapshot: snapshot.queue.uncertain,
        tells_of=MessageUncertain,
    ),
    BachSensorDescription(
        key="last_sent",
        exists_fn=for_senders,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,  # the recipients' entities say it
        value_fn=lambda snapshot: snapshot.last_sent,
    ),
    BachSensorDescription(
        key="oldest_waiting",
        exists_fn=for_senders,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,  # comes and goes with every single message
        value_fn=_oldest,
    ),
    BachSensorDescription(
        key="version",
        exists_fn=_is_home,
        entity_registry_enabled_default=False,  # the page of the device says it
        value_fn=lambda snapshot: snapshot.version,
        needs_answer=True,
    ),
    BachSensorDescription(
        key="latency",
        exists_fn=for_partners,
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        suggested_display_precision=0,
        value_fn=_latency,
    ),
    BachSensorDescription(
        key="last_check",
        exists_fn=for_partners,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,  # "Reachable" is judged by it
        value_fn=_last_check,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of a connection."""
    coordinator = entry.runtime_data
    entities = [BachSensor(coordinator, one) for one in SENSORS if one.exists_fn(coordinator)]
    alerts = {alert_unique_id(entry, one.subentry_id, ALERT.key) for one in alerts_of(entry)}
    async_keep_only(hass, entry, DOMAIN, {entity.unique_id for entity in entities} | alerts)
    async_add_entities(entities)
    if type_of(entry.data) == TYPE_ROUTES:
        async_add_for_recipients(hass, entry, async_add_entities, AlertSensor, those=alerts_of)


class BachSensor(BachEntity, SensorEntity):
    """Sensor with a number, a time or an enum of a connection."""

    entity_description: BachSensorDescription
    _gathering: CALLBACK_TYPE | None = None
    _was_available = True

    def __init__(self, coordinator: BachCoordinator, description: BachSensorDescription) -> None:
        super().__init__(coordinator, description)
        self._ended = deque[Message](maxlen=_MAX_ENDED)
        self._told: object = None

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the message events that change the value."""
        await super().async_added_to_hass()
        if event := self.entity_description.tells_of:
            self.async_on_remove(self.coordinator.bach.subscribe(event, self._has_ended))

    @callback
    def _has_ended(self, event: MessageFinished) -> None:
        if event.connection == self.coordinator.connection:
            self._ended.append(event.message)

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Cancel the pending state write."""
        self._stop_gathering()
        await super().async_will_remove_from_hass()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state at once, or throttled with what follows."""
        seconds = self.entity_description.seconds
        if not seconds or self.available != self._was_available:
            self._write()
        elif self._gathering is None:
            self._gathering = async_call_later(self.hass, seconds, self._write)

    @callback
    def _write(self, _: datetime | None = None) -> None:
        self._stop_gathering()
        self._was_available = self.available
        if self.entity_description.tells_of:
            self._give_context()
        self.async_write_ha_state()

    @callback
    def _give_context(self) -> None:
        """Set a context that loop prevention knows, as automations on this change are about those messages."""
        if self._told == self.native_value:
            return
        self._told, context = self.native_value, Context()
        if self._ended:
            context = Context(parent_id=context_id(self._ended[-1]))
            self.hass.data[LOOP_PREVENTION].register_notice(context, *self._ended)
            self._ended.clear()
        self.async_set_context(context)

    @callback
    def _stop_gathering(self) -> None:
        if self._gathering:
            self._gathering()
            self._gathering = None

    @property
    @override
    def available(self) -> bool:
        """Whether the value is still known: what only the other side can tell is not, while that is away."""
        if not super().available or not self.entity_description.needs_answer:
            return super().available
        sending, receiving = self.coordinator.data.sending.state, self.coordinator.data.receiving.state
        not_away = {ConnectionState.CONNECTED, ConnectionState.DISABLED}  # nothing may be wanted from there
        return sending is ConnectionState.CONNECTED and receiving in not_away

    @property
    @override
    def native_value(self) -> float | str | datetime | None:
        return self.entity_description.value_fn(self.coordinator.data)
