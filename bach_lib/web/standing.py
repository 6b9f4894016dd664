"""How a message that was not delivered stands, for whoever looks for it or counts it."""

from enum import StrEnum
from typing import Final

from bach_lib.models import Message, Status

_STOPPED: Final = frozenset({Status.DEAD, Status.UNCERTAIN})
UNDELIVERED: Final = frozenset({Status.PENDING, Status.SENDING, Status.FAILED}) | _STOPPED


class Standing(StrEnum):
    """Whether somebody has to do something."""

    PERSON = "person"
    """Nothing more happens until a person decides."""
    WAITING = "waiting"
    """It goes by itself."""


def standing(message: Message) -> Standing:
    """How one of the undelivered stands."""
    return Standing.PERSON if message.held or message.status in _STOPPED else Standing.WAITING
