"""Says in Home Assistant that the database can be written no more, and puts a saved copy in its place with a click."""

from pathlib import Path
from typing import Final

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from bach_lib import Bach, Fault
from bach_lib.errors import StoreLostError
from bach_lib.events import StorageChanged
from bach_lib.lost_and_found import has_saved_copy, put_saved_copy_back

from .const import DOMAIN

STORAGE: Final = "storage"
"""The key of the repair, and its id."""


@callback
def async_report_storage(hass: HomeAssistant, bach: Bach, path: Path) -> CALLBACK_TYPE:
    """Keep a repair as long as the database cannot be written, until the returned function is called."""

    @callback
    def report(fault: Fault | None) -> None:
        if fault is None:
            ir.async_delete_issue(hass, DOMAIN, STORAGE)
            return
        is_lost = fault.code == StoreLostError.code
        ir.async_create_issue(
            hass,
            DOMAIN,
            STORAGE,
            data={"path": str(path)},
            is_fixable=is_lost,
            severity=ir.IssueSeverity.ERROR,
            translation_key="storage_lost" if is_lost else "storage_failed",
            translation_placeholders={"reason": fault.text},
        )

    stop = bach.subscribe(StorageChanged, lambda event: report(event.fault))
    report(bach.storage_fault)

    @callback
    def end() -> None:
        stop()
        ir.async_delete_issue(hass, DOMAIN, STORAGE)

    return end


class StorageFlow(RepairsFlow):
    """Starts BACH again, with what was saved or with what lies there now."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:  # noqa: ARG002
        """Ask what to do."""
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        saved = await self.hass.async_add_executor_job(has_saved_copy, self._path)
        return self.async_show_menu(
            step_id="init",
            menu_options=["saved", "present"] if saved else ["present"],
            description_placeholders=dict(issue.translation_placeholders or {}) if issue else {},
        )

    async def async_step_saved(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:  # noqa: ARG002
        """Put the saved copy in its place; what lies there is kept beside it."""
        return await self._restart(use_saved=True)

    async def async_step_present(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:  # noqa: ARG002
        """Go on with what lies there."""
        return await self._restart(use_saved=False)

    async def _restart(self, *, use_saved: bool) -> RepairsFlowResult:
        entries = [
            entry
            for entry in self.hass.config_entries.async_entries(DOMAIN, include_disabled=False)
            if entry.state in (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY)
        ]
        for entry in entries:
            await self.hass.config_entries.async_unload(entry.entry_id)
        try:
            if use_saved:
                await self.hass.async_add_executor_job(put_saved_copy_back, self._path)
        except OSError as error:
            return self.async_abort(reason="refused", description_placeholders={"reason": error.strerror or str(error)})
        finally:
            for entry in entries:
                await self.hass.config_entries.async_setup(entry.entry_id)
        return self.async_create_entry(data={})
