"""Retries dead letters, and reports the result: that a retry began says little to somebody who waits for the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.errors import UnknownMessageError
from bach_lib.events import ConnectionRemoved, Event, MessageEvent, MessageFinished, MessageRetrying
from bach_lib.models import Message, Status
from bach_lib.outbound.by_hand import ByHand, Places

_MAX_REASONS = 3
_MAX_REASON = 300
"""Characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What became of messages that were sent again, as far as it was known when the time was over.

    `waiting`: not tried yet, or to be tried again. `reasons`: why some were not sent, in the platform's words; the
    first three that differ.
    """

    retried: int = 0
    """How many were sent again."""
    sent: int = 0
    """The platform has them."""
    waiting: int = 0
    dead: int = 0
    """Failed for good once more."""
    uncertain: int = 0
    """May have arrived."""
    reasons: tuple[str, ...] = ()


class Retrier:
    """Retries messages that ended without being sent. `get` reads a message from disk."""

    def __init__(self, bus: Bus, clock: Clock, by_hand: ByHand, get: Callable[[int], Awaitable[Message]]) -> None:
        self._bus = bus
        self._clock = clock
        self._by_hand = by_hand
        self._get = get

    async def retry_one(self, message_id: int, begin: Callable[[], Awaitable[Message]], seconds: float) -> Message:
        """Begin (which lets the message wait again), and return it when it has been tried, or after some seconds.

        Raises what `begin` raises, or `UnknownMessageError` if it goes away meanwhile.
        """
        if seconds <= 0:
            return await begin()
        with self._results() as results:
            message = await begin()
            await self._until({message_id}, {message.connection}, results, seconds)
            if message.connection in results.removed:  # and it goes with it
                raise UnknownMessageError(id=message_id)
        return await self._get(message_id)

    async def retry_all(self, places: Places, seconds: float) -> Retried:
        """Send all dead letters of these connections again, or of one recipient there; what has become of them."""
        names = set(places)
        with self._results() as results:
            ids = await self._by_hand.retry_all(places)
            if seconds > 0:
                await self._until(ids, names, results, seconds)
            return _summary(ids, results.seen)

    @contextmanager
    def _results(self) -> Iterator[_Results]:
        """What is heard of messages inside of this block."""
        results = _Results()
        kinds: tuple[type[Event], ...] = (MessageRetrying, MessageFinished, ConnectionRemoved)
        unsubscribe = [self._bus.subscribe(kind, results.note) for kind in kinds]
        try:
            yield results
        finally:
            for stop in unsubscribe:
                stop()

    async def _until(self, ids: set[int], connections: set[str], results: _Results, seconds: float) -> None:
        """Wait until something was heard of all of these, or one of the connections is gone, or the time is over."""
        results.expect(ids, connections)
        cancel_timer = self._clock.call_later(seconds, results.done.set)
        try:
            await results.done.wait()
        finally:
            cancel_timer()


class _Results:
    """Collector of the first event of each message."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[Status, str | None]] = {}
        self.done = asyncio.Event()
        self._missing: set[int] | None = None
        self._connections = frozenset[str]()
        self.removed: set[str] = set()

    def note(self, event: Event) -> None:
        if not isinstance(event, MessageEvent):
            self.removed.add(event.connection)
            self._look()
            return
        message = event.message
        self.seen.setdefault(message.id, (message.status, message.error.text if message.error else None))
        if self._missing is not None:
            self._missing.discard(message.id)
            self._look()

    def expect(self, ids: set[int], connections: set[str]) -> None:
        self._missing = ids - self.seen.keys()
        self._connections = frozenset(connections)
        self._look()

    def _look(self) -> None:
        if self._missing is not None and (not self._missing or self.removed & self._connections):
            self.done.set()


def _summary(ids: set[int], seen: dict[int, tuple[Status, str | None]]) -> Retried:
    known = [seen[message_id] for message_id in sorted(ids & seen.keys())]
    reasons = dict.fromkeys(reason[:_MAX_REASON] for status, reason in known if reason and status is not Status.SENT)
    sent, dead, uncertain = (
        sum(status is wanted for status, _ in known) for wanted in (Status.SENT, Status.DEAD, Status.UNCERTAIN)
    )
    ended = sum(status.is_final for status, _ in known)
    return Retried(
        retried=len(ids),
        sent=sent,
        waiting=len(ids) - ended,
        dead=dead,
        uncertain=uncertain,
        reasons=tuple(reasons)[:_MAX_REASONS],
    )
