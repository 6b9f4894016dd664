"""Keeps an entry's notify entities alive during a reload or a failed set-up, so that sending keeps working.

Home Assistant's own `notify.send_message` says nothing when it finds no entity, and the message is lost. So when an
entry is unloaded, its notify entities and the database stay until it is known whether that was the first half of a
reload, which holds the entry's lock until it is set up again. If the entry was only unloaded, all is taken away.

A failed set-up takes nothing away either: the entities stay until one succeeds. An entry without entities is given
them, so that whoever sends is told why nothing can be queued.
"""

from dataclasses import dataclass

from homeassistant.components.notify import DATA_COMPONENT as NOTIFY_COMPONENT
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util.hass_dict import HassKey

from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.entity import connection_device
from custom_components.bach.home.hub import HUB
from custom_components.bach.kinds.webhook import sends

STAYING: HassKey[dict[str, CALLBACK_TYPE]] = HassKey(f"{DOMAIN}_staying")
"""By the id of an entry: what looks after the entities that are there, called when it is set up again."""


@dataclass(slots=True)
class _Kept:
    """The kept entities of an entry: `holds` on the database, and `stop`, which unsubscribes from the entry's state."""

    stop: CALLBACK_TYPE
    holds: int = 0


_KEPT: HassKey[dict[str, _Kept]] = HassKey(f"{DOMAIN}_kept")
"""By the id of the entry."""

_FAILED = (ConfigEntryState.SETUP_RETRY, ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_IN_PROGRESS)
"""What still wants to be set up, or waits for somebody who mends it."""


@callback
def async_on_resume(hass: HomeAssistant, entry: BachConfigEntry, look: CALLBACK_TYPE) -> None:
    """Register `look`, which is called if the entities of this entry survive a reload."""
    hass.data.setdefault(STAYING, {})[entry.entry_id] = look


@callback
def async_keep_entities(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Keep the notify entities of an entry that is being unloaded; its other platforms are unloaded already."""
    hass.data[HUB].keep()
    _keep(hass, entry).holds += 1
    _see_what_comes(hass, entry)


async def async_add_standby_entities(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Add the notify entities of an entry whose set-up failed, unless they are there."""
    if entry.entry_id in hass.data.get(_KEPT, {}) or not sends(entry.data) or hass.is_stopping:
        return
    dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, **connection_device(entry))
    await hass.config_entries.async_forward_entry_setups(entry, [Platform.NOTIFY])
    _keep(hass, entry)


async def async_resume_kept_entities(hass: HomeAssistant, entry: BachConfigEntry, *, has_entities: bool) -> bool:
    """Take over kept entities at set-up; False if there are none, and the platform has to be set up.

    `has_entities`: whether the entry can still send at all.
    """
    if entry.entry_id not in hass.data.get(_KEPT, {}):
        return False
    look = hass.data.get(STAYING, {}).get(entry.entry_id)
    if look is None or not has_entities:
        await async_drop_kept_entities(hass, entry)
        return False
    look()
    return True


async def async_drop_kept_entities(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Remove the kept entities now, and release the database."""
    await _end(hass, entry, is_over=True)


def _keep(hass: HomeAssistant, entry: BachConfigEntry) -> _Kept:
    kept = hass.data.setdefault(_KEPT, {})
    if (found := kept.get(entry.entry_id)) is None:

        @callback
        def changed() -> None:
            if entry.state not in _FAILED:
                _see_what_comes(hass, entry)

        found = kept[entry.entry_id] = _Kept(entry.async_on_state_change(changed))
    return found


@callback
def _see_what_comes(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Once a reload is over, remove the entities unless the entry is loaded again."""

    async def see() -> None:
        async with entry.setup_lock:  # a reload holds it until the entry is set up
            if entry.state not in _FAILED:
                await _end(hass, entry, is_over=entry.state is not ConfigEntryState.LOADED)

    hass.async_create_task(see(), f"bach: {entry.title} reloads, or not")


async def _end(hass: HomeAssistant, entry: BachConfigEntry, *, is_over: bool) -> None:
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
