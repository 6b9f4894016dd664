"""The actions that change what is there: other words, deletions, reactions and pins.

Each is queued like a message in the same lane, so it is as durable and stays in order.
"""

from typing import Final, TypedDict

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import VolDictType

from bach_lib import Format, Receipt
from bach_lib.common_sentences import ONE_OF_BOTH
from bach_lib.errors import InvalidValueError
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.loop_prevention import LOOP_PREVENTION
from custom_components.bach.home.origin import context_to_keep
from custom_components.bach.home.permissions import require_message_control

from .choices import FORMATS, MESSAGE_ID, buttons
from .incoming_targets import ATTR_INCOMING_ID, controllable_incoming

ATTR_BUTTONS: Final = "buttons"
ATTR_FORMAT: Final = "format"
ATTR_MESSAGE: Final = "message"
ATTR_MESSAGE_ID: Final = "message_id"
ATTR_REACTION: Final = "reaction"
ATTR_SILENT: Final = "silent"
ATTR_TITLE: Final = "title"

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
ANY_MESSAGE: Final[VolDictType] = {
    vol.Exclusive(ATTR_MESSAGE_ID, "what"): MESSAGE_ID,
    vol.Exclusive(ATTR_INCOMING_ID, "what"): MESSAGE_ID,
}
REACT_SCHEMA: Final = vol.Schema({**ANY_MESSAGE, vol.Required(ATTR_REACTION): cv.string})
PIN_SCHEMA: Final = vol.Schema({**ANY_MESSAGE, vol.Optional(ATTR_SILENT, default=False): cv.boolean})
UNPIN_SCHEMA: Final = vol.Schema({**ANY_MESSAGE})


async def async_edit_message(call: ServiceCall) -> ServiceResponse:
    """Handle the action that replaces a message's text and buttons."""
    data = call.data
    with translated_errors(call.hass):
        await require_may_change(call)
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
        await require_may_change(call)
        receipt = await call.hass.data[HUB].bach.delete(
            call.data[ATTR_MESSAGE_ID], context=context_to_keep(call.context)
        )
    return _answer(call, receipt)


async def async_react(call: ServiceCall) -> ServiceResponse:
    """Handle the action that sets an emoji reaction on a message that was sent, or came in."""
    data = call.data
    with translated_errors(call.hass):
        await require_may_change(call)
        bach, context = call.hass.data[HUB].bach, context_to_keep(call.context)
        if ATTR_INCOMING_ID in data:
            receipt = await bach.react_to(data[ATTR_INCOMING_ID], data[ATTR_REACTION], context=context)
        else:
            receipt = await bach.react(data[ATTR_MESSAGE_ID], data[ATTR_REACTION], context=context)
    return _answer(call, receipt)


async def async_pin(call: ServiceCall) -> ServiceResponse:
    """Handle the action that keeps a message in sight at the top of its chat."""
    with translated_errors(call.hass):
        await require_may_change(call)
        receipt = await call.hass.data[HUB].bach.pin(
            **named(call), silent=call.data[ATTR_SILENT], context=context_to_keep(call.context)
        )
    return _answer(call, receipt)


async def async_unpin(call: ServiceCall) -> ServiceResponse:
    """Handle the action that keeps a message in sight no longer."""
    with translated_errors(call.hass):
        await require_may_change(call)
        receipt = await call.hass.data[HUB].bach.unpin(**named(call), context=context_to_keep(call.context))
    return _answer(call, receipt)


class _Named(TypedDict):
    message_id: int | None
    incoming_id: int | None


def named(call: ServiceCall) -> _Named:
    """The message that a call names: one that was sent, or one that came in."""
    return _Named(message_id=call.data.get(ATTR_MESSAGE_ID), incoming_id=call.data.get(ATTR_INCOMING_ID))


async def require_may_change(call: ServiceCall) -> None:
    """Raise if the user may not change the message, or loop prevention refuses it."""
    loops = call.hass.data[LOOP_PREVENTION]
    if ATTR_INCOMING_ID in call.data:
        message = await controllable_incoming(call)
        loops.require_no_loop(call.context, message.connection, message.recipient)
        return
    if (message_id := call.data.get(ATTR_MESSAGE_ID)) is None:
        raise InvalidValueError(
            field=ATTR_MESSAGE_ID,
            value="",
            expected=ONE_OF_BOTH,
        )
    await require_message_control(call, message_id)
    await loops.require_no_loop_by_change(call.context, message_id)


def _answer(call: ServiceCall, receipt: Receipt) -> ServiceResponse:
    return {"id": receipt.id, "status": receipt.status.value} if call.return_response else None
