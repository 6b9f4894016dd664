"""Builds the data of an incoming message: the same keys in bus event, triggers and `bach.get_inbox`.

It is public: automations are written against these keys.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import cast

from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType, JsonValueType

from bach_lib import IncomingMessage, Location, Media
from custom_components.bach.home.attribution import Received


def incoming_payload(received: Received) -> JsonObjectType:
    """Build the payload. Every key is always there; what the message lacks is None or empty."""
    message, content = received.message, received.message.content
    rules = message.metadata.get("context_triggers")
    return {
        "kind": message.kind.value,
        "text": message.text,
        "command": content.command,
        "args": content.args,
        "value": content.value,
        "label": _text(message.metadata.get("label")),
        "sender": message.sender,
        "sender_id": message.sender_id,
        "sender_name": message.sender_name,
        "person": received.person,
        "role": received.role.value,
        "recipient": message.recipient,
        "recipient_name": received.recipient_name,
        "config_entry_id": received.entry_id,
        "entity_id": received.entity_id,
        "device_id": received.device_id,
        "message_id": message.message_id,
        "incoming_id": message.id,
        "reply_to": message.reply_to,
        "media": _media(content.media),
        "location": _location(content.location),
        "reactions": list(content.reactions),
        "choices": list(content.choices),
        "context_triggers": [str(name) for name in _list(rules)],
        "context_hints": [str(hint) for hint in _list(message.metadata.get("context_hints"))],
        "chat_type": _text(message.metadata.get("chat_type")),
        "reply": _reply(message),
        **_notes(message.metadata),
        "payload": cast("JsonValueType", message.metadata.get("payload")),  # what JSON made
        "sent_at": iso_time(message.sent_at),
        "received_at": iso_time(message.received_at),
    }


def _notes(found: Mapping[str, object]) -> JsonObjectType:
    """The platform's further details, which the library keeps in `metadata` (see `connectors.metadata`)."""
    return {
        "forwarded": found.get("forwarded") is True,
        "forwarded_from": _text(found.get("forwarded_from")),
        "via": _text(found.get("via")),
        "automatic": found.get("automatic") is True,
        "bot": found.get("bot") is True,
        "speaks_as": _text(found.get("speaks_as")),
        "album": _text(found.get("album")),
        "content": _text(found.get("content")),
        "contact": _object(found.get("contact")),
        "poll": _object(found.get("poll")),
        "place": _object(found.get("place")),
        "sticker": _text(found.get("sticker")),
        "links": _objects(found.get("links")),
        "mentions": _objects(found.get("mentions")),
        "member": _member(found),
        "view_once": found.get("view_once") is True,
    }


def _member(found: Mapping[str, object]) -> JsonObjectType | None:
    """The person who joined or left."""
    member: JsonObjectType = {name: _text(found.get(f"member_{name}")) for name in ("id", "name")}
    return member if any(member.values()) else None


def _reply(message: IncomingMessage) -> JsonObjectType | None:
    """The message replied to: platform id, our id if it was ours, and the quoted text."""
    if message.reply_to is None:
        return None
    return {"id": message.reply_to, "message_id": message.message_id, "text": _text(message.metadata.get("quote"))}


def _object(value: object) -> JsonObjectType | None:
    return cast("JsonObjectType", dict(value)) if isinstance(value, Mapping) else None  # what JSON made


def _objects(value: object) -> list[JsonValueType]:
    return [part for one in _list(value) if (part := _object(one)) is not None]


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def iso_time(timestamp: float | None) -> str | None:
    """Format a Unix time as ISO 8601; None for a missing or impossible one."""
    with suppress(ValueError, OverflowError, OSError):
        return None if timestamp is None else dt_util.utc_from_timestamp(timestamp).isoformat()
    return None


def _media(media: Media | None) -> JsonObjectType | None:
    """The file's description, without the platform's reference; `bach.download` takes the message id."""
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
