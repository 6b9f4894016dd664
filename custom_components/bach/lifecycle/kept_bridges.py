"""Keeps the library's bridges as the sub-entries say, and lets them carry once Home Assistant has started.

From then on people can put messages off as well: before, nobody would know who has pressed.
"""

import logging
from contextlib import suppress
from functools import partial

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.start import async_at_started

from bach_lib import Bach, BachError, IncomingMessage
from bach_lib.errors import NotOpenError
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.bridge_rules import async_keep_bridges
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.roles import standing

from .recipients import async_follow_subentries
from .route_runs import NameOf

_LOGGER = logging.getLogger(__name__)


def async_begin_lasting(hass: HomeAssistant, entry: BachConfigEntry, bach: Bach, name_of: NameOf) -> None:
    """Let the bridges of this home carry as long as the entry is loaded, as soon as all connections are there.

    `name_of`: what whoever puts a message off is called here; None: they may not.
    """

    @callback
    def look() -> None:
        entry.async_create_task(hass, async_keep_bridges(hass, bach), "bach-bridges")

    async def begin(_: HomeAssistant) -> None:
        with suppress(NotOpenError):  # it is being closed, or was replaced
            bach.begin_snoozes(name_of)
        await async_keep_bridges(hass, bach)
        async_follow_subentries(hass, entry, look)
        try:
            await bach.begin_bridges(partial(_name_of, hass))
        except NotOpenError:
            pass  # it is being closed, or was replaced
        except BachError as error:
            _LOGGER.warning("Bridges do not carry: %s", error)

    entry.async_on_unload(async_at_started(hass, begin))


async def async_remove_connection(hass: HomeAssistant, bach: Bach, name: str) -> None:
    """Remove a connection from the library, and the bridges that lead from it. Raises a `BachError`."""
    try:
        await bach.registry.remove(name)
    finally:  # also of one that was never set up
        await async_keep_bridges(hass, bach)


def _name_of(hass: HomeAssistant, message: IncomingMessage) -> str | None:
    """What somebody is called in this home, if they are known here; else as they call themselves."""
    entry = next((one for one in connections(hass) if connection_name(one) == message.connection), None)
    if entry is None:
        return None
    found = standing(
        entry.subentries.values(),
        recipient=message.recipient,
        sender_id=message.sender_id,
        speaks_as=bool(message.metadata.get("speaks_as")),
        is_claimed=not message.is_own,
    )
    return (found.person or None) if found else None
