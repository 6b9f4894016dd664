"""The data update coordinator of a connection: pushes a snapshot to its entities, at most once a second.

A burst of messages would otherwise be a burst of state changes. A message that is sent within a second is never seen
waiting: two rows of the recorder would tell nobody anything.

It is what an entry of BACH's holds while it is set up, so every room names it in the type of an entry, and it imports
from none of them: what it needs of them it is given.
"""

import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from bach_lib import Bach, BachError, BreakerState, Direction, Health, QueueStatus, Status
from bach_lib.events import (
    BreakerChanged,
    ConnectionChanged,
    ConnectionChecked,
    ConnectionIdentified,
    ConnectionUpdated,
    Event,
    MessageEvent,
    MessageSent,
)

from .const import CONF_OWN_SECRET, CONF_RECIPIENT

_LOGGER = logging.getLogger(__name__)

_SECONDS_BETWEEN_UPDATES = 1.0
"""A burst of messages must not become a burst of state changes, each of which the recorder would write."""

_SHOWN = (
    MessageEvent,
    BreakerChanged,
    ConnectionChanged,
    ConnectionChecked,
    ConnectionIdentified,
    ConnectionUpdated,
)
"""The events after which the entities may show something else."""

type BachConfigEntry = ConfigEntry[BachCoordinator]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of a connection at one moment, as its entities show it.

    `checked` is the last check of a partner (AI, MCP server, other API); `version` is what a chat platform says it
    runs.
    """

    is_active: bool
    sending: Health
    receiving: Health
    breaker: BreakerState
    queue: QueueStatus
    last_sent: datetime | None
    checked: ConnectionChecked | None = None
    version: str | None = None


class BachCoordinator(DataUpdateCoordinator[Snapshot]):
    """Data update coordinator of one connection, driven by events of the library.

    Message events are shown one second later; anything else at once, then at most once a second. `is_replaced` says
    whether `bach` is going to be another one; until then the last snapshot stays. `explain` makes of an error of the
    library one that people can read.
    """

    config_entry: BachConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: BachConfigEntry,
        bach: Bach,
        *,
        connection: str,
        is_partner: bool,
        is_replaced: Callable[[], bool],
        explain: Callable[[BachError], UpdateFailed],
    ) -> None:
        self._throttle = Debouncer[Coroutine[Any, Any, None]](
            hass, _LOGGER, cooldown=_SECONDS_BETWEEN_UPDATES, immediate=True
        )
        self._soon = Debouncer[None](
            hass,
            _LOGGER,
            cooldown=_SECONDS_BETWEEN_UPDATES,
            immediate=False,
            function=self._throttle.async_schedule_call,
        )
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            always_update=False,
            request_refresh_debouncer=self._throttle,
        )
        self.bach = bach
        self.connection = connection
        self.entry_data: Mapping[str, Any] = entry.data
        self._looks = _looks(entry)
        self._own_secrets = _own_secrets(entry)
        self.is_partner = is_partner
        self._is_replaced = is_replaced
        self._explain = explain
        self._last_sent: datetime | None = None

    @callback
    def knows(self, entry: BachConfigEntry) -> bool:
        """Whether data, title and options are as at set-up, or as the connection itself wrote: no reload needed."""
        is_same = self.entry_data == entry.data and self._own_secrets == _own_secrets(entry)
        return is_same and self._looks == _looks(entry)

    @override
    async def _async_setup(self) -> None:
        """Read the time of the last sent message from the database, and subscribe to events."""
        for event_type in _SHOWN:  # first, so that nothing is missed while the database is read
            self.config_entry.async_on_unload(self.bach.subscribe(event_type, self._changed))
        newest = await self.bach.messages(connection=self.connection, status=(Status.SENT,), limit=1)
        if newest and self._last_sent is None:
            self._note_sent(newest[0].finished_at)
        # Home Assistant unloads nothing when it stops
        self.config_entry.async_on_unload(self.hass.async_add_shutdown_job(HassJob(self.async_shutdown)))
        self.config_entry.async_on_unload(self._soon.async_shutdown)

    @override
    async def async_shutdown(self) -> None:
        """Cancel the pending updates."""
        self._soon.async_shutdown()
        await super().async_shutdown()

    @callback
    def _changed(self, event: Event) -> None:
        if event.connection != self.connection:
            return
        if isinstance(event, MessageSent):
            self._note_sent(event.message.finished_at)
        if isinstance(event, MessageEvent):
            self._soon.async_schedule_call()
        else:
            self._throttle.async_schedule_call()

    def _note_sent(self, timestamp: float | None) -> None:
        if timestamp is not None:
            self._last_sent = dt_util.utc_from_timestamp(timestamp)

    @override
    async def _async_update_data(self) -> Snapshot:
        try:
            queues = await self.bach.queue_status()
            identity = None if self.is_partner else self.bach.identity(self.connection)
            return Snapshot(
                is_active=self.bach.registry.get(self.connection).is_active,
                sending=self.bach.health(self.connection, Direction.SENDING),
                receiving=self.bach.health(self.connection, Direction.RECEIVING),
                breaker=self.bach.breaker(self.connection),
                queue=queues.get(self.connection, QueueStatus(connection=self.connection)),
                last_sent=self._last_sent,
                checked=self.bach.checked(self.connection) if self.is_partner else None,
                version=identity.version if identity else None,
            )
        except BachError as error:
            if self.data is not None and self._is_replaced():
                return self.data
            raise self._explain(error) from error


def _looks(entry: BachConfigEntry) -> tuple[object, ...]:
    return entry.title, entry.options


def _own_secrets(entry: BachConfigEntry) -> dict[str, str]:
    """The own secrets of senders, by address: the connection has to log in anew when one is another."""
    senders = (one.data for one in entry.subentries.values() if one.data.get(CONF_OWN_SECRET))
    return {sender[CONF_RECIPIENT]: sender[CONF_OWN_SECRET] for sender in senders}
