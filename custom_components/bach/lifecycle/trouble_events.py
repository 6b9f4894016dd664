"""Fires an event when a connection stops working, which the Activity shows as a line with the reason.

The binary sensors have the reason in their attributes as well, but nobody sees those without looking for them.
"""

from datetime import datetime
from typing import Final

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later

from bach_lib import ConnectionState, Direction
from custom_components.bach.const import DOMAIN, EVENT_TROUBLE
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.entity import connection_device_id
from custom_components.bach.home.language import in_home_language

BOTH: Final = "both"
"""That neither direction works, or that what has only one does not."""

_WRONG: Final = frozenset({ConnectionState.DISCONNECTED, ConnectionState.AUTH_FAILED})
_SECONDS: Final = 3.0
"""Both directions fail one after the other."""
_MAX_REASON: Final = 200


@callback
def async_tell_of_trouble(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Fire an event whenever sending or receiving begins to fail, until the entry is unloaded.

    If both fail it is one event, as the Activity would say the same thing twice. It is not fired again before that
    direction has recovered, however the reason changes: a line for each failed check would be many.
    """
    trouble = _Trouble(hass, entry)
    entry.async_on_unload(entry.runtime_data.async_add_listener(trouble.look))
    entry.async_on_unload(trouble.stop)
    trouble.look()


class _Trouble:
    """Tracks which directions of an entry's connection fail, and which of those were announced."""

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._told = frozenset[Direction]()
        self._waiting: CALLBACK_TYPE | None = None

    @callback
    def look(self) -> None:
        """Forget recovered directions, and schedule the event if others have failed."""
        now = self._now()
        self._told &= now
        if now > self._told and self._waiting is None:
            self._waiting = async_call_later(self._hass, _SECONDS, self._tell)

    @callback
    def stop(self) -> None:
        """Cancel the scheduled event."""
        if self._waiting:
            self._waiting()
            self._waiting = None

    def _now(self) -> frozenset[Direction]:
        """The directions that fail now."""
        health = {Direction.SENDING: self._entry.runtime_data.data.sending}
        if not self._entry.runtime_data.is_partner:
            health[Direction.RECEIVING] = self._entry.runtime_data.data.receiving
        return frozenset(direction for direction, one in health.items() if one.state in _WRONG)

    @callback
    def _tell(self, _: datetime) -> None:
        self._waiting = None
        now, is_partner = self._now(), self._entry.runtime_data.is_partner
        if not (new := now - self._told):
            return
        self._told = now
        direction = Direction.SENDING if Direction.SENDING in new else Direction.RECEIVING
        snapshot = self._entry.runtime_data.data
        health = snapshot.sending if direction is Direction.SENDING else snapshot.receiving
        key = "reachable" if is_partner else direction.value
        unique_id = f"{self._entry.entry_id}_{key}"
        self._hass.bus.async_fire(
            EVENT_TROUBLE,
            {
                "config_entry_id": self._entry.entry_id,
                "name": self._entry.title,
                "direction": BOTH if is_partner or len(new) == len(Direction) else direction.value,
                "state": health.state.value,
                "error": in_home_language(self._hass, health.fault.text)[:_MAX_REASON] if health.fault else None,
                "error_code": health.fault.code if health.fault else None,
                "entity_id": er.async_get(self._hass).async_get_entity_id(BINARY_SENSOR_DOMAIN, DOMAIN, unique_id),
                "device_id": connection_device_id(self._hass, self._entry),
            },
        )
