"""The trigger platform: the table of all automation triggers that BACH offers."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.trigger import Trigger

from .triggers.on_incoming import ButtonPressedTrigger, CommandReceivedTrigger, MessageReceivedTrigger
from .triggers.on_outgoing import ConnectionChangedTrigger, MessageDeadTrigger, MessageSentTrigger

_TRIGGERS: dict[str, type[Trigger]] = {
    "button_pressed": ButtonPressedTrigger,
    "command_received": CommandReceivedTrigger,
    "connection_changed": ConnectionChangedTrigger,
    "message_dead": MessageDeadTrigger,
    "message_received": MessageReceivedTrigger,
    "message_sent": MessageSentTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """All of them; they are there while no connection is loaded, so that automations validate."""
    return _TRIGGERS
