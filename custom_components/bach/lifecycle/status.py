"""The state of a connection and of its circuit breaker, from memory, for triggers and conditions."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from bach_lib import BreakerState, ConnectionState, Direction
from bach_lib.errors import NotOpenError, UnknownConnectionError
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry


@callback
def loaded_entry(hass: HomeAssistant, entry_id: str) -> BachConfigEntry | None:
    """The entry, if its connection can be asked."""
    entry: BachConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
        return None
    return entry


@callback
def connection_state(hass: HomeAssistant, entry_id: str, direction: Direction) -> ConnectionState | None:
    """How one direction stands; None if the entry is not loaded."""
    if (entry := loaded_entry(hass, entry_id)) is None:
        return None
    coordinator = entry.runtime_data
    try:
        return coordinator.bach.health(coordinator.connection, direction).state
    except NotOpenError, UnknownConnectionError:  # Home Assistant stops, or the row has been removed by another way
        return None


@callback
def breaker_state(hass: HomeAssistant, entry_id: str) -> BreakerState | None:
    """How the circuit breaker stands; None if the entry is not loaded."""
    if (entry := loaded_entry(hass, entry_id)) is None:
        return None
    coordinator = entry.runtime_data
    try:
        return coordinator.bach.breaker(coordinator.connection)
    except NotOpenError, UnknownConnectionError:
        return None
