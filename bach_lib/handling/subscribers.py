"""Subscribers that are asynchronous: each has a task that BACH keeps, which takes its events one after another.

So the order is kept, and a slow one holds up nobody. At most `LIMIT` events wait for one; then the oldest are lost, and
the log says how many.
"""

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from typing import cast

from bach_lib.bus import Bus, Unsubscribe, is_asynchronous
from bach_lib.events import Event
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import guarded, name_of, places_of
from bach_lib.handling.ending import Ending
from bach_lib.handling.event_stream import LIMIT, EventStream

_LOGGER = FieldLogger(__name__)


class Subscribers:
    """Asynchronous subscribers, and the streams."""

    def __init__(self, bus: Bus, ending: Ending) -> None:
        self._bus = bus
        self._ending = ending
        self._workers: set[asyncio.Task[None]] = set()
        self._streams: weakref.WeakSet[EventStream[Event]] = weakref.WeakSet()
        self._is_resting = False

    def subscribe[E: Event](self, event_type: type[E], callback: Callable[[E], Awaitable[None] | None]) -> Unsubscribe:
        """Let `callback` know of every event of this type, until the returned function is called."""
        if not is_asynchronous(callback):
            return self._bus.subscribe(event_type, cast("Callable[[E], None]", callback))
        worker = _Worker(cast("Callable[[E], Awaitable[None]]", callback))

        def receive(event: E) -> None:
            if not self._is_resting and (task := worker.hand(event)):
                self._workers.add(task)
                task.add_done_callback(self._workers.discard)

        unsubscribe = self._bus.subscribe(event_type, receive)

        def stop() -> None:
            unsubscribe()
            worker.stop()

        return stop

    def stream[E: Event](self, event_types: tuple[type[E], ...], limit: int) -> EventStream[E]:
        """What happens of these types from now on. Whoever lets it go need not say so."""
        stream = EventStream[E](limit)
        self._streams.add(cast("EventStream[Event]", stream))
        reference = weakref.ref(stream)

        def receive(event: E) -> None:
            if (found := reference()) is not None:
                found.put(event)

        for event_type in without_those_below(event_types):
            weakref.finalize(stream, self._bus.subscribe(event_type, receive)).atexit = False
        return stream

    def begin(self) -> None:
        """BACH is being opened."""
        self._is_resting = False

    async def close(self, grace: float) -> None:
        """Give what is under way `grace` seconds, then cancel it. What happens from now on nobody is told."""
        self._is_resting = True
        await self._ending.end(self._workers, grace)

    def close_streams(self) -> None:
        """Nothing happens any more."""
        for stream in tuple(self._streams):
            stream.close()


class _Worker[E: Event]:
    """Hands events to one subscriber, while there are any."""

    def __init__(self, callback: Callable[[E], Awaitable[None]]) -> None:
        self._callback = callback
        self._waiting = EventStream[E](LIMIT)
        self._task: asyncio.Task[None] | None = None

    def hand(self, event: E) -> asyncio.Task[None] | None:
        """Let it have an event; the task that does so, if it is a new one."""
        self._waiting.put(event)
        if self._task and not self._task.done():
            return None
        self._task = asyncio.create_task(self._work(), name="bach-subscriber")
        return self._task

    def stop(self) -> None:
        """It wants no more; what it is about, it may finish."""
        self._waiting.close()
        while self._waiting.take():
            pass

    async def _work(self) -> None:
        while (event := self._waiting.take()) is not None:
            if lost := self._waiting.take_lost():
                _LOGGER.warning("A subscriber of %s is too slow; it lost %d of them", type(event).__name__, lost)
            try:
                await guarded(self._callback(event))
            except Exception as error:  # noqa: BLE001 - a border: subscribers are foreign code
                _LOGGER.error(  # noqa: TRY400 - an error's own words may hold what is nobody's to read
                    "A subscriber of %s failed: %s\n%s", type(event).__name__, name_of(error), places_of(error)
                )


def without_those_below[E: Event](event_types: tuple[type[E], ...]) -> list[type[E]]:
    """The types, by default all, so that nothing is told twice."""
    found = dict.fromkeys(event_types or (cast("type[E]", Event),))
    return [one for one in found if not any(other is not one and issubclass(one, other) for other in found)]
