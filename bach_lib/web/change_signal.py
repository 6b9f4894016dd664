"""Tells open pages that something is different: never what, at once after a quiet time, and in a busy one each second.

A page that hears of it asks for what it shows as soon as it can take the answer. So a burst of messages is one
question, nobody is sent what they cannot read, and what somebody may see is decided when they ask.
"""

from collections.abc import Callable
from typing import Final

from bach_lib.clock import Cancel, Clock
from bach_lib.events import Event, MessageSetAside, SenderBlocked

PAUSE: Final = 0.25
"""Seconds in which everything that happens is told once."""
_STEADY: Final = 1.0
"""Seconds from one time to the next: pages ask no more often, and ask together."""
_NOT_SHOWN = (MessageSetAside, SenderBlocked)

type Hear = Callable[[], None]


class Changes:
    """Those who have a page open, in one home."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hearers: dict[object, Hear] = {}
        self._stop_timer: Cancel | None = None
        self._told_at = -_STEADY
        self.told: int = 0
        """How often pages were told."""

    def follow(self, hear: Hear) -> Callable[[], None]:
        """Call `hear` after changes, until the returned function is called."""
        key = object()
        self._hearers[key] = hear

        def stop() -> None:
            self._hearers.pop(key, None)
            if not self._hearers and self._stop_timer:
                self._stop_timer()
                self._stop_timer = None

        return stop

    @property
    def is_followed(self) -> bool:
        """Whether somebody has a page open."""
        return bool(self._hearers)

    def note(self, event: Event) -> None:
        """Something has happened; nobody need be told of it at once."""
        if self._hearers and not self._stop_timer and not isinstance(event, _NOT_SHOWN):
            now = self._clock.monotonic()
            self._stop_timer = self._clock.call_later(max(PAUSE, self._told_at + _STEADY - now), self._tell)

    def _tell(self) -> None:
        self._stop_timer = None
        self._told_at = self._clock.monotonic()
        self.told += 1
        for hear in list(self._hearers.values()):
            hear()
