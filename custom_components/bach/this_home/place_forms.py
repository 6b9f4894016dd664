"""What the places of this home are called as recipients: by ids that stay, whatever is renamed.

A phone is its device, an entity its row of the registry. Only what has no such row is called by its name.
"""

import re
from typing import Final

from bach_lib.connecting import InvalidRecipientError
from bach_lib.said import Sentence
from custom_components.bach.const import TYPE_THIS_HOME

PANEL: Final = "persistent_notification"
"""The notifications in Home Assistant's own sidebar."""
PHONE: Final = "phone:"
ENTITY: Final = "entity:"
ACTION: Final = "action:notify."

_ID: Final = re.compile(rf"(?:{PHONE}|{ENTITY})[0-9a-z]{{8,64}}")
_NAME: Final = re.compile(r"(?:action:notify|notify|media_player|assist_satellite)\.[a-z0-9_]{1,200}")


def normalize(recipient: str) -> str:
    """The one form of a place. Raises `InvalidRecipientError`."""
    written = recipient[:300].strip().lower()
    if written == PANEL or _ID.fullmatch(written) or _NAME.fullmatch(written):
        return written
    raise InvalidRecipientError(
        recipient=recipient[:50],
        type=TYPE_THIS_HOME,
        expected=Sentence(
            "a_place_of_this_home", "a place of this home, such as {example}", example="notify.living_room"
        ),
    )


def notification_id(tag: str, nonce: str) -> str:
    """What a notification on a phone is known by: its tag there, and the message that it was last."""
    return f"{tag}.{nonce}"


def tag_of(remote_id: str) -> str:
    """The tag by which it is replaced or taken away."""
    return remote_id.partition(".")[0]


def nonce_of(remote_id: str) -> str:
    """The nonce of its message."""
    return remote_id.partition(".")[2]


def of_device(device_id: str) -> str:
    """The recipient that is a phone."""
    return f"{PHONE}{device_id}"
