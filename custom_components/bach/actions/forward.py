"""The action `bach.forward`: passes on what was sent or came in, to one or more recipients."""

from typing import Final

import voluptuous as vol
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonObjectType, JsonValueType

from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.language import in_home_language
from custom_components.bach.home.loop_prevention import LOOP_PREVENTION
from custom_components.bach.home.run_causes import kept_for

from .change_message import ANY_MESSAGE, named, require_may_change
from .targets import ATTR_RECIPIENT, TARGET_FIELDS, Target, find_targets, not_a_recipient

ATTR_COPY: Final = "copy"
ATTR_SILENT: Final = "silent"

FORWARD_SCHEMA: Final = vol.Schema(
    {
        **TARGET_FIELDS,
        **ANY_MESSAGE,
        vol.Optional(ATTR_COPY, default=False): cv.boolean,
        vol.Optional(ATTR_SILENT, default=False): cv.boolean,
    }
)


async def async_forward(call: ServiceCall) -> ServiceResponse:
    """Handle it: one message per recipient; a failing one does not stop the others.

    Raises if nothing could be queued, and, when nobody reads the response, for the first recipient that gets nothing.
    """
    with translated_errors(call.hass):
        await require_may_change(call)
    found, rows = await find_targets(call), list[JsonValueType]()
    errors: list[HomeAssistantError] = [*found.refused.values(), *map(not_a_recipient, found.others)]
    for target in found.targets:
        try:
            rows.append(await _forward(call, target))
        except HomeAssistantError as error:
            errors.append(error)
    if errors and not (rows and call.return_response):
        raise errors[0]
    return {"messages": rows} if call.return_response else None


async def _forward(call: ServiceCall, target: Target) -> JsonObjectType:
    call.hass.data[LOOP_PREVENTION].require_no_loop(call.context, target.connection, target.recipient)
    with translated_errors(call.hass):
        target.note_call(call.context)
        receipt = await call.hass.data[HUB].bach.forward(
            target.connection,
            target.recipient,
            **named(call),
            copy=call.data[ATTR_COPY],
            silent=call.data[ATTR_SILENT],
            context=kept_for(call.hass, call.context, target.entry, target.person),
        )
    lost: list[JsonValueType] = [
        {"what": loss.what, "reason": in_home_language(call.hass, loss.reason)} for loss in receipt.lost
    ]
    return {
        "id": receipt.id,
        ATTR_RECIPIENT: receipt.recipient,
        ATTR_CONFIG_ENTRY_ID: target.entry.entry_id,
        "status": receipt.status.value,
        "lost": lost,
    }
