"""Fix flow where Home Assistant's own bot and BACH receive for the same account: the old one is handed over.

That is how both stand after a crash in the middle of taking over, or where somebody typed the same token in twice.
"""

from typing import override

from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.markdown_escape import with_escaped
from custom_components.bach.taking_over.core_entries import rival_of
from custom_components.bach.taking_over.handover import async_retire, async_stop

from .confirmed_repair import ConfirmedRepairFlow


class RivalFlow(ConfirmedRepairFlow):
    """Fix flow that disables the old entry."""

    gone = "no_rival"

    @override
    def words(self, entry: BachConfigEntry) -> dict[str, str] | None:
        found = rival_of(self.hass, entry)
        return with_escaped({"name": entry.title, "other": found.title}) if found else None

    @override
    async def work(self, entry: BachConfigEntry) -> None:
        if found := rival_of(self.hass, entry):
            await async_stop(self.hass, found)
            await async_retire(self.hass, found, entry)
