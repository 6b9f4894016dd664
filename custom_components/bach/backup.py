"""Lets Home Assistant's backup copy the database while BACH goes on.

The backup reads the files one after the other and throws away all it has if one of them shrinks or vanishes. So until
it is done, the files only grow. Nothing in here may fail: the home's backup is worth more than ours.
"""

import asyncio
import logging

from homeassistant.core import HomeAssistant

from .hub import HUB

_LOGGER = logging.getLogger(__name__)
_PATIENCE = 60.0
"""Seconds the home's backup waits for us."""


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Let the files stand still."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await hass.data[HUB].begin_backup()
    except Exception as error:  # noqa: BLE001 - a border: whatever is wrong with us, the home's backup goes on
        _LOGGER.warning("The database of BACH may not be whole in this backup: %r", error)


async def async_post_backup(hass: HomeAssistant) -> None:
    """Let the files change again."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await hass.data[HUB].end_backup()
    except Exception as error:  # noqa: BLE001 - the same
        _LOGGER.warning("After a backup the database of BACH could not be tidied up: %r", error)
