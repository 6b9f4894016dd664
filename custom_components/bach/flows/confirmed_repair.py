"""Base class of the repair flows that explain themselves on one page, and do on confirmation what they say.

Home Assistant hands the data of the issue to the first step as if somebody had submitted them. So the page is a step of
its own: otherwise all would be done as soon as somebody opens the repair.
"""

from abc import abstractmethod

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult

from custom_components.bach.coordinator import BachConfigEntry


class ConfirmedRepairFlow[T](RepairsFlow):
    """A repair of one config entry, with one page. `T`: what is to be mended."""

    gone: str = "entry_not_loaded"
    """Why there is nothing to do any more."""

    def __init__(self, entry_id: str) -> None:
        self._entry_id = entry_id

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Begin with the page."""
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Explain, and on confirmation do it."""
        entry: BachConfigEntry | None = self.hass.config_entries.async_get_entry(self._entry_id)
        found = self.find(entry) if entry else None
        if entry is None or found is None:
            return self.async_abort(reason=self.gone)
        if user_input is None:
            return self.async_show_form(step_id="confirm", description_placeholders=self.words(entry, found))
        await self.work(entry, found)
        return self.async_create_entry(data={})

    @abstractmethod
    def find(self, entry: BachConfigEntry) -> T | None:
        """What is to be mended; None: nothing any more."""

    @abstractmethod
    def words(self, entry: BachConfigEntry, found: T) -> dict[str, str]:
        """What the page says in its places."""

    @abstractmethod
    async def work(self, entry: BachConfigEntry, found: T) -> None:
        """Mend it."""
