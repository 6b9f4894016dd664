"""Looks a typed address up on the platform before it is kept, where the platform can say what is there.

An unknown id would become a dead letter with the first message. A platform that cannot be asked now stops nobody.
"""

from collections.abc import Mapping
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TYPE

from bach_lib import BachError, Fault
from custom_components.bach.const import TYPE_DISCORD, TYPE_SIGNAL, TYPE_TELEGRAM
from custom_components.bach.coordinator import BachConfigEntry

_CAN_SAY: Final[Mapping[str, tuple[str, ...]]] = {
    TYPE_DISCORD: ("",),
    TYPE_SIGNAL: ("+", "group."),
    TYPE_TELEGRAM: ("",),
}
"""How addresses begin of which a platform can say whether they lead anywhere; Signal's server cannot of ids."""


def can_say(entry: BachConfigEntry) -> bool:
    """Whether the platform tells of an address what is there."""
    return entry.data[CONF_TYPE] in _CAN_SAY


async def async_look_up(entry: BachConfigEntry, recipient: str) -> tuple[str, str] | str | None:
    """The kind of place behind the address, None if nobody says; or what speaks against it, and the reason."""
    if not recipient.startswith(_CAN_SAY.get(entry.data[CONF_TYPE], ())):
        return None
    if entry.state is not ConfigEntryState.LOADED:
        return "cannot_ask", "the connection is not running"
    try:
        found = await entry.runtime_data.bach.find(entry.runtime_data.connection, recipient)
    except BachError as error:
        return "cannot_ask", str(error)
    if isinstance(found, Fault):
        return "cannot_ask", found.text
    return found[0].kind if found else ("unknown_recipient", "")
