"""The actions on the inbox: `bach.get_inbox` lists incoming messages, `bach.mark` sets their status.

For administrators, since it shows what everybody wrote.
"""

from typing import Final

import voluptuous as vol
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import service
from homeassistant.util.json import JsonObjectType

from bach_lib import InboxStatus, IncomingMessage
from custom_components.bach.const import CONF_RECIPIENT, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.members import async_recipient_of
from custom_components.bach.messages.incoming import received, stranger
from custom_components.bach.messages.incoming_payload import incoming_payload, iso_time

from .targets import not_a_recipient

ATTR_INCOMING_ID: Final = "incoming_id"
ATTR_LIMIT: Final = "limit"
ATTR_OFFSET: Final = "offset"
ATTR_RECIPIENT: Final = "recipient"
ATTR_SENDER: Final = "sender"
ATTR_STATUS: Final = "status"

MAX_LISTED: Final = 500
MAX_MARKED: Final = 500

INCOMING_ID: Final = vol.All(vol.Coerce(int), vol.Range(min=1))
_STATUS = vol.In([status.value for status in InboxStatus])

GET_INBOX_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_STATUS): _STATUS,
        vol.Optional(ATTR_SENDER): cv.string,
        vol.Optional(ATTR_RECIPIENT): cv.string,
        vol.Optional(ATTR_LIMIT, default=50): vol.All(vol.Coerce(int), vol.Range(min=1, max=MAX_LISTED)),
        vol.Optional(ATTR_OFFSET, default=0): vol.All(vol.Coerce(int), vol.Range(min=0)),
    }
)
MARK_SCHEMA: Final = vol.Schema(
    {
        vol.Required(ATTR_INCOMING_ID): vol.All(cv.ensure_list, vol.Length(min=1, max=MAX_MARKED), [INCOMING_ID]),
        vol.Required(ATTR_STATUS): _STATUS,
    }
)


async def async_get_inbox(call: ServiceCall) -> ServiceResponse:
    """Handle the action that returns a page of incoming messages, newest first."""
    data = call.data
    entry, recipient = _place(call)
    status = data.get(ATTR_STATUS)
    with translated_errors(call.hass):
        messages = await call.hass.data[HUB].bach.inbox(
            connection=connection_name(entry) if entry else None,
            status=InboxStatus(status) if status else None,
            sender=data.get(ATTR_SENDER),
            recipient=recipient,
            limit=data[ATTR_LIMIT],
            offset=data[ATTR_OFFSET],
        )
    entries: dict[str, BachConfigEntry] = {connection_name(entry): entry for entry in connections(call.hass)}
    return {"messages": [_row(call.hass, entries.get(message.connection), message) for message in messages]}


async def async_mark(call: ServiceCall) -> ServiceResponse:
    """Handle the action that sets messages to read, archived or unread."""
    with translated_errors(call.hass):
        count = await call.hass.data[HUB].bach.mark(call.data[ATTR_INCOMING_ID], InboxStatus(call.data[ATTR_STATUS]))
    return {"marked": count} if call.return_response else None


def _place(call: ServiceCall) -> tuple[BachConfigEntry | None, str | None]:
    """The connection and address that the call filters by. The recipient may be given as an entity."""
    recipient: str | None = call.data.get(ATTR_RECIPIENT)
    entry_id: str | None = call.data.get(ATTR_CONFIG_ENTRY_ID)
    if recipient and er.async_get(call.hass).async_get(recipient):
        if (found := async_recipient_of(call.hass, recipient)) is None:
            raise not_a_recipient(recipient)
        return found[0], found[1].data[CONF_RECIPIENT]
    return (service.async_get_config_entry(call.hass, DOMAIN, entry_id) if entry_id else None), recipient


def _row(hass: HomeAssistant, entry: BachConfigEntry | None, message: IncomingMessage) -> JsonObjectType:
    """One message as triggers have it; of a removed recipient, only what the platform told."""
    found = received(hass, entry, message) if entry else None
    return incoming_payload(found or stranger(message, entry.entry_id if entry else "")) | {
        ATTR_STATUS: message.status.value,
        "routed_at": iso_time(message.routed_at),
    }
