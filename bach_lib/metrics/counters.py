"""Counters of what can only be counted while it happens. All that is done on the way of a message is to add numbers."""

from bisect import bisect_left
from collections import defaultdict

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.events import (
    BreakerChanged,
    ConnectionRemoved,
    MessageFinished,
    MessageQueued,
    MessageReceived,
    MessageSetAside,
)
from bach_lib.metrics.last_day import LastDay, RecentAttempts
from bach_lib.models import BreakerState

EDGES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds up to which the attempts of each bucket took; those of the last took longer."""


class ConnectionCounters:
    """The numbers of one connection."""

    __slots__ = (
        "attempts",
        "breaker_openings",
        "buckets",
        "finished",
        "queued",
        "received",
        "recent",
        "seconds",
        "set_aside",
    )

    def __init__(self) -> None:
        self.queued: int = 0
        self.received: int = 0
        self.set_aside: int = 0
        self.breaker_openings: int = 0
        self.finished: dict[str, int] = {}
        """Messages, by the status in which they ended."""
        self.attempts: dict[str, int] = {}
        """By what they came to: an outcome's name in small letters."""
        self.buckets: list[int] = [0] * (len(EDGES) + 1)
        """Attempts, by how long they took."""
        self.seconds: float = 0.0
        """What all of them took together."""
        self.recent: RecentAttempts = RecentAttempts()


class Counters:
    """The numbers of one BACH since it was made, by the name of the connection."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._clock, self._since = clock, clock.now()
        self._of = defaultdict[str, ConnectionCounters](ConnectionCounters)
        bus.subscribe(MessageQueued, self._queued)
        bus.subscribe(MessageFinished, self._finished)
        bus.subscribe(MessageReceived, self._received)
        bus.subscribe(MessageSetAside, self._set_aside)
        bus.subscribe(BreakerChanged, self._breaker_changed)
        bus.subscribe(ConnectionRemoved, self._removed)

    def attempted(self, connection: str, outcome: str, seconds: float) -> None:
        """An attempt came to this; `seconds`: how long the platform took."""
        one = self._of[connection]
        one.attempts[outcome] = one.attempts.get(outcome, 0) + 1
        one.buckets[bisect_left(EDGES, seconds)] += 1
        one.seconds += seconds
        one.recent.add(self._clock.monotonic(), outcome, seconds)

    def of(self, connection: str) -> ConnectionCounters:
        """Those of one connection."""
        return self._of.get(connection) or ConnectionCounters()

    def last_day(self, connection: str) -> LastDay:
        """What went out through one connection within the last 24 hours."""
        recent, now = self.of(connection).recent, self._clock.monotonic()
        return LastDay(
            hours=recent.hours(now),
            sent_in_last_minute=recent.sent_in_last_minute(now),
            counted_since=self._since,
        )

    def _queued(self, event: MessageQueued) -> None:
        self._of[event.connection].queued += 1

    def _finished(self, event: MessageFinished) -> None:
        finished, status = self._of[event.connection].finished, event.message.status.value
        finished[status] = finished.get(status, 0) + 1

    def _received(self, event: MessageReceived) -> None:
        self._of[event.connection].received += 1

    def _set_aside(self, event: MessageSetAside) -> None:
        self._of[event.connection].set_aside += 1

    def _breaker_changed(self, event: BreakerChanged) -> None:
        self._of[event.connection].breaker_openings += event.new is BreakerState.OPEN

    def _removed(self, event: ConnectionRemoved) -> None:
        self._of.pop(event.connection, None)
