"""Reads connection state and circuit breaker state of an entry from memory, for triggers and conditions.

They run in the event loop and must work for entries that are not loaded.
"""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from bach_lib import BreakerState, ConnectionState, Direction
from bach_lib.errors import NotOpenError, UnknownConnectionError
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry


@callback
def loaded_entry(hass: HomeAssistant, entry_id: str) -> BachConfigEntry | None:
    """The entry if it is one of BACH and loaded."""
    entry: BachConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
        return None
    return entry


@callback
def connection_state(hass: HomeAssistant, entry_id: str, direction: Direction) -> ConnectionState | None:
    """The state of one direction; None if the entry is not loaded."""
    if (entry := loaded_entry(hass, entry_id)) is None:
        return None
    coordinator = entry.runtime_data
    try:
        return coordinator.bach.health(coordinator.connection, direction).state
    except NotOpenError, UnknownConnectionError:  # Home Assistant stops, or the row has been removed by another way
        return None


@callback
def breaker_state(hass: HomeAssistant, entry_id: str) -> BreakerState | None:
    """The state of the circuit breaker; None if the entry is not loaded."""
    if (entry := loaded_entry(hass, entry_id)) is None:
        return None
    coordinator = entry.runtime_data
    try:
        return coordinator.bach.breaker(coordinator.connection)
    except NotOpenError, UnknownConnectionError:
        return None
