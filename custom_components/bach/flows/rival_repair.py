"""Fix flow where Home Assistant's own bot and BACH receive for the same account: the old one is handed over.

That is how both stand after a crash in the middle of taking over, or where somebody typed the same token in twice.
"""

from typing import override

from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.markdown_escape import with_escaped
from custom_components.bach.taking_over.core_entries import Found, rival_of
from custom_components.bach.taking_over.handover import async_retire, async_stop

from .confirmed_repair import ConfirmedRepairFlow


class RivalFlow(ConfirmedRepairFlow[Found]):
    """Fix flow that disables the old entry."""

    gone = "no_rival"

    @override
    def find(self, entry: BachConfigEntry) -> Found | None:
        return rival_of(self.hass, entry)

    @override
    def words(self, entry: BachConfigEntry, found: Found) -> dict[str, str]:
        return with_escaped({"name": entry.title, "other": found.title})

    @override
    async def work(self, entry: BachConfigEntry, found: Found) -> None:
        await async_stop(self.hass, found)
        await async_retire(self.hass, found, entry)
