"""Whether a typed address leads anywhere: asked of the platform before it is kept, where the platform can say.

An unknown id would become a dead letter with the first message. A platform that cannot be asked now stops nobody.
"""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TYPE

from bach_lib import BachError, Fault

from .const import TYPE_TELEGRAM
from .coordinator import BachConfigEntry

_CAN_SAY = frozenset({TYPE_TELEGRAM})
"""Whose `find` knows a place by its address, and knows all that can be written to."""


async def async_doubt(entry: BachConfigEntry, recipient: str) -> tuple[str, str] | None:
    """What to say of the address, and the reason; None if nothing speaks against it."""
    if entry.data[CONF_TYPE] not in _CAN_SAY:
        return None
    if entry.state is not ConfigEntryState.LOADED:
        return "cannot_ask", "the connection is not running"
    try:
        found = await entry.runtime_data.bach.find(entry.runtime_data.connection, recipient)
    except BachError as error:
        return "cannot_ask", str(error)
    if isinstance(found, Fault):
        return "cannot_ask", found.text
    return None if found else ("unknown_recipient", "")
