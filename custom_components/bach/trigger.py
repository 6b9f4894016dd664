"""Trigger platform: the table of all automation triggers that BACH offers.

The triggers themselves are in `triggers/`; Home Assistant looks for the table here.
"""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.trigger import Trigger

from .triggers.on_incoming import ButtonPressedTrigger, CommandReceivedTrigger, MessageReceivedTrigger
from .triggers.on_outgoing import ConnectionChangedTrigger, MessageDeadTrigger, MessageProvenTrigger, MessageSentTrigger
from .triggers.on_route import RouteAcknowledgedTrigger, RouteExhaustedTrigger

_TRIGGERS: dict[str, type[Trigger]] = {
    "button_pressed": ButtonPressedTrigger,
    "command_received": CommandReceivedTrigger,
    "connection_changed": ConnectionChangedTrigger,
    "message_dead": MessageDeadTrigger,
    "message_proven": MessageProvenTrigger,
    "message_received": MessageReceivedTrigger,
    "message_sent": MessageSentTrigger,
    "route_acknowledged": RouteAcknowledgedTrigger,
    "route_exhausted": RouteExhaustedTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return all triggers, whether a connection is loaded or not."""
    return _TRIGGERS
