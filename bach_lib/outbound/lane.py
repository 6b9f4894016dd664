"""Data structures of `lanes`: one lane, and the lanes that one rate limit has stopped.

A lane is one object and not three, since there may be ten thousand: Python's collector of cycles walks all objects that
can hold others, in one go, each time their number has grown by a quarter.
"""

from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, nsmallest

from bach_lib.outbound.entry import Kept, Key, lane_of, rank_of

_MAX_STALE = 64
"""Items out of date that a heap may carry, beside as many as are true, before it is cleaned."""


def is_crowded(heap: Sized, true: int) -> bool:
    """Whether so much in a heap is out of date that it is worth cleaning: more than what is true, and a little."""
    return len(heap) > _MAX_STALE + 2 * true


class Lane(list[tuple[int, int]]):
    """The messages to one recipient, and how many of them are under way (`busy`).

    Two may be where two spellings were found to be one place: nothing else goes until both have ended. It is a heap of
    ranks, also of messages that wait no longer; `waiting` of them are true. `entries`: all that wait, in whatever lane.
    `offered_by`: the limit that let it try.
    """

    __slots__ = ("busy", "entries", "failed_probes", "key", "offered_by", "waiting")

    def __init__(self, key: Key, entries: Mapping[int, Kept]) -> None:
        super().__init__()
        self.key: Key = key
        self.entries: Mapping[int, Kept] = entries
        self.offered_by: str = ""
        self.busy: int = 0
        self.failed_probes: int = 0
        self.waiting: int = 0

    def __bool__(self) -> bool:
        """A lane is there, also if nothing waits in it."""
        return True

    def head(self) -> int | None:
        """The number of the message that goes first."""
        while len(self):
            if self._has(message_id := self[0][1]):
                return message_id
            heappop(self)  # it was discarded
        return None

    def ids(self) -> Iterator[int]:
        """The numbers of those that wait, in no order; one may come twice."""
        return (message_id for _, message_id in self if self._has(message_id))

    def first(self, most: int) -> Iterator[int]:
        """The numbers of those that go first, in their order."""
        ranks = {rank for rank in self if self._has(rank[1])}
        return (message_id for _, message_id in nsmallest(most, ranks))

    def came(self, message_id: int) -> None:
        """It waits here now, and is among the entries."""
        heappush(self, rank_of(message_id, self.entries[message_id]))
        self.waiting += 1

    def went(self) -> None:
        """One waits no longer, and is not among the entries."""
        self.waiting -= 1
        if is_crowded(self, self.waiting):
            self[:] = {rank_of(message_id, self.entries[message_id]) for message_id in self.ids()}
            heapify(self)

    def _has(self, message_id: int) -> bool:
        kept = self.entries.get(message_id)
        return kept is not None and lane_of(message_id, kept) == self.key


@dataclass(slots=True)
class Parked:
    """The lanes that one limit stopped, best first, and when it may have a place again."""

    until: float
    heap: list[tuple[int, int, int, Key]] = field(default_factory=list)
