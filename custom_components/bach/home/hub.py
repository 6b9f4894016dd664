"""Holds the one `Bach` object of a Home Assistant, reference-counted over its config entries.

The database opens with the first entry that is set up and closes with the last one that is unloaded, or when Home
Assistant stops (which unloads nothing).
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from copy import copy
from datetime import datetime
from functools import partial
from pathlib import Path

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.core import Event as HomeEvent
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from bach_lib import Bach, BachError, IncomingMessage
from bach_lib.errors import NotOpenError, StorageError, StoreMovingError, UnknownConnectionError
from bach_lib.events import Event, MessageReceived
from bach_lib.runtime.relocation import Address
from custom_components.bach.const import DOMAIN

from .entry import REFERENCE_SCHEME
from .incoming_buffer import IncomingBuffer
from .own_connectors import own_connectors
from .sessions import new_session
from .storage_issue import async_report_storage, async_report_unopened
from .storage_place import StoragePlace
from .vaults import EntryVault

_LONGEST_BACKUP = 2 * 3600.0
"""Seconds after which a backup that nobody said had ended has."""

type Hear = Callable[[IncomingMessage], None]


class Hub:
    """Opens and closes the shared `Bach`, starts and stops connections, and distributes its messages."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self.place: StoragePlace = StoragePlace(hass)
        self._bach: Bach | None = None
        self._holders = 0
        self._runs: Counter[str] = Counter()
        self._hearers: dict[str, Hear] = {}
        self._unheard: dict[str, IncomingBuffer] = {}
        self._followers: list[Callable[[Event], None]] = []
        self._lock = asyncio.Lock()
        self._failure: tuple[float, BachError] | None = None
        self._moving_to: Address | Path | None = None
        self._stop_reporting: CALLBACK_TYPE | None = None
        self._give_up_backup: CALLBACK_TYPE | None = None
        self._remove_after_backup = self._is_open_for_backup = False
        self._backups = 0
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._home_stops)

    @property
    def bach(self) -> Bach:
        """The open `Bach`. Raises `NotOpenError` while no entry is loaded, `StoreMovingError` while all is moved."""
        if self._bach is None:
            raise StoreMovingError(target=self._moving_to) if self._moving_to else NotOpenError
        return self._bach

    def has(self, connection: str) -> bool:
        """Whether `Bach` is open and has this connection, so that messages can be queued in any state of the entry."""
        return self._bach is not None and any(row.name == connection for row in self._bach.registry.list())

    async def acquire(self) -> Bach:
        """Open `Bach` if need be, and count one holder until `release`. Raises a `StorageError` if that fails."""
        asked = self._hass.loop.time()
        async with self._lock:
            if self._bach is None:
                if self._hass.is_stopping:  # nobody would close it
                    raise NotOpenError
                if self._failure and self._failure[0] >= asked:  # while this one waited: not each tries it again
                    raise copy(self._failure[1])
                try:
                    self._bach = await self._open()
                except StorageError as error:
                    self._failure = self._hass.loop.time(), error
                    if await self.place.address():
                        async_report_unopened(self._hass, error)
                    raise
            self._holders += 1
            return self._bach

    @callback
    def keep(self) -> None:
        """Count one more holder until `release`, while it is held anyway."""
        self._holders += 1

    async def release(self) -> None:
        """Count one holder less, and close `Bach` after the last."""
        async with self._lock:
            self._holders -= 1
            if not self._holders:
                await self._close()

    async def start(self, connection: str) -> None:
        """Start a connection until `stop`; calls are counted, so it keeps running during a reload."""
        if not self._runs[connection]:
            await self.bach.start(connection)
        self._runs[connection] += 1

    async def stop(self, connection: str) -> None:
        """Undo one `start`, and stop the connection after the last."""
        self._runs[connection] -= 1
        if not self._runs[connection] and self._bach:  # None: Home Assistant has stopped meanwhile
            with suppress(UnknownConnectionError):  # somebody has removed the row by another way
                await self._bach.stop(connection)
            self._unheard.pop(connection, None)

    @callback
    def hear(self, connection: str, hear: Hear) -> CALLBACK_TYPE:
        """Call `hear` for each incoming message of a connection until the returned function is called.

        A connection receives before its entry is set up, and during its reload: those messages are delivered first.
        """
        self._hearers[connection] = hear
        if unheard := self._unheard.pop(connection, None):
            for message in unheard.messages:
                hear(message)

        @callback
        def stop() -> None:
            if self._hearers.get(connection) is hear:
                del self._hearers[connection]

        return stop

    @callback
    def follow[E: Event](self, event_type: type[E], hear: Callable[[E], None]) -> CALLBACK_TYPE:
        """Call `hear` for each event of a type, also across closing and opening, until the result is called."""

        def receive(event: Event) -> None:
            if isinstance(event, event_type):
                hear(event)

        self._followers.append(receive)
        return lambda: self._followers.remove(receive)

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[Bach]:
        """Context manager around `acquire` and `release`. Raises a `StorageError` if `Bach` cannot be opened."""
        bach = await self.acquire()
        try:
            yield bach
        finally:
            await self.release()

    @asynccontextmanager
    async def run(self, connection: str) -> AsyncIterator[None]:
        """Context manager around `start` and `stop`."""
        async with self.hold():
            await self.start(connection)
            try:
                yield
            finally:
                await self.stop(connection)

    @asynccontextmanager
    async def closed(self, moving_to: Address | None) -> AsyncIterator[StoragePlace]:
        """Context manager that keeps the database closed, to move it. All entries have to be reloaded afterwards."""
        async with self._lock:
            self._moving_to = moving_to or self.place.path
            try:
                await self._close()
                yield self.place
            finally:
                try:
                    if self._holders and not self._hass.is_stopping:
                        with suppress(BachError):  # the entries tell of it when they are reloaded
                            self._bach = await self._open()
                finally:
                    self._moving_to = None

    def has_replaced(self, bach: Bach) -> bool:
        """Whether another `Bach` takes its place, as everything has moved or is moving: its entry is reloaded soon."""
        return self._moving_to is not None or self._bach not in {None, bach}

    @property
    def is_in_backup(self) -> bool:
        """Whether Home Assistant is making a backup."""
        return self._give_up_backup is not None

    async def remove_files(self) -> None:
        """Delete the database, after a running backup; only when the last entry was removed."""
        async with self._lock:
            self._remove_after_backup = self.is_in_backup
            if not self._remove_after_backup:
                await self.place.remove()

    async def begin_backup(self) -> None:
        """Put the database into append-only mode until each caller has called `end_backup`.

        A closed database is opened for that time: only so its copy is marked as one. Raises a `StorageError`.
        """
        self._backups += 1  # before anything can fail or be cut off: whatever becomes of it, its `end_backup` follows
        async with self._lock:
            if self._give_up_backup:
                self._give_up_backup()
            self._give_up_backup = async_call_later(self._hass, _LONGEST_BACKUP, self._backup_is_lost)
            if self._bach:
                await self._bach.begin_backup()
            elif await self.place.has_file():
                self._bach = await self._open()
                self._holders += 1
                self._is_open_for_backup = True

    async def end_backup(self) -> None:
        """End append-only mode after the last of several backups. Raises a `StorageError`."""
        self._backups = max(self._backups - 1, 0)
        async with self._lock:
            if not self._backups:
                await self._end_backups()

    async def _backup_is_lost(self, _: datetime) -> None:
        async with self._lock:
            self._backups = 0
            with suppress(BachError):
                await self._end_backups()

    async def _end_backups(self) -> None:
        if self._give_up_backup:
            self._give_up_backup()
            self._give_up_backup = None
        try:
            if self._bach:
                await self._bach.end_backup()
        finally:
            if self._is_open_for_backup:
                self._is_open_for_backup = False
                self._holders -= 1
                if not self._holders:
                    await self._close()
            if self._remove_after_backup and not self._bach:
                await self.place.remove()
            self._remove_after_backup = False

    async def _open(self) -> Bach:
        address = await self.place.ready()
        bach = Bach(
            address.full if address else self.place.path,
            alone=True,
            runs_file=self.place.runs_file,
            session=async_get_clientsession(self._hass),
            new_session=partial(new_session, self._hass),
            secrets={REFERENCE_SCHEME: EntryVault(self._hass)},
            connectors=own_connectors(self._hass, lambda: self.bach),
            autostart=False,  # the connection of a disabled entry must rest
        )
        if self._give_up_backup:
            await bach.begin_backup()
        await bach.open()
        bach.subscribe(MessageReceived, self._received)
        bach.subscribe(Event, self._happened)
        self._stop_reporting = async_report_storage(self._hass, bach, self.place.path.resolve())
        return bach

    async def _close(self) -> None:
        bach, self._bach = self._bach, None
        if self._stop_reporting:
            self._stop_reporting()
            self._stop_reporting = None
        if bach:
            await bach.close()

    @callback
    def _received(self, event: MessageReceived) -> None:
        if hear := self._hearers.get(event.connection):
            hear(event.message)
        else:
            self._unheard.setdefault(event.connection, IncomingBuffer()).append(event.connection, event.message)

    async def _home_stops(self, _: HomeEvent) -> None:
        async with self._lock:  # also waits for who is just closing it: Home Assistant itself does not
            await self._close()

    @callback
    def _happened(self, event: Event) -> None:
        for follow in list(self._followers):
            follow(event)


HUB: HassKey[Hub] = HassKey(DOMAIN)


@callback
def get_hub(hass: HomeAssistant) -> Hub:
    """The one of this Home Assistant, also before `async_setup`, as in a first dialog."""
    if HUB not in hass.data:
        hass.data[HUB] = Hub(hass)
    return hass.data[HUB]
