"""Our own events, which come back to whoever has subscribed to their type: they are kept apart from those of others."""

from collections import defaultdict
from collections.abc import Awaitable, Callable

from bach_lib.connectors.homeassistant.codec import context_of
from bach_lib.connectors.homeassistant.websocket import Frame, frame_of

_MAX_HELD = 500
"""Events that wait for the answer to ours; so many others of its type in that time are no echo."""


class Echoes:
    """Filter of one connection's own events. `hear` gets the events of others."""

    def __init__(self, hear: Callable[[object], None]) -> None:
        self._hear = hear
        self._held: defaultdict[str, list[object]] = defaultdict(list)
        """Events of the types that are being fired: one of each may be our own. Not more of them than `_MAX_HELD`."""

    def told(self, event: object) -> None:
        """An event came."""
        match event:
            case {"event_type": str(kind)} if (held := self._held.get(kind)) is not None and len(held) < _MAX_HELD:
                held.append(event)
            case _:
                self._hear(event)

    async def fire(self, event_type: str, call: Callable[[], Awaitable[object]]) -> Frame:
        """Fire an event, and do not take it for one of theirs when it comes back. Raises what `call` raises."""
        own: str | None = None
        held = self._held[event_type]
        try:
            answer = frame_of(await call())
            own = context_of(answer)
            return answer
        finally:
            self._held.pop(event_type, None)  # one that stepped aside may have fired the same meanwhile
            for event in held:
                if own is None or context_of(event) != own:
                    self._hear(event)
