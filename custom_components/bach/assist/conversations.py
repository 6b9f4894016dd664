"""Remembers conversation ids for a while: one conversation per person and chat.

So a person can refer to what was said before, and nobody continues the conversation of somebody else.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

KEEP_SECONDS: Final = 600
"""How long a conversation goes on after its last turn."""

type Lane = tuple[str, str]
"""A place, and a person in it."""


class Conversations[Kept]:
    """In-memory store of conversations with an expiry; after a restart each begins anew."""

    def __init__(self, time: Callable[[], float] = monotonic) -> None:
        self._time = time
        self._known: dict[Lane, tuple[Kept, float]] = {}

    def get(self, lane: Lane) -> Kept | None:
        """Return what is kept of a running conversation, or None for a new one."""
        known = self._known.get(lane)
        return known[0] if known and self._time() < known[1] else None

    def keep(self, lane: Lane, kept: Kept | None) -> None:
        """Store the state after a turn, and drop expired conversations."""
        now = self._time()
        self._known = {key: known for key, known in self._known.items() if now < known[1] and key != lane}
        if kept:
            self._known[lane] = (kept, now + KEEP_SECONDS)
