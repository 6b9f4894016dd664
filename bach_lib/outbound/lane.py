"""What one lane holds, and what one limit of a platform has stopped: the parts that `lanes` is made of."""

from collections.abc import Sized
from dataclasses import dataclass, field
from heapq import heappop

from bach_lib.outbound.entry import Entry, Key

_MAX_STALE = 64
"""Items out of date that a heap may carry, beside as many as are true, before it is cleaned."""


@dataclass(slots=True)
class Lane:
    """The messages to one recipient, and how many of them are under way.

    Two may be where two spellings were found to be one place: nothing else goes until both have ended.
    """

    heap: list[tuple[int, int]] = field(default_factory=list)
    entries: dict[int, Entry] = field(default_factory=dict)
    busy: int = 0
    strikes: int = 0
    offered_by: str = ""

    def head(self) -> Entry | None:
        """The message that goes next."""
        while self.heap:
            if entry := self.entries.get(self.heap[0][1]):
                return entry
            heappop(self.heap)  # it was discarded
        return None


@dataclass(slots=True)
class Parked:
    """The lanes that one limit stopped, best first, and when it may have a place again."""

    until: float
    heap: list[tuple[int, int, int, Key]] = field(default_factory=list)


def is_crowded(heap: Sized, true: Sized) -> bool:
    """Whether so much in a heap is out of date that it is worth cleaning: more than what is true, and a little."""
    return len(heap) > _MAX_STALE + 2 * len(true)
