"""Resolves what `reply_to` names: a message that came in, answered where it was written if no target is given."""

from typing import Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.target import TargetSelection

from bach_lib import IncomingMessage
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.permissions import require_place_control

from .targets import ATTR_RECIPIENT, Found, find_targets

ATTR_INCOMING_ID: Final = "incoming_id"
ATTR_REPLY_TO: Final = "reply_to"


async def targets_or_writer(call: ServiceCall) -> Found:
    """The targets of a call; if it has none and answers something, the place where that was written."""
    has_target = TargetSelection(call.data).has_any_target or {ATTR_CONFIG_ENTRY_ID, ATTR_RECIPIENT} & call.data.keys()
    if ATTR_REPLY_TO not in call.data or has_target:
        return await find_targets(call)
    with translated_errors(call.hass):
        message = await call.hass.data[HUB].bach.incoming(call.data[ATTR_REPLY_TO])
    place = {ATTR_CONFIG_ENTRY_ID: _entry_id(call, message), ATTR_RECIPIENT: message.recipient}
    return await find_targets(
        ServiceCall(call.hass, call.domain, call.service, {**call.data, **place}, call.context, call.return_response)
    )


async def controllable_incoming(call: ServiceCall) -> IncomingMessage:
    """The message that came in that a call names. Raises unless the user may control the place it came from."""
    message = await call.hass.data[HUB].bach.incoming(call.data[ATTR_INCOMING_ID])
    await require_place_control(call, message.connection, message.recipient)
    return message


def _entry_id(call: ServiceCall, message: IncomingMessage) -> str:
    """The entry whose connection it came through. Raises if that is gone."""
    for entry in connections(call.hass):
        if connection_name(entry) == message.connection:
            return entry.entry_id
    raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_recipients")
