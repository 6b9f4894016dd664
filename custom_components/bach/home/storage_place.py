"""Keeps where a home's messages are: in its own file, or in a PostgreSQL database that an administrator has named.

The address may hold a password. So it stands in a private file of Home Assistant's, and in no entry, log or
diagnostics. A move is noted there before it begins: whenever it is cut off, the next opening knows which of the two
databases may be used, and ends the move if everything has arrived.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import STORAGE_DIR, Store

from bach_lib import BachError
from bach_lib.errors import StoreFailedError, StoreOccupiedError, StoreUnsafeError
from bach_lib.runtime.relocation import Address, Bar, Ended, Move, Place, clear, look, no_bar
from custom_components.bach.const import DOMAIN
from custom_components.bach.kinds.requirements import async_require_driver

from .storage_issue import async_forget_storage

_LOGGER = logging.getLogger(__name__)

_RUNS_FILE = ".bach_runs"
"""Beside the configuration, as whoever puts back an old folder of storage must not put this back with it."""


class _Written(TypedDict, total=False):
    """As it stands in the file."""

    address: str
    instance: str
    moving_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """`address`: of the database, empty for the file. `instance`: its name for itself. `moving_to`: see the module."""

    address: str = field(default="", repr=False)
    instance: str = ""
    moving_to: str | None = field(default=None, repr=False)


class StoragePlace:
    """Where the messages of this home are. Used under the lock of the hub, but for what only looks."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self.path: Path = Path(hass.config.path(STORAGE_DIR, DOMAIN, f"{DOMAIN}.db"))
        """The file, which is there unless they are on a server."""
        self.runs_file: Path = Path(hass.config.path(_RUNS_FILE))
        self._store = Store[_Written](hass, 1, f"{DOMAIN}.database", private=True, atomic_writes=True)
        self._known: _Kept | None = None

    async def address(self) -> Address | None:
        """The database on a server; None: it is the file."""
        kept = await self._load()
        return Address(kept.address) if kept.address else None

    async def called(self, engine: str) -> str:
        """What has the messages, and where, for a bug report: "PostgreSQL 15 at db.home, bach"."""
        address = await self.address()
        return f"{engine} at {address.host}, {address.database}" if address else engine

    async def has_file(self) -> bool:
        """Whether there is a file that is in use, or will be."""
        return await self.address() is None and await self._hass.async_add_executor_job(self.path.exists)

    async def ready(self) -> Address | None:
        """The same as `address`, to be opened now: the driver is there, and no move is under way.

        Raises `MissingLibraryError` or a `StorageError`.
        """
        kept = await self._load()
        if kept.address or kept.moving_to:
            await async_require_driver(self._hass)
        if kept.moving_to is not None:
            if (await look(self._place(kept.address))).has_moved:
                await self._move(kept, kept.moving_to, no_bar)
            else:  # it was given up; whoever asks for it again goes on with what has arrived
                await self._save(replace(kept, moving_to=None))
        return await self.address()

    async def check(self, address: Address, *, is_safe: bool = False) -> bool:
        """Look whether messages can be kept in a database, while they are where they are. Nothing moves yet.

        `is_safe`: it must outlive a power cut. False: it is the one they are in already. Raises `MissingLibraryError`
        or a `StorageError`.
        """
        await async_require_driver(self._hass)
        found, kept = await look(Place(address=address)), await self._load()
        if is_safe and not found.is_safe:
            raise StoreUnsafeError(path=address)
        if found.is_being_filled:  # by an earlier try of ours, or the move says by whom
            return True
        if kept.address and found.instance == kept.instance and not found.has_moved:
            return False
        if found.has_moved or not found.is_empty:
            raise StoreOccupiedError(path=address)
        return True

    async def change(self, address: Address | None, bar: Bar) -> Ended:
        """Move everything into a database or back into the file. Only while the database is closed.

        Raises a `BachError`; then everything is where it was, or `ready` ends the move.
        """
        kept, target = await self._load(), address.full if address else ""
        if address and not await self.check(address):
            await self._save(_Kept(address=target, instance=kept.instance))
            return Ended()
        if not kept.address and not await self.has_file():
            return await self._arrive(_Kept(), target, Ended())
        if not address:
            await self._remove_moved_file()
        await self._save(replace(kept, moving_to=target))
        return await self._move(kept, target, bar)

    async def leave(self) -> None:
        """Begin with an empty file, and leave what is on the server where it is. Only while the database is closed."""
        await self._remove_moved_file()
        await self._save(_Kept())

    async def remove(self) -> None:
        """Delete everything, when the last connection was removed: the file, or all rows on a server, and its address.

        Never raises: what a server that is away still has is nobody's any more.
        """
        async_forget_storage(self._hass)
        if address := await self.address():
            try:
                await async_require_driver(self._hass)
                await clear(Place(address=address), for_good=True)
            except BachError as error:
                _LOGGER.warning("What BACH has kept in %s is still there: %s", address, error)
        await self._store.async_remove()
        self._known = None
        await self._hass.async_add_executor_job(self._remove_files, self.runs_file)

    async def _move(self, kept: _Kept, target: str, bar: Bar) -> Ended:
        ended = await Move(self._place(kept.address), self._place(target), bar, leaves=True).run()
        return await self._arrive(kept, target, ended)

    async def _arrive(self, kept: _Kept, target: str, ended: Ended) -> Ended:
        """Keep where everything is now, and let nothing of it lie about where it was."""
        instance = (await look(self._place(target))).instance if target else ""
        await self._save(_Kept(address=target, instance=instance))
        try:
            if kept.address:
                await clear(self._place(kept.address))
            elif not ended.left:  # a row that was left behind is nowhere else
                await self._remove_moved_file()
        except BachError as error:
            _LOGGER.warning("All messages have moved, and what they were in could not be emptied: %s", error)
        return ended

    async def _remove_moved_file(self) -> None:
        """Raises a `StorageError`."""
        if not await self._hass.async_add_executor_job(self.path.exists):
            return
        if (await look(self._place(""))).has_moved:
            try:
                await self._hass.async_add_executor_job(self._remove_files)
            except OSError as error:
                raise StoreFailedError(path=self.path, reason=error.strerror or error) from error

    def _remove_files(self, *others: Path) -> None:
        for file in (*others, *self.path.parent.glob(f"{self.path.name}*")):  # with logs, marks and copies
            file.unlink(missing_ok=True)
        with suppress(OSError):  # there is none, or somebody keeps something in it
            self.path.parent.rmdir()

    def _place(self, address: str) -> Place:
        if address:
            return Place(address=Address(address))
        return Place(path=self.path, runs_file=self.runs_file)

    async def _load(self) -> _Kept:
        if self._known is None:
            self._known = _Kept(**(await self._store.async_load() or {}))
        return self._known

    async def _save(self, kept: _Kept) -> None:
        """Raises `StoreFailedError`: Home Assistant only logs it if a disk takes nothing."""
        written = _Written(address=kept.address, instance=kept.instance, moving_to=kept.moving_to)
        await self._store.async_save(written)
        if await self._store.async_load() != written:
            raise StoreFailedError(path=self._store.path, reason="it was not written")
        self._known = kept
