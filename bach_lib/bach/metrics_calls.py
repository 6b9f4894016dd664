"""The calls of `Bach` for whoever watches it: how everything stands, and whether it can be asked for something."""

from abc import abstractmethod
from importlib import import_module
from types import ModuleType

from bach_lib.bach.call_group import CallGroup
from bach_lib.errors import MissingExtraError
from bach_lib.metrics.last_day import LastDay
from bach_lib.metrics.negotiation import OPENMETRICS, wants_openmetrics
from bach_lib.metrics.snapshot import ConnectionSnapshot, Metrics, Snapshot
from bach_lib.models import Category, Connection, Direction, Fault, QueueStatus
from bach_lib.runtime.parts import Parts
from bach_lib.threads import in_thread
from bach_lib.version import VERSION

_ALL = (Direction.SENDING, Direction.RECEIVING)


class MetricsCalls(CallGroup):
    """Mixin of `Bach` with what is told to whoever watches it."""

    @property
    @abstractmethod
    def storage_fault(self) -> Fault | None:
        """Why nothing can be written just now."""

    async def is_ready(self) -> bool:
        """Whether messages can be handed over here now: for whoever decides which of several processes to ask.

        The database answers, and this process is one of those that share it, if there are several. Raises a
        `StorageError`, after some seconds, while the database does not answer.
        """
        parts = self._open_parts
        await parts.history.look()
        return parts.sharing is None or parts.sharing.is_member

    def last_day(self, connection: str) -> LastDay:
        """What this process sent through a connection within the last 24 hours. Raises `UnknownConnectionError`."""
        return self._open_parts.counters.last_day(self._open_parts.registry.get(connection).name)

    async def metrics(self, accept: str = OPENMETRICS) -> Metrics:
        """How everything stands and what was counted since this object was made, as OpenMetrics text.

        `accept`: the header of whoever asks by HTTP; who does not want OpenMetrics there gets the older text format of
        Prometheus. Labels are names of connections and words of BACH's own. Raises `MissingExtraError` without the
        extra `metrics`, and a `StorageError`.
        """
        parts, families = self._open_parts, await in_thread(_families)
        rows = parts.registry.list()
        queues = await parts.history.status([row for row in rows if row.category is Category.CONNECTOR])
        unread = await parts.inbox_reader.unread()
        snapshot = Snapshot(
            version=VERSION,
            time=parts.clock.now(),
            is_writable=self.storage_fault is None,
            shares=parts.sharing.shares if parts.sharing else None,
            connections=[
                _seen(parts, row, queues.get(row.name), unread.get(row.name, 0))
                for row in rows
                if row.category is not Category.CONNECTOR or parts.runtimes.has(row.name)
            ],
        )
        is_openmetrics = wants_openmetrics(accept)
        made: Metrics = await in_thread(lambda: families.told(snapshot, is_openmetrics=is_openmetrics))
        return made


def _seen(parts: Parts, row: Connection, queue: QueueStatus | None, unread: int) -> ConnectionSnapshot:
    at_work = parts.at_work(row.name)
    return ConnectionSnapshot(
        row=row,
        breaker=at_work.breaker,
        health={one: at_work.health(one) for one in (_ALL if queue else _ALL[:1])},
        queue=queue,
        unread=unread,
        counters=parts.counters.of(row.name),
    )


def _families() -> ModuleType:
    """Raises `MissingExtraError`."""
    try:
        return import_module("bach_lib.metrics.families")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("bach_lib"):
            raise
        raise MissingExtraError(what="metrics()", package="prometheus-client", extra="metrics") from error
