"""Switch that pauses a connection; messages sent meanwhile wait in the queue.

For maintenance: nothing is lost and no entity becomes unavailable.
"""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import BachConfigEntry
from .entity import BachEntity
from .home.errors import translated_errors

PARALLEL_UPDATES = 0

ENABLED = SwitchEntityDescription(key="enabled", translation_key="enabled", entity_category=EntityCategory.CONFIG)


async def async_setup_entry(
    hass: HomeAssistant, entry: BachConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switch of a connection."""
    async_add_entities([BachSwitch(entry.runtime_data, ENABLED)])


class BachSwitch(BachEntity, SwitchEntity):
    """Switch that is on while the connection is active; the state is in the database and survives a restart."""

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.data.is_active

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self._set_active(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self._set_active(False)

    async def _set_active(self, is_active: bool) -> None:
        with translated_errors(self.hass):
            await self.coordinator.bach.registry.update(self.coordinator.connection, is_active=is_active)
