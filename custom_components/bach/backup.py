"""Backup platform: puts the database into append-only mode while Home Assistant's backup copies the files.

The backup reads the files one after the other, and fails as a whole if one of them shrinks or vanishes. So until it is
done the files only grow, and BACH keeps working. An error in here is logged and never raised: the home's backup is
worth more than ours.

A database on a PostgreSQL server is in no backup of Home Assistant: there is nothing to hold still, and it is backed up
on its server. The dialog in which it is named says so.
"""

import asyncio
import logging

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from bach_lib import BachError

from .const import DOMAIN
from .home.hub import HUB
from .home.language import in_home_language
from .kinds.markdown_escape import escape_links

_LOGGER = logging.getLogger(__name__)
_PATIENCE = 60.0
"""Seconds the home's backup waits for us."""
DOUBTFUL = "backup_doubtful"
"""The key of the repair that says so, and its id."""


async def async_join_backup(hass: HomeAssistant) -> None:
    """Take part in a backup that was copying before BACH was there.

    Nobody announced it to us, but its end will be told: uncounted, that would end another backup in the middle.
    """
    if _is_copying(hass):
        await async_pre_backup(hass)


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Begin append-only mode; if that fails, create an issue until a backup has succeeded."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await hass.data[HUB].begin_backup()
    except Exception as error:  # noqa: BLE001 - a border: whatever is wrong with us, the home's backup goes on
        _LOGGER.warning("The database of BACH may not be whole in this backup: %r", error)
        _report(hass, error)
    else:
        ir.async_delete_issue(hass, DOMAIN, DOUBTFUL)


async def async_post_backup(hass: HomeAssistant) -> None:
    """End append-only mode."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await hass.data[HUB].end_backup()
    except Exception as error:  # noqa: BLE001 - the same
        _LOGGER.warning("After a backup the database of BACH could not be tidied up: %r", error)


@callback
def _is_copying(hass: HomeAssistant) -> bool:
    """Whether what Home Assistant said last of its backups is that it copies its own files.

    Read without its classes, which come with libraries that a home without backups may not have.
    """
    said: object = getattr(hass.data.get("backup"), "last_event", None)
    now = (getattr(said, "manager_state", None), getattr(said, "stage", None), getattr(said, "state", None))
    return now == ("create_backup", "home_assistant", "in_progress")


@callback
def _report(hass: HomeAssistant, error: Exception) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        DOUBTFUL,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=DOUBTFUL,
        translation_placeholders={
            "reason": escape_links(in_home_language(hass, error.sentence))
            if isinstance(error, BachError)
            else type(error).__name__
        },
    )
