"""What an agent gets to read of the inbox: few messages, few characters, and only from people who are heard.

All of it goes into the request to a model, which may stand with somebody else and is paid by the word.
"""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util.json import JsonObjectType

from bach_lib import IncomingMessage, Place
from bach_lib.text.splitting import shortened
from custom_components.bach.home.attribution import Received
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.hub import HUB
from custom_components.bach.messages.incoming import received_here
from custom_components.bach.messages.incoming_payload import iso_time

MAX_MESSAGES: Final = 20
MAX_TEXT: Final = 500
"""Characters of one."""
MAX_TEXTS: Final = 5000
"""Characters of all."""
_LOOKED_AT: Final = 100
"""The newest of a place, among which are those of whoever is not heard: in a group they may write the most."""


async def latest(hass: HomeAssistant, places: Mapping[Place, str], limit: int) -> list[JsonObjectType]:
    """The newest messages from these places, given with their entities, newest first."""
    found = list[IncomingMessage]()
    with translated_errors(hass):
        bach = hass.data[HUB].bach
        for place in places:
            found += await bach.inbox(connection=place.connection, recipient=place.recipient, limit=_LOOKED_AT)
    found.sort(key=lambda message: (message.received_at, message.id), reverse=True)
    rows, left = list[JsonObjectType](), MAX_TEXTS
    for message in found:
        if len(rows) == limit or left <= 0:
            break
        received = received_here(hass, message)
        if received is None or not received.is_heard:
            continue
        text = shortened(message.text, min(MAX_TEXT, left))
        left -= len(text)
        place = Place(connection=message.connection, recipient=message.recipient)
        rows.append(_row(received, places.get(place), text))
    return rows


def _row(received: Received, entity_id: str | None, text: str) -> JsonObjectType:
    message = received.message
    row: JsonObjectType = {
        "by": received.who,
        "recipient": entity_id,
        "at": iso_time(message.received_at),
        "kind": message.kind.value,
        "text": text,
    }
    if media := message.content.media:
        row["file"] = media.type
    if received.is_event:
        row["sender_proven"] = False
    return row
