"""What Home Assistant is asked to do for a message: the commands of its WebSocket API."""

import orjson

from bach_lib.connectors.homeassistant.letters import write_letter
from bach_lib.connectors.homeassistant.recipients import ACTION, BACH, EVENT
from bach_lib.models import Message


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
        "service_data": _words(message),
        "target": {"entity_id": recipient},
    }


def _data(message: Message) -> dict[str, object]:
    """The text itself if it is a JSON object; for notifications only one with a `message`, which they need."""
    if message.text.lstrip().startswith("{"):
        try:
            found: object = orjson.loads(message.text)
        except ValueError:
            found = None
        if isinstance(found, dict) and ("message" in found or not message.recipient.startswith("action:notify.")):
            return found
    return _words(message)


def _words(message: Message) -> dict[str, object]:
    return {"message": message.text, **({"title": message.title} if message.title else {})}
