"""Event entities: one for every recipient, which fires for each incoming message, and one for every route.

They let automations react without templates. What people write is not among their attributes, which every user may read
and the recorder stores; triggers and the bus event have it.

Home Assistant makes a line in the Activity of each change of such an entity, which names nobody, beside the one that
says who did what. So it is disabled by default, except where it is all that a recipient has.
"""

from typing import Final, override

from homeassistant.components.event import DOMAIN, EventEntity, EventEntityDescription
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from bach_lib import Kind
from bach_lib.events import RouteAcknowledged, RouteCancelled, RouteEvent, RouteExhausted, RouteSnoozed, RouteStepped

from .const import SUBENTRY_RECIPIENT, TYPE_ROUTES
from .coordinator import BachConfigEntry
from .entity import async_keep_only, recipient_device
from .home.attribution import SIGNAL_RECEIVED, SIGNAL_RUN, Received
from .home.entry import event_unique_id
from .home.heard import is_heard
from .kinds.partners import type_of
from .kinds.webhook import sends
from .lifecycle.recipients import async_add_for_recipients
from .messages.incoming_payload import incoming_payload
from .messages.run_payload import run_payload

PARALLEL_UPDATES = 0

EVENT_TYPES: Final = {kind: "message" if kind is Kind.TEXT else kind.value for kind in Kind}
"""What an event is called, by the kind of the message."""

PRIVATE: Final = frozenset(
    {"text", "args", "media", "location", "payload"}
    | {"reply", "links", "mentions", "contact", "poll", "place", "forwarded_from"}
)
"""What people wrote, or where they are: for triggers and the event, which automations and administrators read."""

_NOT_SHOWN: Final = PRIVATE | {"kind", "entity_id", "device_id"}
"""What every user may not read in the states, and payload that the entity says by itself. An attribute `entity_id`
would make a group of it."""

INCOMING: Final = EventEntityDescription(
    key="incoming", translation_key="incoming", event_types=list(EVENT_TYPES.values())
)

ROUTE_EVENT_TYPES: Final[dict[type[RouteEvent], str]] = {
    RouteStepped: "told",
    RouteAcknowledged: "acknowledged",
    RouteExhausted: "exhausted",
    RouteSnoozed: "snoozed",
    RouteCancelled: "cancelled",
}
ROUTE: Final = EventEntityDescription(
    key="route", translation_key="route", name=None, event_types=list(ROUTE_EVENT_TYPES.values())
)
_SAID: Final = frozenset({"entity_id", "text", "title"})


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add an event entity for each recipient that can send something, or for each route."""
    if type_of(entry.data) == TYPE_ROUTES:
        async_add_for_recipients(hass, entry, async_add_entities, RouteEventEntity)
        return
    heard = [subentry for subentry in entry.get_subentries_of_type(SUBENTRY_RECIPIENT) if is_heard(entry, subentry)]
    async_keep_only(hass, entry, DOMAIN, frozenset(event_unique_id(entry, one.subentry_id) for one in heard))
    async_add_for_recipients(hass, entry, async_add_entities, BachEventEntity, lambda one: is_heard(entry, one))


class BachEventEntity(EventEntity):
    """Event entity that fires for the incoming messages of one recipient."""

    entity_description = INCOMING
    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> None:
        self._attr_unique_id = event_unique_id(entry, subentry.subentry_id)
        self._attr_device_info = recipient_device(hass, entry, subentry)
        self._attr_entity_registry_enabled_default = not sends(entry.data)
        self._subentry_id = subentry.subentry_id

    @override
    async def async_added_to_hass(self) -> None:
        """Connect to the signal for incoming messages."""
        self.async_on_remove(async_dispatcher_connect(self.hass, SIGNAL_RECEIVED, self._received))

    @callback
    def _received(self, received: Received) -> None:
        if received.subentry_id != self._subentry_id:
            return
        attributes = {key: value for key, value in incoming_payload(received).items() if key not in _NOT_SHOWN}
        self._trigger_event(EVENT_TYPES[received.message.kind], attributes)
        self.async_set_context(received.context)
        self.async_write_ha_state()


class RouteEventEntity(EventEntity):
    """Event entity that fires when a route tells somebody, and when it ends."""

    entity_description = ROUTE
    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> None:
        self._attr_unique_id = f"{entry.entry_id}_{subentry.subentry_id}_route"
        self._attr_device_info = recipient_device(hass, entry, subentry)
        self._entry, self._subentry_id = entry, subentry.subentry_id

    @override
    async def async_added_to_hass(self) -> None:
        """Connect to the signal for runs."""
        self.async_on_remove(async_dispatcher_connect(self.hass, SIGNAL_RUN, self._happened))

    @callback
    def _happened(self, _entry_id: str, subentry_id: str, event: RouteEvent) -> None:
        route = self._entry.subentries.get(self._subentry_id)
        if subentry_id != self._subentry_id or route is None:
            return
        payload = run_payload(self.hass, self._entry, route, event.run)
        shown = {key: value for key, value in payload.items() if key not in _SAID}
        self._trigger_event(ROUTE_EVENT_TYPES[type(event)], shown)
        self.async_write_ha_state()
