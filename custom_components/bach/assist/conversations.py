"""Remembers the conversation ids: one conversation for each person in each place."""

from collections.abc import Callable
from time import monotonic
from typing import Final

KEEP_SECONDS: Final = 600
"""How long a conversation goes on after its last turn."""

type Lane = tuple[str, str]
"""A place, and a person in it."""


class Conversations[Kept]:
    """What must be known of each of them. Kept in memory only: after a restart a new one begins."""

    def __init__(self, time: Callable[[], float] = monotonic) -> None:
        self._time = time
        self._known: dict[Lane, tuple[Kept, float]] = {}

    def get(self, lane: Lane) -> Kept | None:
        """What is known of the conversation that goes on, or None for a new one."""
        known = self._known.get(lane)
        return known[0] if known and self._time() < known[1] else None

    def keep(self, lane: Lane, kept: Kept | None) -> None:
        """A turn has ended. What is over is forgotten."""
        now = self._time()
        self._known = {key: known for key, known in self._known.items() if now < known[1] and key != lane}
        if kept:
            self._known[lane] = (kept, now + KEEP_SECONDS)
