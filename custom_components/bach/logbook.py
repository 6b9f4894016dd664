"""Lines in the logbook: who did what and where, never what they wrote."""

from collections.abc import Callable, Mapping
from typing import Final

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback

from bach_lib import Kind, Status

from .const import DOMAIN, EVENT_MESSAGE, EVENT_UNDELIVERED
from .received import called

type Describe = Callable[[Event], dict[str, str]]

LINES: Final[Mapping[str, tuple[str, str]]] = {
    Kind.TEXT: ("wrote a message", "mdi:message-text"),
    Kind.COMMAND: ("sent the command /{command}", "mdi:console-line"),
    Kind.BUTTON: ("pressed the button {value}", "mdi:gesture-tap-button"),
    Kind.MEDIA: ("sent a file", "mdi:paperclip"),
    Kind.LOCATION: ("sent a location", "mdi:map-marker"),
    Kind.EDITED: ("changed a message", "mdi:message-draw"),
    Kind.REACTION: ("changed a reaction", "mdi:emoticon-outline"),
    Kind.MEMBERSHIP: ("changed the membership of the bot", "mdi:account-multiple"),
    Kind.EXPIRED: ("sent something that arrived too late to be acted upon", "mdi:timer-sand-complete"),
    Kind.OTHER: ("sent something", "mdi:message-question"),
}
"""A sentence and an icon for each kind of message."""

ENDS: Final[Mapping[str, tuple[str, str]]] = {
    Status.DEAD: ("A message could not be delivered", "mdi:email-alert"),
    Status.UNCERTAIN: ("It is not certain that a message was delivered", "mdi:email-search"),
    Status.EXPIRED: ("A message was not delivered in time", "mdi:email-off"),
}
"""The same for messages that were not delivered."""

_MAX_REASON = 200
_MAX_NAME = 128
_MAX_WORD = 64
"""Characters of a command or a value; a longer one is no name of anything."""


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Describe], None],
) -> None:
    """Say how a message that came in, and one that was not delivered, reads in the logbook."""
    async_describe_event(DOMAIN, EVENT_MESSAGE, _describe)
    async_describe_event(DOMAIN, EVENT_UNDELIVERED, _describe_undelivered)


@callback
def _describe(event: Event) -> dict[str, str]:
    """The line. Events come from the database too, where an older version may have written them."""
    data = event.data
    line, icon = LINES.get(str(data.get("kind")), LINES[Kind.OTHER])
    words = {key: str(data.get(key) or "")[:_MAX_WORD] for key in ("command", "value")}
    person, place = _who(data), data.get("recipient_name")
    described = {
        LOGBOOK_ENTRY_NAME: person,
        LOGBOOK_ENTRY_MESSAGE: line.format(**words).rstrip() + (f" in {place}" if place and place != person else ""),
        LOGBOOK_ENTRY_ICON: icon,
    }
    if entity_id := data.get("entity_id"):
        described[LOGBOOK_ENTRY_ENTITY_ID] = str(entity_id)
    return described


def _who(data: Mapping[str, object]) -> str:
    """By the name given here; a name that people gave themselves stands in quotation marks."""
    sender_name, sender_id = (str(data.get(key) or "")[:_MAX_NAME] for key in ("sender_name", "sender_id"))
    return str(data.get("person") or "") or called(sender_name, sender_id) or "Somebody"


@callback
def _describe_undelivered(event: Event) -> dict[str, str]:
    """The line of a message that ended without having been sent."""
    data = event.data
    line, icon = ENDS.get(str(data.get("status")), ENDS[Status.DEAD])
    reason = str(data.get("error") or "")[:_MAX_REASON]
    described = {
        LOGBOOK_ENTRY_NAME: str(data.get("recipient_name") or "Somebody"),
        LOGBOOK_ENTRY_MESSAGE: f"{line}: {reason}" if reason else line,
        LOGBOOK_ENTRY_ICON: icon,
    }
    if entity_id := data.get("entity_id"):
        described[LOGBOOK_ENTRY_ENTITY_ID] = str(entity_id)
    return described
