"""What of a recipient is heard: for the entities, and for whoever looks up who may do what.

A role says what a person has allowed. Where nothing can come in, or nobody proves who writes, it allows less.
"""

from typing import Final, Literal

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_TYPE

from custom_components.bach.const import (
    CONF_OWN_SECRET,
    CONF_RECIPIENT,
    RECIPIENT_BACH,
    RECIPIENT_EVENT,
    TYPE_HOMEASSISTANT,
    TYPE_NTFY,
    TYPE_WEBHOOK,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.webhook import receives

from .attribution import Role
from .roles import role_of

AS_EVENT: Final = "event"


def is_heard(entry: BachConfigEntry, recipient: ConfigSubentry) -> bool:
    """Whether anything can come in from this recipient; notify targets in another home never send."""
    address: str = recipient.data[CONF_RECIPIENT]
    if entry.data.get(CONF_TYPE) == TYPE_HOMEASSISTANT:
        return address == RECIPIENT_BACH or address.startswith(RECIPIENT_EVENT)
    return receives(entry.data)


def heard_as(entry: BachConfigEntry, writer: ConfigSubentry) -> Role | Literal["event"]:
    """The role of a recipient, or of a person in one, as it counts; `AS_EVENT`: automations hear it, and no more."""
    role = role_of(writer)
    if role is Role.NOTIFY_ONLY or not is_heard(entry, writer):
        return Role.NOTIFY_ONLY
    kind = entry.data.get(CONF_TYPE)
    is_proved = kind != TYPE_NTFY and (kind != TYPE_WEBHOOK or bool(writer.data.get(CONF_OWN_SECRET)))
    return role if is_proved else AS_EVENT
