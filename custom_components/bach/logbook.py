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
from .home.language import home_texts

type Describe = Callable[[Event], dict[str, str]]
type Texts = Mapping[str, str]
type _Say = Callable[[Event, Texts], dict[str, str]]

LINES: Final[Mapping[str, tuple[str, str]]] = {
    Kind.TEXT: ("activity_text", "mdi:message-text"),
    Kind.COMMAND: ("activity_command", "mdi:console-line"),
    Kind.BUTTON: ("activity_button", "mdi:gesture-tap-button"),
    Kind.MEDIA: ("activity_media", "mdi:paperclip"),
    Kind.LOCATION: ("activity_location", "mdi:map-marker"),
    Kind.EDITED: ("activity_edited", "mdi:message-draw"),
    Kind.DELETED: ("activity_deleted", "mdi:message-off-outline"),
    Kind.REACTION: ("activity_reaction", "mdi:emoticon-outline"),
    Kind.VOTE: ("activity_vote", "mdi:poll"),
    Kind.MEMBERSHIP: ("activity_membership", "mdi:account-multiple"),
    Kind.EXPIRED: ("activity_expired", "mdi:timer-sand-complete"),
    Kind.OTHER: ("activity_other", "mdi:message-question"),
}
"""The key of a sentence, and an icon, for each kind of message."""

ENDS: Final[Mapping[str, tuple[str, str]]] = {
    Status.DEAD: ("activity_dead", "mdi:email-alert"),
    Status.UNCERTAIN: ("activity_uncertain", "mdi:email-search"),
    Status.EXPIRED: ("activity_late", "mdi:email-off"),
    Status.CANCELLED: ("activity_cancelled", "mdi:email-remove"),
}
"""The same for messages that ended without having been sent."""

PROOFS: Final[Mapping[str, tuple[str, str]]] = {
    ProofKind.DELIVERED: ("activity_delivered", "mdi:check-all"),
    ProofKind.SEEN: ("activity_seen", "mdi:eye-check"),
    ProofKind.ANSWERED: ("activity_answered", "mdi:message-reply-text"),
}
"""The same for what is known of a message that was sent."""

SUBJECTS: Final[Mapping[str, tuple[str, str]]] = {
    Operation.SEND: ("activity_message", "activity_to"),
    Operation.EDIT: ("activity_change", "activity_of_message"),
    Operation.DELETE: ("activity_deletion", "activity_of_message"),
    Operation.REACT: ("activity_response", "activity_to_message"),
    Operation.PIN: ("activity_pin", "activity_of_message"),
    Operation.UNPIN: ("activity_unpin", "activity_of_message"),
}
"""What it is that ended so. The pages of devices have little room for the first part, and cut it off."""

TROUBLES: Final[Mapping[str, str]] = {
    "both": "activity_broken",
    "sending": "activity_no_sending",
    "receiving": "activity_no_receiving",
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
    """Register the descriptions of our events, which are in the language of the home: nobody says who looks."""

    def describe(describe_event: _Say) -> Describe:
        return lambda event: describe_event(event, home_texts(hass))

    async_describe_event(DOMAIN, EVENT_MESSAGE, describe(_describe))
    async_describe_event(DOMAIN, EVENT_UNDELIVERED, describe(_describe_end))
    async_describe_event(DOMAIN, EVENT_ENDED, describe(_describe_end))
    async_describe_event(DOMAIN, EVENT_PROVEN, describe(_describe_proof))
    async_describe_event(DOMAIN, EVENT_TROUBLE, describe(_describe_trouble))


@callback
def _describe(event: Event, texts: Texts) -> dict[str, str]:
    """Describe an incoming message. Events come from the database too, written by older versions perhaps."""
    data = event.data
    key, icon = LINES.get(str(data.get("kind")), LINES[Kind.OTHER])
    words = {"command": _word(data, "command"), "label": _word(data, "label") or _word(data, "value")}
    person, place = _who(data) or texts["activity_somebody"], _word(data, "recipient_name", _MAX_NAME)
    line = texts[key].format(**words).rstrip()
    return {
        LOGBOOK_ENTRY_NAME: person,
        LOGBOOK_ENTRY_MESSAGE: texts["activity_in"].format(line=line, place=place)
        if place and place != person
        else line,
        LOGBOOK_ENTRY_ICON: icon,
    }


def _word(data: Mapping[str, object], key: str, limit: int = _MAX_WORD) -> str:
    """A value of the event on one line that can only be read, and cut to a safe length."""
    return readable(" ".join(str(data.get(key) or "")[:limit].split()))


def _who(data: Mapping[str, object]) -> str:
    """The sender: the name given in Home Assistant, or in quotation marks the one they gave themselves."""
    sender_name, sender_id = (_word(data, key, _MAX_NAME) for key in ("sender_name", "sender_id"))
    return _word(data, "person", _MAX_NAME) or called(sender_name, sender_id)


def _ended(data: Mapping[str, object], key: str, texts: Texts) -> tuple[str, str]:
    """What it is of, and the sentence about it."""
    subject, to_whom = SUBJECTS.get(str(data.get("operation")), SUBJECTS[Operation.SEND])
    name = _word(data, "recipient_name", _MAX_NAME) or texts["activity_nobody_known"]
    return texts[subject], texts[key].format(to=texts[to_whom].format(name=name))


@callback
def _describe_end(event: Event, texts: Texts) -> dict[str, str]:
    """Describe a message that was not sent."""
    data = event.data
    key, icon = ENDS.get(str(data.get("status")), ENDS[Status.DEAD])
    subject, line = _ended(data, key, texts)
    reason = _reason(data)
    return {
        LOGBOOK_ENTRY_NAME: subject,
        LOGBOOK_ENTRY_MESSAGE: _numbered(data, f"{line}: {reason}" if reason else line, texts),
        LOGBOOK_ENTRY_ICON: icon,
    }


@callback
def _describe_proof(event: Event, texts: Texts) -> dict[str, str]:
    """Describe what became known of a sent message; who it is of goes by the name that they gave themselves."""
    data = event.data
    key, icon = PROOFS.get(str(data.get("proof")), PROOFS[ProofKind.DELIVERED])
    subject, line = _ended(data, key, texts)
    name, person = (_word(data, key, _MAX_NAME) for key in ("recipient_name", "person_name"))
    who = f": {called(person, _word(data, 'person_id', _MAX_NAME))}" if person and person != name else ""
    return {
        LOGBOOK_ENTRY_NAME: subject,
        LOGBOOK_ENTRY_MESSAGE: _numbered(data, f"{line}{who}", texts),
        LOGBOOK_ENTRY_ICON: icon,
    }


def _numbered(data: Mapping[str, object], line: str, texts: Texts) -> str:
    """With the number by which the message is found in the panel; a line can hold no link."""
    number = data.get("message_id")
    return texts["activity_number"].format(line=line, number=number) if isinstance(number, int) else line


@callback
def _describe_trouble(event: Event, texts: Texts) -> dict[str, str]:
    """Describe a connection that stopped working, with the reason."""
    data = event.data
    line, reason = texts[TROUBLES.get(str(data.get("direction")), TROUBLES["both"])], _word(data, "error", _MAX_REASON)
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
