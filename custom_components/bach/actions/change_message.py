"""The actions that change a sent message: `bach.edit_message`, `bach.delete_message` and `bach.react`.

Each is queued like a message in the same lane, so it is as durable and stays in order.
"""

from typing import Final

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv

from bach_lib import Format, Receipt
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.loop_prevention import LOOP_PREVENTION
from custom_components.bach.home.origin import context_to_keep
from custom_components.bach.home.permissions import require_message_control

from .choices import FORMATS, buttons

ATTR_BUTTONS: Final = "buttons"
ATTR_FORMAT: Final = "format"
ATTR_MESSAGE: Final = "message"
ATTR_MESSAGE_ID: Final = "message_id"
ATTR_REACTION: Final = "reaction"
ATTR_TITLE: Final = "title"

MESSAGE_ID: Final = vol.All(vol.Coerce(int), vol.Range(min=1))

EDIT_SCHEMA: Final = vol.Schema(
    {
        vol.Required(ATTR_MESSAGE_ID): MESSAGE_ID,
        vol.Required(ATTR_MESSAGE): cv.string,
        vol.Optional(ATTR_TITLE): cv.string,
        vol.Optional(ATTR_FORMAT, default=Format.PLAIN.value): vol.In(FORMATS),
        vol.Optional(ATTR_BUTTONS, default=[]): buttons,
    }
)
DELETE_SCHEMA: Final = vol.Schema({vol.Required(ATTR_MESSAGE_ID): MESSAGE_ID})
REACT_SCHEMA: Final = vol.Schema({vol.Required(ATTR_MESSAGE_ID): MESSAGE_ID, vol.Required(ATTR_REACTION): cv.string})


async def async_edit_message(call: ServiceCall) -> ServiceResponse:
    """Handle the action that replaces a message's text and buttons."""
    data = call.data
    with translated_errors(call.hass):
        await _require_may_change(call)
        receipt = await call.hass.data[HUB].bach.edit(
            data[ATTR_MESSAGE_ID],
            data[ATTR_MESSAGE],
            title=data.get(ATTR_TITLE),
            format=data[ATTR_FORMAT],
            buttons=data[ATTR_BUTTONS],
            context=context_to_keep(call.context),
        )
    return _answer(call, receipt)


async def async_delete_message(call: ServiceCall) -> ServiceResponse:
    """Handle the action that deletes a message on the platform."""
    with translated_errors(call.hass):
        await _require_may_change(call)
        receipt = await call.hass.data[HUB].bach.delete(
            call.data[ATTR_MESSAGE_ID], context=context_to_keep(call.context)
        )
    return _answer(call, receipt)


async def async_react(call: ServiceCall) -> ServiceResponse:
    """Handle the action that sets an emoji reaction on a message."""
    data = call.data
    with translated_errors(call.hass):
        await _require_may_change(call)
        receipt = await call.hass.data[HUB].bach.react(
            data[ATTR_MESSAGE_ID], data[ATTR_REACTION], context=context_to_keep(call.context)
        )
    return _answer(call, receipt)


async def _require_may_change(call: ServiceCall) -> None:
    """Raise if the user may not change the message, or loop prevention refuses it."""
    message_id: int = call.data[ATTR_MESSAGE_ID]
    await require_message_control(call, message_id)
    await call.hass.data[LOOP_PREVENTION].require_no_loop_by_change(call.context, message_id)


def _answer(call: ServiceCall, receipt: Receipt) -> ServiceResponse:
    return {"id": receipt.id, "status": receipt.status.value} if call.return_response else None
