"""Event stream: what happens, one event after another, for a loop. Bounded, and says what it lost.

Events are facts of this process and not on disk; what has to survive is in the inbox and the queue.
"""

import asyncio
from collections import deque
from typing import Self

from bach_lib.arguments import whole
from bach_lib.errors import EventsLostError, InvalidValueError
from bach_lib.events import Event

LIMIT = 1000
"""Events that may wait for a program; then the oldest go."""
_MOST = 100_000


def check_wish(event_types: tuple[type[Event], ...], limit: int) -> int:
    """The limit, if a stream of these types can have it. Raises `InvalidValueError`."""
    for one in event_types:
        if not isinstance(one, type) or not issubclass(one, Event):
            raise InvalidValueError(field="an event type", value=str(one)[:50], expected="a class of events")
    return whole("limit", limit, 1, _MOST)


class EventStream[E: Event]:
    """Yields events in the order in which they happened, from the moment on at which it was made.

    Whoever takes them too slowly loses the oldest: the loop ends with an `EventsLostError` that says how many. Another
    loop over the same stream goes on behind the gap. It ends when BACH is closed, after what waits in it.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._events: deque[E] = deque()
        self._limit = limit
        self._lost = 0
        self._is_closed = False
        self._stirred = asyncio.Event()

    def __aiter__(self) -> Self:
        """Itself: a stream may be left and entered again."""
        return self

    async def __anext__(self) -> E:
        """The next event. Raises `EventsLostError` where there is a gap."""
        while not self._events and not self._is_closed:
            self._stirred.clear()
            await self._stirred.wait()
        if lost := self.take_lost():
            raise EventsLostError(number=lost, limit=self._limit)
        if not self._events:
            raise StopAsyncIteration
        return self._events.popleft()

    def put(self, event: E) -> None:
        """Something has happened."""
        if self._is_closed:
            return
        if len(self._events) >= self._limit:
            self._events.popleft()
            self._lost += 1
        self._events.append(event)
        self._stirred.set()

    def take(self) -> E | None:
        """The next event, if there is one; gaps are for `take_lost`."""
        return self._events.popleft() if self._events else None

    def take_lost(self) -> int:
        """How many are missing before the next one, told once."""
        lost, self._lost = self._lost, 0
        return lost

    def close(self) -> None:
        """Nothing comes any more."""
        self._is_closed = True
        self._stirred.set()
