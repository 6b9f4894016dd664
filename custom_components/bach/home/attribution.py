"""An incoming message as Home Assistant sees it: with the recipient, the person, the role and the user behind it.

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
from bach_lib.events import Event
from custom_components.bach.const import DOMAIN


class Role(StrEnum):
    """What somebody may do, in rising order. Who may only be notified is never heard."""

    NOTIFY_ONLY = "notify_only"
    USER = "user"
    ADMIN = "admin"

    def includes(self, needed: Role) -> bool:
        """Whether whoever has this role may do what asks for `needed`."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message. `subentry_id` is the recipient's it came from; None for a known person in an unknown place.

    `person` is the name given in Home Assistant, empty for whoever has none. `is_event`: it is heard though the role is
    the least, as an event and no more, because nobody has proved who sent it.
    `entity_id` is the recipient's event entity, `device_id` its device.
    `context` carries the Home Assistant user whom the person is mapped to, if there is one.
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
        """Whether automations learn of it."""
        return self.is_event or self.role is not Role.NOTIFY_ONLY

    @property
    def who(self) -> str:
        """What to call the sender in a sentence: a name that people gave themselves stands in quotation marks."""
        return self.person or called(self.message.sender_name, self.message.sender_id)


def called(sender_name: str, sender_id: str) -> str:
    """Somebody who has no name here, so that nobody takes them for somebody who has one."""
    return f'"{" ".join(sender_name.replace('"', "'").split())}"' if sender_name.strip() else sender_id


SIGNAL_RECEIVED: SignalType[Received] = SignalType(f"{DOMAIN}_received")
"""A message came in, has been routed, and may be acted upon."""

SIGNAL_HAPPENED: SignalType[str, Event] = SignalType(f"{DOMAIN}_happened")
"""Entry id and event: every event of the library about a connection of a loaded entry."""

CLAIM: HassKey[Callable[[Received], bool]] = HassKey(f"{DOMAIN}_claim")
"""Says whether a message is the answer to an open question, the same before and after the question has taken it."""


@callback
def is_claimed(hass: HomeAssistant, received: Received) -> bool:
    """Whether a message belongs to a question, and is nothing to chat about."""
    claim = hass.data.get(CLAIM)
    return claim is not None and claim(received)
