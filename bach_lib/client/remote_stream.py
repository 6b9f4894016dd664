"""Streams of events that another process tells: as the owner's own, and a gap on the way here ends the loop as well."""

import weakref
from typing import cast, override

from bach_lib.bus import Bus
from bach_lib.errors import EventsMissingError
from bach_lib.events import Event, EventsMissed
from bach_lib.handling.event_stream import EventStream
from bach_lib.handling.subscribers import without_those_below


class RemoteStream[E: Event](EventStream[E]):
    """What comes from the owner, in its order."""

    def __init__(self, event_types: tuple[type[E], ...], limit: int) -> None:
        super().__init__(limit)
        self._types: tuple[type[Event], ...] = event_types or (Event,)

    @override
    async def __anext__(self) -> E:
        """The next event. Raises `EventsMissingError` where some are missing, unless `EventsMissed` was asked for."""
        event = await super().__anext__()
        if isinstance(event, EventsMissed) and not isinstance(event, self._types):
            raise EventsMissingError
        return event


class Streams:
    """The streams of one client."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._open: weakref.WeakSet[EventStream[Event]] = weakref.WeakSet()

    def stream[E: Event](self, event_types: tuple[type[E], ...], limit: int) -> RemoteStream[E]:
        """What happens of these types from now on. Whoever lets it go need not say so."""
        stream = RemoteStream(event_types, limit)
        self._open.add(cast("EventStream[Event]", stream))
        reference = weakref.ref(stream)

        def receive(event: Event) -> None:
            if (found := reference()) is not None:
                found.put(cast("E", event))

        for one in without_those_below((*(event_types or (Event,)), EventsMissed)):
            weakref.finalize(stream, self._bus.subscribe(one, receive)).atexit = False
        return stream

    def close(self) -> None:
        """Nothing comes any more."""
        for stream in tuple(self._open):
            stream.close()
