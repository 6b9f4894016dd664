"""Snapshot: how everything stood at the moment somebody asked; made in the event loop, told in a thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import override

from bach_lib.metrics.counters import ConnectionCounters
from bach_lib.models import BreakerState, Connection, Direction, Health, QueueStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSnapshot:
    """One connection. `queue`: None for what is no chat platform. `counters` goes on counting."""

    row: Connection
    breaker: BreakerState
    health: Mapping[Direction, Health]
    queue: QueueStatus | None
    unread: int
    counters: ConnectionCounters


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Who works on what, where several processes share the database, as this one saw it last."""

    processes: int
    owned: int
    """By this process."""
    ownerless: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All of them. `time`: seconds since 1970. `is_writable`: whether the database takes anything.

    Where several processes share it, `connections` are those on which this one works, so that sums count none twice.
    """

    version: str
    time: float
    is_writable: bool
    shares: Shares | None
    connections: Sequence[ConnectionSnapshot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What is told to whoever collects metrics; `str()` of it is its text."""

    content: bytes
    """In UTF-8."""
    content_type: str
    """Of an answer by HTTP."""

    @override
    def __str__(self) -> str:
        """The text."""
        return self.content.decode()
