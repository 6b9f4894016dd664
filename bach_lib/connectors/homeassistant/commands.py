"""Encodes messages as commands of Home Assistant's WebSocket API."""

from bach_lib.connectors.homeassistant.letter import write_letter
from bach_lib.connectors.homeassistant.recipients import ACTION, BACH, EVENT
from bach_lib.models import Format, Message
from bach_lib.text.json_text import fields_of


def command_of(message: Message, now: float) -> dict[str, object]:
    """The command that delivers a message at this moment (seconds since 1970)."""
    recipient = message.recipient
    if recipient == BACH:
        return {"type": "bach/deliver", "letter": write_letter(message, now)}
    if recipient.startswith(EVENT):
        return {"type": "fire_event", "event_type": recipient.removeprefix(EVENT), "event_data": _data(message)}
    if recipient.startswith(ACTION):
        domain, _, service = recipient.removeprefix(ACTION).partition(".")
        return {"type": "call_service", "domain": domain, "service": service, "service_data": _data(message)}
    return {
        "type": "call_service",
        "domain": "notify",
        "service": "send_message",
        "service_data": _data(message),
        "target": {"entity_id": recipient},
    }


def _data(message: Message) -> dict[str, object]:
    """The fields, where whoever sends says that they are some. Words never become fields by their look.

    Else whoever writes could choose the entity, or the data, of an action that passes their words on.
    """
    return fields_of(message.text) or {} if message.format is Format.JSON else _words(message)


def _words(message: Message) -> dict[str, object]:
    return {"message": message.text, **({"title": message.title} if message.title else {})}
