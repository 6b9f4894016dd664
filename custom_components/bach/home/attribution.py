"""An incoming message attributed in Home Assistant: recipient, person, role and user, and the signals that carry it.

`incoming.py` makes one of each message of the library and sends it to events, triggers, Assist and questions by a
dispatcher signal, which outlives the reload of an entry.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.signal_type import SignalType

from bach_lib import IncomingMessage
from bach_lib.events import Event, RouteEvent
from bach_lib.redact import readable
from custom_components.bach.const import DOMAIN


class Role(StrEnum):
    """What a person may do, in rising order. Messages of those with "notify only" are not announced."""

    NOTIFY_ONLY = "notify_only"
    USER = "user"
    ADMIN = "admin"

    def includes(self, needed: Role) -> bool:
        """Whether this role is at least the needed one."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An attributed incoming message.

    `subentry_id` is the recipient's it came from, None for a known person in an unknown chat. `person` is the name
    given in Home Assistant, or empty. `is_event`: it is announced although the role is the least, because nobody has
    proved who sent it: events and triggers that need no role get it, nothing else. `entity_id` is the recipient's event
    entity, `device_id` its device. `context` carries the Home Assistant user whom the person is mapped to, if there is
    one.
    """

    message: IncomingMessage
    entry_id: str
    subentry_id: str | None
    recipient_name: str
    person: str
    role: Role
    context: Context
    entity_id: str | None = None
    device_id: str | None = None
    is_event: bool = False

    @property
    def is_heard(self) -> bool:
        """Whether the message is announced to automations."""
        return self.is_event or self.role is not Role.NOTIFY_ONLY

    @property
    def who(self) -> str:
        """The sender for a sentence: the name given here, or in quotation marks the one they gave themselves."""
        return self.person or called(self.message.sender_name, self.message.sender_id)


def called(sender_name: str, sender_id: str) -> str:
    """A self-chosen name in quotation marks, or the id, so that nobody can pose as a known person."""
    name = readable(" ".join(sender_name.replace('"', "'").split()))
    return f'"{name}"' if name else readable(sender_id)


SIGNAL_RECEIVED: SignalType[Received] = SignalType(f"{DOMAIN}_received")
"""A message came in, has been routed, and may be acted upon."""

SIGNAL_HAPPENED: SignalType[str, Event] = SignalType(f"{DOMAIN}_happened")
"""Entry id and event: every event of the library about a connection of a loaded entry."""

SIGNAL_RUN: SignalType[str, str, RouteEvent] = SignalType(f"{DOMAIN}_run")
"""Entry id, sub-entry id of a route, and what happened to a run of it."""

CLAIM: HassKey[Callable[[Received], bool]] = HassKey(f"{DOMAIN}_claim")
"""Says whether a message is the answer to an open question, the same before and after the question has taken it."""


@callback
def is_claimed(hass: HomeAssistant, received: Received) -> bool:
    """Whether a message is the answer to an open question, so that chat ignores it."""
    claim = hass.data.get(CLAIM)
    return claim is not None and claim(received)
