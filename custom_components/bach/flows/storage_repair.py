"""Fix flow for a lost or replaced database: restart BACH with its saved copy, or with the file that is there now.

BACH refuses to write while the file is not the one it opened, and cannot decide by itself which is right.
"""

from pathlib import Path
from typing import Final

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers import issue_registry as ir

from bach_lib.runtime.recovery import has_saved_copy, put_saved_copy_back
from custom_components.bach.home.entry import connections
from custom_components.bach.kinds.markdown_escape import escape_links
from custom_components.bach.lifecycle.kept_entities import async_drop_kept_entities

_BEGUN: Final = (ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY, ConfigEntryState.SETUP_ERROR)
"""What may hold the database, also if it was not set up after a reload."""


class StorageFlow(RepairsFlow):
    """Fix flow that unloads all entries, optionally restores the saved copy, and sets them up again."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    async def async_step_init(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Offer the saved copy, if there is one, or the present file."""
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        saved = await self.hass.async_add_executor_job(has_saved_copy, self._path)
        return self.async_show_menu(
            step_id="init",
            menu_options=["saved", "present"] if saved else ["present"],
            description_placeholders=dict(issue.translation_placeholders or {}) if issue else {},
        )

    async def async_step_saved(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Restore the saved copy; the present file is kept beside it."""
        return await self._restart(use_saved=True)

    async def async_step_present(self, _: dict[str, str] | None = None) -> RepairsFlowResult:
        """Continue with the present file."""
        return await self._restart(use_saved=False)

    async def _restart(self, *, use_saved: bool) -> RepairsFlowResult:
        entries = [entry for entry in connections(self.hass, include_disabled=False) if entry.state in _BEGUN]
        for entry in entries:
            await self.hass.config_entries.async_unload(entry.entry_id)
            await async_drop_kept_entities(self.hass, entry)
        try:
            if use_saved:
                await self.hass.async_add_executor_job(put_saved_copy_back, self._path)
        except OSError as error:
            return self.async_abort(
                reason="refused", description_placeholders={"reason": escape_links(error.strerror or str(error))}
            )
        finally:
            for entry in entries:
                await self.hass.config_entries.async_setup(entry.entry_id)
        return self.async_create_entry(data={})
