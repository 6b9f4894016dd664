"""Announces incoming messages in Home Assistant, by dispatcher signal and bus event, with sender, role and user.

Messages of unknown senders, and of recipients or people set to "notify only", are not announced.
"""

from homeassistant.components.event import DOMAIN as EVENT_DOMAIN
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.start import async_at_started

from bach_lib import Bach, IncomingMessage
from bach_lib.events import Event
from bach_lib.models.incoming import CLAIMED
from custom_components.bach.const import DOMAIN, EVENT_MESSAGE
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.entity import recipient_device_id
from custom_components.bach.home.addresses import normal_form
from custom_components.bach.home.attribution import SIGNAL_HAPPENED, SIGNAL_RECEIVED, Received, Role, called
from custom_components.bach.home.entry import connection_name, connections, event_unique_id
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.roles import standing
from custom_components.bach.home.users import USERS

from .incoming_payload import incoming_payload


@callback
def async_listen(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> None:
    """Forward the library's events of an entry, and announce its incoming messages, until it is unloaded."""
    connection = connection_name(entry)

    @callback
    def happened(event: Event) -> None:
        if event.connection == connection:
            async_dispatcher_send(hass, SIGNAL_HAPPENED, entry.entry_id, event)

    entry.async_on_unload(bach.subscribe(Event, happened))
    entry.async_on_unload(_hear_once_started(hass, entry))


def _hear_once_started(hass: HomeAssistant, entry: BachConfigEntry) -> CALLBACK_TYPE:
    """Subscribe to incoming messages once Home Assistant has started, as automations are not ready before."""
    stop_hearing: CALLBACK_TYPE | None = None

    @callback
    def start(_: HomeAssistant) -> None:
        nonlocal stop_hearing
        stop_hearing = hass.data[HUB].hear(connection_name(entry), lambda message: _tell(hass, entry, message))

    stop_waiting = async_at_started(hass, start)

    @callback
    def stop() -> None:
        stop_waiting()
        if stop_hearing:
            stop_hearing()

    return stop


@callback
def _tell(hass: HomeAssistant, entry: BachConfigEntry, message: IncomingMessage) -> None:
    found = received(hass, entry, message)
    if found is None or not found.is_heard:
        return
    async_dispatcher_send(hass, SIGNAL_RECEIVED, found)
    hass.bus.async_fire(EVENT_MESSAGE, incoming_payload(found), context=found.context)


@callback
def received(hass: HomeAssistant, entry: BachConfigEntry, message: IncomingMessage) -> Received | None:
    """Attribute a message: recipient, person, role and user; None if the sender is unknown."""
    normal = normal_form(hass, entry)
    who = standing(
        entry.subentries.values(),
        recipient=normal(message.recipient),  # an old one of the inbox may have an older form
        sender_id=normal(message.sender_id),
        normal=normal,
        speaks_as=bool(message.metadata.get("speaks_as")),
        is_claimed=(is_claimed := bool(message.metadata.get(CLAIMED))),
    )
    if who is None:
        return None
    user_id = hass.data[USERS].active(who.user_id)
    return Received(
        message=message,
        entry_id=entry.entry_id,
        subentry_id=who.place_id,
        recipient_name=who.place_name or _address_of(message),
        person=who.person,
        role=who.role if user_id == who.user_id else Role.NOTIFY_ONLY,  # whose user was taken away has no rights
        context=Context(user_id=user_id),
        is_event=is_claimed and who.is_heard,
        entity_id=_event_entity(hass, entry, who.place_id),
        device_id=recipient_device_id(hass, entry, who.place_id) if who.place_id else None,
    )


def received_here(hass: HomeAssistant, message: IncomingMessage) -> Received | None:
    """The same for a message of whichever connection, also of one that reloads at this moment."""
    entry = next((one for one in connections(hass) if connection_name(one) == message.connection), None)
    return received(hass, entry, message) if entry else None


def name_of_user(hass: HomeAssistant, message: IncomingMessage) -> str | None:
    """What somebody is called here; None for whoever may only be notified, or is unknown."""
    found = received_here(hass, message)
    return found.who if found and found.role.includes(Role.USER) else None


@callback
def stranger(message: IncomingMessage, entry_id: str) -> Received:
    """Attribute an old message of somebody who is no recipient any more: no name and no rights."""
    return Received(
        message=message,
        entry_id=entry_id,
        subentry_id=None,
        recipient_name=_address_of(message),
        person="",
        role=Role.NOTIFY_ONLY,
        context=Context(),
    )


def _address_of(message: IncomingMessage) -> str:
    """What to call an unknown chat; a name that the sender claims is put in quotation marks."""
    return called(message.recipient, "") if message.metadata.get(CLAIMED) else message.recipient


def _event_entity(hass: HomeAssistant, entry: BachConfigEntry, subentry_id: str | None) -> str | None:
    if subentry_id is None:
        return None
    unique_id = event_unique_id(entry, subentry_id)
    return er.async_get(hass).async_get_entity_id(EVENT_DOMAIN, DOMAIN, unique_id)
