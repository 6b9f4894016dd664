"""Parses addresses in another Home Assistant: a notify entity, an action, an event type, or the BACH there."""

import re

from bach_lib.connectors.address_text import tidy
from bach_lib.connectors.endpoint import same_place
from bach_lib.errors import InvalidRecipientError
from bach_lib.said import Sentence

BACH = "bach"
ACTION = "action:"
EVENT = "event:"

_ENTITY = re.compile(r"notify\.[a-z0-9_]{1,200}")
_ACTION = re.compile(r"action:[a-z0-9_]{1,64}\.[a-z0-9_]{1,100}")
_EVENT = re.compile(r"event:[A-Za-z0-9_.:-]{1,64}")  # Home Assistant takes event types of up to 64 characters
_FLOOD = "event:state_changed"
"""Fired for every entity, many times a second; each would become a message on disk."""


def account_of(endpoint: str, token: str) -> str | None:
    """A home and a token of it; whose token it is only the home can tell."""
    return f"{same_place(endpoint)} {token}" if token else None


def normalize(recipient: str) -> str:
    """The one way to write this recipient. Raises `InvalidRecipientError`."""
    wanted = tidy(recipient)
    lower = wanted.lower()
    if lower == BACH or _ENTITY.fullmatch(lower) or _ACTION.fullmatch(lower):
        return lower
    kind, colon, name = wanted.partition(":")
    event = f"{kind.lower()}{colon}{name}"
    if _EVENT.fullmatch(event) and event != _FLOOD:
        return event
    raise InvalidRecipientError(
        recipient=recipient[:100],
        type="homeassistant",
        expected=Sentence(
            "a_notify_entity_notify_kitchen_action_notify",
            'a notify entity ("notify.kitchen"), "action:notify.mobile_app_phone" or another action, "event:doorbell"'
            ' or another event type but state_changed, or "bach"',
        ),
    )
