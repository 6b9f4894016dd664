"""The data update coordinator of a connection: pushes a snapshot to its entities, at most once a second.

A burst of messages would otherwise be a burst of state changes. A message that is sent within a second is never seen
waiting: two rows of the recorder would tell nobody anything.
"""

import logging
from collections.abc import Coroutine, Mapping
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

from .const import DOMAIN
from .home.entry import connection_name, own_secrets
from .home.errors import placeholders
from .home.hub import HUB
from .kinds.partners import is_partner

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

    Message events are shown one second later; anything else at once, then at most once a second.
    """

    config_entry: BachConfigEntry

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, bach: Bach) -> None:
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
        self.connection = connection_name(entry)
        self.entry_data: Mapping[str, Any] = entry.data
        self._looks = _looks(entry)
        self._own_secrets = own_secrets(entry)
        self.is_partner = is_partner(entry)
        self._last_sent: datetime | None = None

    @callback
    def knows(self, entry: BachConfigEntry) -> bool:
        """Whether data, title and options are as at set-up, or as the connection itself wrote: no reload needed."""
        is_same = self.entry_data == entry.data and self._own_secrets == own_secrets(entry)
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
            if self.data is not None and self.hass.data[HUB].has_replaced(self.bach):
                return self.data
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=error.code,
                translation_placeholders=placeholders(self.hass, error),
            ) from error


def _looks(entry: ConfigEntry) -> tuple[object, ...]:
    return entry.title, entry.options
