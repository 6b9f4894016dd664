"""Builds the data of an outgoing message for events and triggers.

It is public: automations are written against these keys.
"""

from homeassistant.core import HomeAssistant
from homeassistant.util.json import JsonObjectType

from bach_lib import Message, Proven
from bach_lib.redact import readable
from custom_components.bach.home.language import in_home_language
from custom_components.bach.web.message_page import message_page

from .incoming_payload import iso_time


def outgoing_payload(
    hass: HomeAssistant, message: Message, *, entry_id: str, recipient_name: str, entity_id: str | None
) -> JsonObjectType:
    """Build the payload. Every key is always there; what the message lacks is None."""
    return {
        "message_id": message.id,
        "url": message_page(message.id),
        "operation": message.operation.value,
        "config_entry_id": entry_id,
        "recipient": message.recipient,
        "recipient_name": recipient_name,
        "entity_id": entity_id,
        "title": message.title,
        "text": message.text,
        "tag": message.tag,
        "priority": message.priority,
        "status": message.status.value,
        "error": in_home_language(hass, message.error.text) if message.error else None,
        "error_code": message.error.code if message.error else None,
        "degraded": message.degraded,
        "lost": [{"what": loss.what, "reason": in_home_language(hass, loss.reason)} for loss in message.lost],
        "retry_count": message.retry_count,
        "created_at": iso_time(message.created_at),
        "finished_at": iso_time(message.finished_at),
    }


def proof_payload(proof: Proven) -> JsonObjectType:
    """Build what is added for something that became known of a message; `person_name` is what they call themselves."""
    return {
        "proof": proof.kind.value,
        "people": proof.people,
        "person_name": readable(proof.name),
        "person_id": readable(proof.person),
        "since": iso_time(proof.latest_at),
    }
