"""Keeps an issue for messages that have waited for a day on a connection that was switched off or disabled.

Such a connection is no fault, so no entity shows a problem; but nobody means to let messages wait for ever. The time
since when it is off is stored in a file, as the database is closed in a home that has disabled all connections.
Nothing of BACH is loaded there after a restart, so when the home stops a last issue is made that outlives it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from bach_lib import BachError, QueueStatus
from bach_lib.errors import UnknownConnectionError
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connection_name, connections
from custom_components.bach.home.hub import HUB
from custom_components.bach.kinds.markdown_escape import with_escaped
from custom_components.bach.kinds.partners import is_partner

_LOGGER = logging.getLogger(__name__)

SWITCHED_OFF: Final = "switched_off"
"""The key of the repair about the switch of a connection, and the beginning of its id."""
DISABLED: Final = "disabled"
"""The same for a connection that Home Assistant does not load, because somebody said so."""
ALL_DISABLED: Final = "all_disabled"
"""Key and id of the issue that is left for a home in which BACH will not be loaded."""

_LONG: Final = 24 * 3600.0
_LOOK_EVERY: Final = timedelta(hours=1)


class InactiveConnections:
    """Tracks since when connections are off, over restarts. `now` is wall-clock time: a home may be down for days."""

    def __init__(self, hass: HomeAssistant, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._hass = hass
        self._store = Store[dict[str, float]](hass, 1, f"{DOMAIN}.inactive", private=True)
        self._since: dict[str, float] = {}
        self._left: dict[str, int] = {}
        """Waiting messages by entry title, if no entry will be loaded after a restart."""
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Load the stored times; what is unreadable counts as beginning now."""
        stored: object = await self._store.async_load()
        for entry_id, since in stored.items() if isinstance(stored, dict) else ():
            if isinstance(since, int | float):
                self._since[str(entry_id)] = float(since)

    async def look(self, *_: object) -> None:
        """Create the issue for each connection that has been off for long with messages waiting; delete all others."""
        async with self._lock:
            before, entries = dict(self._since), connections(self._hass)
            gone = before.keys() - {entry.entry_id for entry in entries}
            for entry_id in gone:
                del self._since[entry_id]
                self._say_nothing(entry_id)
            for entry in entries:
                if not is_partner(entry):
                    await self._look_at(entry)
            if self._since != before:
                await (self._store.async_save(self._since) if self._since else self._store.async_remove())
            all_rest = all(entry.disabled_by for entry in entries)
            self._left = await self._count(entries) if all_rest else {}

    @callback
    def home_stops(self, *_: object) -> None:
        """Leave an issue about waiting messages if every connection is disabled, so that BACH will not be loaded."""
        if self._left:
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                ALL_DISABLED,
                is_fixable=False,
                is_persistent=True,
                severity=ir.IssueSeverity.WARNING,
                translation_key=ALL_DISABLED,
                translation_placeholders=with_escaped(
                    {"count": str(sum(self._left.values())), "name": ", ".join(self._left)}
                ),
            )

    async def _count(self, entries: list[BachConfigEntry]) -> dict[str, int]:
        found = {entry.title: await self._queue(entry) for entry in entries if not is_partner(entry)}
        return {title: queue.waiting for title, queue in found.items() if queue and queue.waiting}

    async def _look_at(self, entry: BachConfigEntry) -> None:
        how = self._how(entry)
        if how is None:
            return
        if not how:
            self._since.pop(entry.entry_id, None)
            self._say_nothing(entry.entry_id)
            return
        now = self.now()
        since = min(self._since.get(entry.entry_id, now), now)  # a clock that was ahead is not believed
        self._since[entry.entry_id] = since
        queue = await self._queue(entry) if now - since >= _LONG else None
        self._say_nothing(entry.entry_id, but=how if queue and queue.waiting else "")
        if queue and queue.waiting:
            self._say(entry, how, since, queue)

    def _how(self, entry: BachConfigEntry) -> str | None:
        """How it is off: disabled or switched off; empty if it is on, None if unknown now."""
        if entry.disabled_by:
            return DISABLED
        if entry.state is not ConfigEntryState.LOADED:
            return None
        try:
            is_active = self._hass.data[HUB].bach.registry.get(connection_name(entry)).is_active
        except BachError:  # Home Assistant stops, or the row has been removed by another way
            return None
        return "" if is_active else SWITCHED_OFF

    async def _queue(self, entry: BachConfigEntry) -> QueueStatus | None:
        """The queue's status, for which the database is opened if need be; None if unknown."""
        try:
            async with self._hass.data[HUB].hold() as bach:
                return (await bach.queue_status()).get(connection_name(entry))
        except UnknownConnectionError:  # it was never set up
            return None
        except BachError as error:
            _LOGGER.debug("It cannot be told what waits for %s: %s", entry.title, error)
            return None

    def _say(self, entry: BachConfigEntry, how: str, since: float, queue: QueueStatus) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            f"{how}_{entry.entry_id}",
            data={"entry_id": entry.entry_id},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=how,
            translation_placeholders=with_escaped(
                {
                    "name": entry.title,
                    "since": time_of_day(since),
                    "count": str(queue.waiting),
                    "oldest": time_of_day(queue.oldest if queue.oldest is not None else since),
                }
            ),
        )

    def _say_nothing(self, entry_id: str, *, but: str = "") -> None:
        for how in (SWITCHED_OFF, DISABLED):
            if how != but:
                ir.async_delete_issue(self._hass, DOMAIN, f"{how}_{entry_id}")


INACTIVE: HassKey[InactiveConnections] = HassKey(f"{DOMAIN}_inactive")


async def async_track_inactive(hass: HomeAssistant) -> None:
    """Look hourly and whenever an entry changes, while Home Assistant runs."""
    hass.data[INACTIVE] = inactive = InactiveConnections(hass)
    await inactive.load()
    ir.async_delete_issue(hass, DOMAIN, ALL_DISABLED)
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, inactive.home_stops)

    @callback
    def changed(_: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN and not hass.is_stopping:
            hass.async_create_task(inactive.look(), "bach: look whether connections are inactive")

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)
    async_track_time_interval(hass, inactive.look, _LOOK_EVERY, cancel_on_shutdown=True)


@callback
def async_follow_switch(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Look as soon as the switch or the queue changes, until the entry is unloaded."""
    coordinator, known = entry.runtime_data, (True, False)

    @callback
    def look() -> None:
        nonlocal known
        found = coordinator.data.is_active, bool(coordinator.data.queue.waiting)
        if found != known and not all((found[0], known[0])):
            entry.async_create_task(hass, hass.data[INACTIVE].look(), "bach: look whether it is inactive")
        known = found

    entry.async_on_unload(coordinator.async_add_listener(look))
    look()


def time_of_day(timestamp: float) -> str:
    """Format a timestamp in local time."""
    return dt_util.as_local(dt_util.utc_from_timestamp(timestamp)).strftime("%Y-%m-%d %H:%M")
