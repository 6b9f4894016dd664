"""What automations read of a message that came in: the same keys in bus event, triggers and `bach.get_inbox`."""

from contextlib import suppress
from typing import cast

from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType, JsonValueType

from bach_lib import Location, Media

from .received import Received


def payload(received: Received) -> JsonObjectType:
    """All of it. Keys are always there; what a message does not have is None or empty."""
    message, content = received.message, received.message.content
    rules = message.metadata.get("context_triggers")
    return {
        "kind": message.kind.value,
        "text": message.text,
        "command": content.command,
        "args": content.args,
        "value": content.value,
        "sender": message.sender,
        "sender_id": message.sender_id,
        "sender_name": message.sender_name,
        "person": received.person,
        "role": received.role.value,
        "recipient": message.recipient,
        "recipient_name": received.recipient_name,
        "config_entry_id": received.entry_id,
        "entity_id": received.entity_id,
        "message_id": message.message_id,
        "incoming_id": message.id,
        "reply_to": message.reply_to,
        "media": _media(content.media),
        "location": _location(content.location),
        "reactions": list(content.reactions),
        "context_triggers": [str(name) for name in rules] if isinstance(rules, list | tuple) else [],
        "chat_type": _text(message.metadata.get("chat_type")),
        "payload": cast("JsonValueType", message.metadata.get("payload")),  # what JSON made
        "sent_at": iso_time(message.sent_at),
        "received_at": iso_time(message.received_at),
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def iso_time(timestamp: float | None) -> str | None:
    """Seconds since 1970 as people and templates read them; None also for what a platform made up."""
    with suppress(ValueError, OverflowError, OSError):
        return None if timestamp is None else dt_util.utc_from_timestamp(timestamp).isoformat()
    return None


def _media(media: Media | None) -> JsonObjectType | None:
    """Without the platform's reference: the file is asked for by the id of the message."""
    if media is None:
        return None
    return {
        "type": media.type,
        "name": media.name,
        "size": media.size,
        "mime_type": media.mime_type,
        "duration": media.duration,
    }


def _location(location: Location | None) -> JsonObjectType | None:
    return None if location is None else {"latitude": location.latitude, "longitude": location.longitude}
