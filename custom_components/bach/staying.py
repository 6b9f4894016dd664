"""Lets recipients take messages while their entry reloads.

Home Assistant's own `notify.send_message` says nothing when it finds no entity, and what it was to send is lost. So
when an entry is unloaded, its notify entities and the database stay until it shows whether that was the first half of a
reload: then the entry's lock is held until it is set up again. Whoever unloads only lets it go, and all is taken away.
"""

from homeassistant.components.notify import DATA_COMPONENT as NOTIFY_COMPONENT
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .hub import HUB

STAYING: HassKey[dict[str, CALLBACK_TYPE]] = HassKey(f"{DOMAIN}_staying")
"""By the id of an entry: what looks after the entities that are there, called when it is set up again."""

_KEPT: HassKey[dict[str, int]] = HassKey(f"{DOMAIN}_kept")
"""How often the database is held for an entry whose entities are kept just now, by its id."""


@callback
def async_look_again(hass: HomeAssistant, entry: ConfigEntry, look: CALLBACK_TYPE) -> None:
    """Call `look` if the entities of this entry stay over a reload."""
    hass.data.setdefault(STAYING, {})[entry.entry_id] = look


@callback
def async_stay(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Keep the notify entities of an entry that is being unloaded. Its other platforms have been unloaded."""
    hass.data[HUB].keep()
    kept = hass.data.setdefault(_KEPT, {})
    kept[entry.entry_id] = kept.get(entry.entry_id, 0) + 1
    hass.async_create_task(_see_what_comes(hass, entry), f"bach: {entry.title} reloads, or not")


async def async_has_stayed(hass: HomeAssistant, entry: ConfigEntry, *, has_entities: bool) -> bool:
    """Whether the entities are still there and looked after again; else they have to be set up.

    `has_entities`: whether the entry, as it is now, has any.
    """
    if entry.entry_id not in hass.data.get(_KEPT, {}):
        return False
    look = hass.data.get(STAYING, {}).get(entry.entry_id)
    if look is None or not has_entities:
        await async_leave(hass, entry)
        return False
    look()
    return True


async def async_leave(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the entities away now if they were kept, and let the database be closed."""
    await _end(hass, entry, is_over=True)


async def _see_what_comes(hass: HomeAssistant, entry: ConfigEntry) -> None:
    async with entry.setup_lock:  # a reload holds it until the entry is set up
        await _end(hass, entry, is_over=entry.state is not ConfigEntryState.LOADED)


async def _end(hass: HomeAssistant, entry: ConfigEntry, *, is_over: bool) -> None:
    holds = hass.data.get(_KEPT, {}).pop(entry.entry_id, 0)
    try:
        if holds and is_over:
            hass.data.get(STAYING, {}).pop(entry.entry_id, None)
            await hass.data[NOTIFY_COMPONENT].async_unload_entry(entry)
    finally:
        for _ in range(holds):
            await hass.data[HUB].release()
