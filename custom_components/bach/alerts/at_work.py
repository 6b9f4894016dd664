"""Keeps all alerts of a connection at work while it is set up, and follows how people change them."""

import logging
from functools import partial
from typing import Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.signal_type import SignalType

from bach_lib import BachError
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.lifecycle.recipients import async_follow_subentries

from .alert import alerts_of, read_alert
from .keeper import AlertKeeper
from .remembered import Episodes

_LOGGER = logging.getLogger(__name__)
KEEPERS: Final[HassKey[dict[str, AlertKeeper]]] = HassKey(f"{DOMAIN}_alerts")
"""By the ids of their sub-entries."""
SIGNAL_ALERT: Final[SignalType[str]] = SignalType(f"{DOMAIN}_alert")
"""The id of the sub-entry of an alert that stands otherwise now."""


async def async_keep_alerts(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Take all up as they stood, until the entry is unloaded. Raises a `BachError`."""
    await (at_work := _AtWork(hass, entry)).begin()
    entry.async_on_unload(at_work.close)
    async_follow_subentries(hass, entry, at_work.look)


class _AtWork:
    """The alerts of one connection."""

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry) -> None:
        self._hass, self._entry, self._episodes = hass, entry, Episodes(hass)
        self._keepers = hass.data.setdefault(KEEPERS, {})

    async def begin(self) -> None:
        """Read how they stood. Raises a `BachError`."""
        await self._episodes.load()
        for one in alerts_of(self._entry):
            await self._add(one)

    @callback
    def look(self) -> None:
        """Some were added, changed or removed."""
        found = {one.subentry_id: one for one in alerts_of(self._entry)}
        for alert_id in self._keepers.keys() - found.keys():
            self._hass.async_create_task(self._remove(self._keepers.pop(alert_id)))
        for alert_id, one in found.items():
            if keeper := self._keepers.get(alert_id):
                keeper.change(read_alert(one))
            else:
                self._hass.async_create_task(self._add(one))

    @callback
    def close(self) -> None:
        """Watch nothing any more."""
        while self._keepers:
            self._keepers.popitem()[1].close()

    async def _add(self, subentry: ConfigSubentry) -> None:
        keeper = self._keepers[subentry.subentry_id] = AlertKeeper(self._hass, read_alert(subentry), self._episodes)
        keeper.tell = partial(async_dispatcher_send, self._hass, SIGNAL_ALERT, subentry.subentry_id)
        await keeper.begin()

    async def _remove(self, keeper: AlertKeeper) -> None:
        try:
            await keeper.remove()
        except BachError as error:
            _LOGGER.warning("What an alert that was removed has told goes on: %s", error)


async def async_forget_alerts(hass: HomeAssistant) -> None:
    """The connection of all alerts was removed."""
    await Episodes(hass).remove()
