"""Hands a bot over in an order in which nothing can be lost, whatever fails in between.

The old entry is stopped, not disabled, before BACH begins: two programs that receive for one bot disturb each other,
and if Home Assistant is killed at this moment, the old bot is back after the start. Only when BACH's connection works,
the old entry is disabled. If it does not, BACH's is removed and the old one runs again.
"""

import asyncio
from contextlib import suppress
from typing import Final

from homeassistant.components.notify import DOMAIN as NOTIFY
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState, OperationNotAllowed
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from bach_lib import ConnectionState, Direction, Fault, Health
from bach_lib.events import ConnectionChanged
from custom_components.bach.const import CONF_BOT_TOKEN, CONF_RECEIVING, CONF_RECIPIENT, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import notify_unique_id
from custom_components.bach.home.recipient_subentries import recipient_subentries
from custom_components.bach.kinds.settings import whole

from .core_entries import Found
from .unlogged import unlogged

_SETTLED: Final = frozenset({ConnectionState.CONNECTED, ConnectionState.AUTH_FAILED})
_CONFLICT: Final = "conflict"
"""Another program receives for this bot, beside the one that was stopped. Waiting does not change that."""


async def async_stop(hass: HomeAssistant, found: Found) -> bool:
    """Stop the old entry where it must not run beside BACH; whether it has stopped."""
    if not found.is_stopped_first or found.entry_id is None:
        return True
    try:
        with unlogged(str(found.data[CONF_BOT_TOKEN])):
            return await hass.config_entries.async_unload(found.entry_id)
    except OperationNotAllowed:  # it is in the middle of starting, or could not be stopped before
        return False


async def async_put_back(hass: HomeAssistant, found: Found, entry: BachConfigEntry) -> None:
    """Remove BACH's connection, and let the old entry run again."""
    await hass.config_entries.async_remove(entry.entry_id)
    old = hass.config_entries.async_get_entry(found.entry_id) if found.entry_id else None
    if old and not old.disabled_by and old.state is ConfigEntryState.NOT_LOADED:
        await hass.config_entries.async_setup(old.entry_id)


async def async_works(entry: BachConfigEntry, seconds: float) -> Fault | None:
    """Wait until BACH's new connection works: receives, or sends where it only sends. None if it does, or why not."""
    if entry.state is not ConfigEntryState.LOADED:
        return Fault(code="not_set_up", text=entry.reason or "")
    coordinator, settled = entry.runtime_data, asyncio.Event()
    direction = Direction.RECEIVING if whole(entry).get(CONF_RECEIVING, True) else Direction.SENDING

    def health() -> Health:
        return coordinator.bach.health(coordinator.connection, direction)

    @callback
    def look(_: ConnectionChanged | None = None) -> None:
        fault = health().fault
        if health().state in _SETTLED or (fault and fault.code == _CONFLICT):
            settled.set()

    stop_looking = coordinator.bach.subscribe(ConnectionChanged, look)
    try:
        look()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await settled.wait()
    finally:
        stop_looking()
    if health().state is ConnectionState.CONNECTED:
        return None
    return health().fault or Fault(code="timeout", text="")


async def async_retire(hass: HomeAssistant, found: Found, entry: BachConfigEntry) -> None:
    """Disable the old entry, and give the ids of its notify entities to BACH's: what calls those goes on."""
    if found.entry_id is None:
        return
    with suppress(OperationNotAllowed):  # it is disabled, but only a restart stops it
        await hass.config_entries.async_set_disabled_by(found.entry_id, ConfigEntryDisabler.USER)
    ours = {one.data[CONF_RECIPIENT]: one.subentry_id for one in recipient_subentries(entry)}
    for chat in found.chats:
        if chat.entity_id and (subentry_id := ours.get(chat.recipient)):
            _hand_over_id(hass, chat.entity_id, notify_unique_id(entry, subentry_id), found.origin)


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
