"""Hands a bot over in an order in which nothing can be lost, whatever fails in between.

The old entry is stopped, not disabled, before BACH begins: two programs that receive for one bot disturb each other,
and if Home Assistant is killed at this moment, the old bot is back after the start. Only when BACH's connection works,
the old entry is disabled. If it does not, BACH's is removed and the old one runs again.
"""

import asyncio
from contextlib import suppress

from homeassistant.components.notify import DOMAIN as NOTIFY
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState, OperationNotAllowed
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from bach_lib import ConnectionState
from custom_components.bach.const import CONF_RECEIVING, CONF_RECIPIENT, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import notify_unique_id
from custom_components.bach.kinds.settings import whole

from .core_entries import Found


async def async_stop(hass: HomeAssistant, found: Found) -> bool:
    """Stop the old entry where it must not run beside BACH; whether it has stopped."""
    if not found.is_stopped_first:
        return True
    try:
        return await hass.config_entries.async_unload(found.entry_id)
    except OperationNotAllowed:  # it is in the middle of starting, or could not be stopped before
        return False


async def async_put_back(hass: HomeAssistant, found: Found, entry: BachConfigEntry) -> None:
    """Remove BACH's connection, and let the old entry run again."""
    await hass.config_entries.async_remove(entry.entry_id)
    old = hass.config_entries.async_get_entry(found.entry_id)
    if old and not old.disabled_by and old.state is ConfigEntryState.NOT_LOADED:
        await hass.config_entries.async_setup(found.entry_id)


async def async_works(entry: BachConfigEntry, seconds: float) -> bool:
    """Whether BACH's new connection gets to work within this time: receives, or sends where it only sends."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    coordinator, settled = entry.runtime_data, asyncio.Event()
    receives = whole(entry).get(CONF_RECEIVING, True)

    def state() -> ConnectionState:
        return (coordinator.data.receiving if receives else coordinator.data.sending).state

    @callback
    def look() -> None:
        if state() in {ConnectionState.CONNECTED, ConnectionState.AUTH_FAILED}:
            settled.set()

    stop_looking = coordinator.async_add_listener(look)
    try:
        look()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await settled.wait()
    finally:
        stop_looking()
    return state() is ConnectionState.CONNECTED


async def async_retire(hass: HomeAssistant, found: Found, entry: BachConfigEntry) -> None:
    """Disable the old entry, and give the ids of its notify entities to BACH's: what calls those goes on."""
    await hass.config_entries.async_set_disabled_by(found.entry_id, ConfigEntryDisabler.USER)
    ours = {one.data[CONF_RECIPIENT]: one.subentry_id for one in entry.subentries.values()}
    for chat in found.chats:
        if chat.entity_id:
            _hand_over_id(hass, chat.entity_id, notify_unique_id(entry, ours[chat.recipient]), found.origin)


@callback
def _hand_over_id(hass: HomeAssistant, entity_id: str, unique_id: str, origin: str) -> None:
    registry = er.async_get(hass)
    new = registry.async_get_entity_id(NOTIFY, DOMAIN, unique_id)
    if new is None or registry.async_get(entity_id) is None:
        return
    aside = registry.async_get_available_entity_id(NOTIFY, f"{entity_id.partition('.')[2]}_{origin}")
    hass.states.async_remove(entity_id)  # as "unavailable" it would keep the id
    registry.async_update_entity(entity_id, new_entity_id=aside)
    registry.async_update_entity(new, new_entity_id=entity_id)
