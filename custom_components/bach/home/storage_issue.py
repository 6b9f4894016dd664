"""Keeps an issue while the database cannot be written.

Messages are refused then, and a person has to act: free disk space, or choose a copy of a damaged file.
"""

from pathlib import Path
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from bach_lib import Bach, BachError, Fault
from bach_lib.errors import StoreLostError
from bach_lib.events import StorageChanged
from custom_components.bach.const import DOMAIN
from custom_components.bach.kinds.markdown_escape import escape_links

from .language import in_home_language

STORAGE: Final = "storage"
"""The key of the repair, and its id."""


@callback
def async_report_unopened(hass: HomeAssistant, error: BachError) -> None:
    """Create the issue for a database on a server that cannot be opened; it goes when it can."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        STORAGE,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="storage_unopened",
        translation_placeholders={"reason": escape_links(in_home_language(hass, error.sentence))},
    )


@callback
def async_report_storage(hass: HomeAssistant, bach: Bach, path: Path) -> CALLBACK_TYPE:
    """Create and delete the issue as the storage fault changes, until the returned function is called."""

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
            translation_placeholders={"reason": escape_links(in_home_language(hass, fault.text))},
        )

    stop = bach.subscribe(StorageChanged, lambda event: report(event.fault))
    report(bach.storage_fault)

    @callback
    def end() -> None:
        stop()
        ir.async_delete_issue(hass, DOMAIN, STORAGE)

    return end


@callback
def async_forget_storage(hass: HomeAssistant) -> None:
    """Delete the issue, as nobody opens the database any more."""
    ir.async_delete_issue(hass, DOMAIN, STORAGE)
