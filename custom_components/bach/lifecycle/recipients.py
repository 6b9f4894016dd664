"""Adds entities of recipients while the entry is loaded, without a reload.

During a reload Home Assistant's own `notify.send_message` would find no entity, and what it was to send would be lost.
"""

from collections.abc import Callable

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.bach.const import DOMAIN, SUBENTRY_ALERT
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.entity import recipient_device
from custom_components.bach.home.recipient_subentries import people_subentries, recipient_subentries


@callback
def async_add_for_recipients(
    hass: HomeAssistant,
    entry: BachConfigEntry,
    add: AddConfigEntryEntitiesCallback,
    make: Callable[[HomeAssistant, BachConfigEntry, ConfigSubentry], Entity],
    has_one: Callable[[ConfigSubentry], bool] = lambda _: True,
    *,
    those: Callable[[BachConfigEntry], list[ConfigSubentry]] = recipient_subentries,
    is_there: Callable[[str], bool] = lambda _: True,
) -> CALLBACK_TYPE:
    """Add an entity for each recipient that `has_one`, now and whenever one is added, until the entry is unloaded.

    `those`: other sub-entries than recipients. Returns a function that starts this anew for entities that survive a
    reload; `is_there` tells whether the entity of a subentry id has.
    """
    known = frozenset[str]()

    @callback
    def look() -> None:
        nonlocal known
        recipients = [one for one in those(entry) if has_one(one)]
        new = [subentry for subentry in recipients if subentry.subentry_id not in known]
        known = frozenset(subentry.subentry_id for subentry in recipients)
        for subentry in new:
            add([make(hass, entry, subentry)], config_subentry_id=subentry.subentry_id)

    @callback
    def follow() -> None:
        nonlocal known
        known = frozenset(filter(is_there, known))
        async_follow_subentries(hass, entry, look)

    follow()
    return follow


@callback
def async_follow_subentries(hass: HomeAssistant, entry: BachConfigEntry, look: CALLBACK_TYPE) -> None:
    """Call `look` now and after each change of recipients or people, until the entry is unloaded."""
    entry.async_on_unload(async_dispatcher_connect(hass, _signal(entry), look))
    look()


@callback
def async_tell_of_subentries(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Announce changed recipients or people, and update their devices."""
    devices = dr.async_get(hass)
    alerts = entry.get_subentries_of_type(SUBENTRY_ALERT)
    for subentry in (*recipient_subentries(entry), *people_subentries(entry), *alerts):
        devices.async_get_or_create(  # takes over a new name
            config_entry_id=entry.entry_id,
            config_subentry_id=subentry.subentry_id,
            **recipient_device(hass, entry, subentry),
        )
    async_dispatcher_send(hass, _signal(entry))


def _signal(entry: BachConfigEntry) -> str:
    return f"{DOMAIN}_subentries_{entry.entry_id}"
