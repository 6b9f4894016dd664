"""Starts, changes and stops the probers of all partners, following the registry."""

import asyncio
from collections.abc import Coroutine

from bach_lib.common_sentences import ANSWER
from bach_lib.errors import CannotDoError
from bach_lib.events import ConnectionAdded, ConnectionRemoved, ConnectionUpdated
from bach_lib.models import Category
from bach_lib.partners.prober import Prober, ProbeServices


class Probers:
    """The probers of all partners."""

    def __init__(self, services: ProbeServices) -> None:
        self._services = services
        self._probers: dict[str, Prober] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe = (
            services.bus.subscribe(ConnectionAdded, self._added),
            services.bus.subscribe(ConnectionUpdated, self._updated),
            services.bus.subscribe(ConnectionRemoved, self._removed),
        )

    async def open(self) -> None:
        """Start all."""
        for row in self._services.registry.list():
            if row.category is not Category.CONNECTOR and row.name not in self._probers:  # it may have come just now
                self._probers[row.name] = prober = Prober(row.name, self._services)
                await prober.start()

    async def close(self) -> None:
        """End all."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(prober.stop() for prober in self._probers.values()), return_exceptions=True)

    def get(self, name: str) -> Prober:
        """One of them. Raises `UnknownConnectionError`, or `CannotDoError` for a chat platform."""
        row = self._services.registry.get(name)
        try:
            return self._probers[name]
        except KeyError:
            raise CannotDoError(type=row.type, operation=ANSWER) from None

    def _added(self, event: ConnectionAdded) -> None:
        if event.row.category is not Category.CONNECTOR:
            self._probers[event.connection] = prober = Prober(event.connection, self._services)
            prober.change = self._spawn(prober.start())

    def _updated(self, event: ConnectionUpdated) -> None:
        prober = self._probers.get(event.connection)
        if prober is not None and event.changed != {"allowed"}:
            prober.change = self._spawn(prober.restart())

    def _removed(self, event: ConnectionRemoved) -> None:
        if prober := self._probers.pop(event.connection, None):
            self._spawn(prober.stop())

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="bach-probe")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
