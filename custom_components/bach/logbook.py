"""Logbook platform: describes our events as lines in the Activity: who wrote where, what was not delivered, and why.

The lines never quote what people wrote. None names an entity, since it would then be shown under the name of that
entity instead of the sender's. Which device or entity it belongs to is found by the data of the event.
"""

from collections.abc import Callable, Mapping
from typing import Final

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback

from bach_lib import Kind, Operation, ProofKind, Status
from bach_lib.redact import readable

from .const import DOMAIN, EVENT_ENDED, EVENT_MESSAGE, EVENT_PROVEN, EVENT_TROUBLE, EVENT_UNDELIVERED
from .home.attribution import called

type Describe = Callable[[Event], dict[str, str]]

LINES: Final[Mapping[str, tuple[str, str]]] = {
    Kind.TEXT: ("wrote a message", "mdi:message-text"),
    Kind.COMMAND: ("sent the command /{command}", "mdi:console-line"),
    Kind.BUTTON: ("pressed the button {label}", "mdi:gesture-tap-button"),
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
    Status.DEAD: ("not delivered", "mdi:email-alert"),
    Status.UNCERTAIN: ("may not have arrived", "mdi:email-search"),
    Status.EXPIRED: ("not delivered in time", "mdi:email-off"),
    Status.CANCELLED: ("cancelled", "mdi:email-remove"),
}
"""The same for messages that ended without having been sent."""

PROOFS: Final[Mapping[str, tuple[str, str]]] = {
    ProofKind.DELIVERED: ("delivered", "mdi:check-all"),
    ProofKind.SEEN: ("seen", "mdi:eye-check"),
    ProofKind.ANSWERED: ("answered", "mdi:message-reply-text"),
}
"""The same for what is known of a message that was sent."""

SUBJECTS: Final[Mapping[str, tuple[str, str]]] = {
    Operation.SEND: ("Message", "to {name}"),
    Operation.EDIT: ("Change", "of a message to {name}"),
    Operation.DELETE: ("Deletion", "of a message to {name}"),
    Operation.REACT: ("Reaction", "to a message to {name}"),
}
"""What it is that ended so. The pages of devices have little room for the first part, and cut it off."""

TROUBLES: Final[Mapping[str, str]] = {
    "both": "does not work",
    "sending": "cannot send",
    "receiving": "receives nothing",
}
"""What a connection has ceased to do."""

_WITHDRAWN = "recipient_removed"
"""The library's code of what was cancelled because of something else than somebody's word."""

_MAX_REASON = 200
_MAX_NAME = 128
_MAX_WORD = 64
"""Characters of a command or a value; a longer one is no name of anything."""


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Describe], None],
) -> None:
    """Register the descriptions of our events."""
    async_describe_event(DOMAIN, EVENT_MESSAGE, _describe)
    async_describe_event(DOMAIN, EVENT_UNDELIVERED, _describe_end)
    async_describe_event(DOMAIN, EVENT_ENDED, _describe_end)
    async_describe_event(DOMAIN, EVENT_PROVEN, _describe_proof)
    async_describe_event(DOMAIN, EVENT_TROUBLE, _describe_trouble)


@callback
def _describe(event: Event) -> dict[str, str]:
    """Describe an incoming message. Events come from the database too, written by older versions perhaps."""
    data = event.data
    line, icon = LINES.get(str(data.get("kind")), LINES[Kind.OTHER])
    words = {"command": _word(data, "command"), "label": _word(data, "label") or _word(data, "value")}
    person, place = _who(data), _word(data, "recipient_name", _MAX_NAME)
    return {
        LOGBOOK_ENTRY_NAME: person,
        LOGBOOK_ENTRY_MESSAGE: line.format(**words).rstrip() + (f" in {place}" if place and place != person else ""),
        LOGBOOK_ENTRY_ICON: icon,
    }


def _word(data: Mapping[str, object], key: str, limit: int = _MAX_WORD) -> str:
    """A value of the event on one line that can only be read, and cut to a safe length."""
    return readable(" ".join(str(data.get(key) or "")[:limit].split()))


def _who(data: Mapping[str, object]) -> str:
    """The sender: the name given in Home Assistant, or in quotation marks the one they gave themselves."""
    sender_name, sender_id = (_word(data, key, _MAX_NAME) for key in ("sender_name", "sender_id"))
    return _word(data, "person", _MAX_NAME) or called(sender_name, sender_id) or "Somebody"


@callback
def _describe_end(event: Event) -> dict[str, str]:
    """Describe a message that was not sent."""
    data = event.data
    line, icon = ENDS.get(str(data.get("status")), ENDS[Status.DEAD])
    subject, to_whom = SUBJECTS.get(str(data.get("operation")), SUBJECTS[Operation.SEND])
    line = f"{to_whom.format(name=_word(data, 'recipient_name', _MAX_NAME) or 'somebody')} {line}"
    reason = _reason(data)
    return {
        LOGBOOK_ENTRY_NAME: subject,
        LOGBOOK_ENTRY_MESSAGE: (f"{line}: {reason}" if reason else line) + _number(data),
        LOGBOOK_ENTRY_ICON: icon,
    }


@callback
def _describe_proof(event: Event) -> dict[str, str]:
    """Describe what became known of a sent message; who it is of goes by the name that they gave themselves."""
    data = event.data
    line, icon = PROOFS.get(str(data.get("proof")), PROOFS[ProofKind.DELIVERED])
    subject, to_whom = SUBJECTS.get(str(data.get("operation")), SUBJECTS[Operation.SEND])
    name, person = (_word(data, key, _MAX_NAME) for key in ("recipient_name", "person_name"))
    who = f": {called(person, _word(data, 'person_id', _MAX_NAME))}" if person and person != name else ""
    return {
        LOGBOOK_ENTRY_NAME: subject,
        LOGBOOK_ENTRY_MESSAGE: f"{to_whom.format(name=name or 'somebody')} {line}{who}{_number(data)}",
        LOGBOOK_ENTRY_ICON: icon,
    }


def _number(data: Mapping[str, object]) -> str:
    """By which the message is found in the panel; a line can hold no link."""
    number = data.get("message_id")
    return f" (message {number})" if isinstance(number, int) else ""


@callback
def _describe_trouble(event: Event) -> dict[str, str]:
    """Describe a connection that stopped working, with the reason."""
    data = event.data
    line, reason = TROUBLES.get(str(data.get("direction")), TROUBLES["both"]), _word(data, "error", _MAX_REASON)
    return {
        LOGBOOK_ENTRY_NAME: _word(data, "name", _MAX_NAME) or "BACH",
        LOGBOOK_ENTRY_MESSAGE: f"{line}: {reason}" if reason else line,
        LOGBOOK_ENTRY_ICON: "mdi:lan-disconnect",
    }


def _reason(data: Mapping[str, object]) -> str:
    """Why a message was not sent, unless the line says it already or a person cancelled the message."""
    status, code = data.get("status"), data.get("error_code")
    if status == Status.EXPIRED or (status == Status.CANCELLED and code != _WITHDRAWN):
        return ""
    return _word(data, "error", _MAX_REASON)
