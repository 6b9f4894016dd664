"""Keeps the notify entities of an entry over a reload, or a set-up that fails, so that they go on taking messages.

Home Assistant's own `notify.send_message` says nothing when it finds no entity, and what it was to send is lost. So
when an entry is unloaded, its notify entities and the database stay until it shows whether that was the first half of a
reload: then the entry's lock is held until it is set up again. If it was only unloaded, all is taken away.

A set-up that fails takes nothing away either: they stay until one succeeds. An entry that has none yet is given them,
so that who sends is told why nothing can be kept.
"""

from dataclasses import dataclass

from homeassistant.components.notify import DATA_COMPONENT as NOTIFY_COMPONENT
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util.hass_dict import HassKey

from custom_components.bach.const import DOMAIN
from custom_components.bach.entity import connection_device
from custom_components.bach.home.hub import HUB
from custom_components.bach.kinds.webhook import sends

STAYING: HassKey[dict[str, CALLBACK_TYPE]] = HassKey(f"{DOMAIN}_staying")
"""By the id of an entry: what looks after the entities that are there, called when it is set up again."""


@dataclass(slots=True)
class _Kept:
    """Entities that are kept: how often the database is held for them, and what ends to follow the entry's state."""

    stop: CALLBACK_TYPE
    holds: int = 0


_KEPT: HassKey[dict[str, _Kept]] = HassKey(f"{DOMAIN}_kept")
"""By the id of the entry."""

_FAILED = (ConfigEntryState.SETUP_RETRY, ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_IN_PROGRESS)
"""What still wants to be set up, or waits for somebody who mends it."""


@callback
def async_on_resume(hass: HomeAssistant, entry: ConfigEntry, look: CALLBACK_TYPE) -> None:
    """Call `look` if the entities of this entry stay over a reload."""
    hass.data.setdefault(STAYING, {})[entry.entry_id] = look


@callback
def async_keep_entities(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Keep the notify entities of an entry that is being unloaded. Its other platforms have been unloaded."""
    hass.data[HUB].keep()
    _keep(hass, entry).holds += 1
    _see_what_comes(hass, entry)


async def async_add_standby_entities(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Give an entry that is not being set up after all the notify entities it would have, unless they are there."""
    if entry.entry_id in hass.data.get(_KEPT, {}) or not sends(entry.data) or hass.is_stopping:
        return
    dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **connection_device(entry))
    await hass.config_entries.async_forward_entry_setups(entry, [Platform.NOTIFY])
    _keep(hass, entry)


async def async_resume_kept_entities(hass: HomeAssistant, entry: ConfigEntry, *, has_entities: bool) -> bool:
    """Whether the entities are still there and looked after again; else they have to be set up.

    `has_entities`: whether the entry, as it is now, has any.
    """
    if entry.entry_id not in hass.data.get(_KEPT, {}):
        return False
    look = hass.data.get(STAYING, {}).get(entry.entry_id)
    if look is None or not has_entities:
        await async_drop_kept_entities(hass, entry)
        return False
    look()
    return True


async def async_drop_kept_entities(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the entities away now if they were kept, and let the database be closed."""
    await _end(hass, entry, is_over=True)


def _keep(hass: HomeAssistant, entry: ConfigEntry) -> _Kept:
    kept = hass.data.setdefault(_KEPT, {})
    if (found := kept.get(entry.entry_id)) is None:

        @callback
        def changed() -> None:
            if entry.state not in _FAILED:
                _see_what_comes(hass, entry)

        found = kept[entry.entry_id] = _Kept(entry.async_on_state_change(changed))
    return found


@callback
def _see_what_comes(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Let the entities go when the entry has; or look after them no more when it is at work again."""

    async def see() -> None:
        async with entry.setup_lock:  # a reload holds it until the entry is set up
            if entry.state not in _FAILED:
                await _end(hass, entry, is_over=entry.state is not ConfigEntryState.LOADED)

    hass.async_create_task(see(), f"bach: {entry.title} reloads, or not")


async def _end(hass: HomeAssistant, entry: ConfigEntry, *, is_over: bool) -> None:
    if (kept := hass.data.get(_KEPT, {}).pop(entry.entry_id, None)) is None:
        return
    kept.stop()
    try:
        if is_over:
            hass.data.get(STAYING, {}).pop(entry.entry_id, None)
            await hass.data[NOTIFY_COMPONENT].async_unload_entry(entry)
    finally:
        for _ in range(kept.holds):
            await hass.data[HUB].release()
