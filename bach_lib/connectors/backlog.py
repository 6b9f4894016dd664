"""Buffer of incoming messages that a platform will not send again, kept until they are stored.

The cursor counts what this process heard, which is enough for a disk that fails and comes back. What is here and not
stored when the process dies is lost.
"""

from collections import deque
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final
from uuid import uuid4

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch, Incoming, Proof, Unreadable
from bach_lib.connectors.bounds import Cut, Room, weight
from bach_lib.said import Sentence

_BATCH = 100
_REFUSED: Final = Sentence(
    "nothing_could_be_stored_for_so_long_that_no", "nothing could be stored for so long that no more was kept"
)


@dataclass(frozen=True, slots=True)
class _Heard:
    number: int
    at: float
    one: Incoming | Unreadable | Proof
    size: int


class Backlog:
    """Buffer of what came in and was not confirmed yet, oldest first.

    `is_live`: the platform tells things as they happen. Else it may have more from long ago, however empty this is.
    """

    def __init__(self, connection: str, clock: Clock, *, is_live: bool = True) -> None:
        self._clock = clock
        self._is_live = is_live
        self._mark = uuid4().hex[:8]
        """Tells the cursors of this process from those of earlier ones."""
        self._heard = 0
        self._confirmed = 0
        self._news: deque[_Heard] = deque()
        self._room = Room()
        self._cut = Cut(connection, clock)

    def __bool__(self) -> bool:
        return bool(self._news)

    @property
    def is_full(self) -> bool:
        """Whether nobody has stored anything for so long that no more should be taken in."""
        return self._room.is_used_up

    def offer(self, one: Incoming | Unreadable) -> None:
        """Something came in. If there is no room, it is left out: who told it cannot be made to wait."""
        if self.is_full:
            self._cut.add(_REFUSED)
        else:
            self.add(one)

    def add(self, one: Incoming | Unreadable | Proof) -> None:
        """Something came in that has to be kept; who brings more looks at `is_full` first."""
        self._heard += 1
        size = weight(one)
        self._room.take(size)
        self._news.append(_Heard(self._heard, self._clock.monotonic(), one, size))

    def confirm(self, cursor: str | None) -> None:
        """Everything up to this cursor is stored."""
        mark, _, number = (cursor or "").partition(":")
        if mark == self._mark and number.isdecimal():
            self._confirmed = max(self._confirmed, min(int(number), self._heard))
        while self._news and self._news[0].number <= self._confirmed:
            self._room.give_back(self._news.popleft().size)
        if not self.is_full:
            for left_out in self._cut.told():
                self.add(left_out)

    def batch(self) -> Batch:
        """What is not confirmed yet, or the first part of it."""
        last = self._confirmed + _BATCH
        taken = list(takewhile(lambda heard: heard.number <= last, self._news))
        return Batch(
            messages=tuple(self._aged(heard.one, heard.at) for heard in taken if isinstance(heard.one, Incoming)),
            cursor=f"{self._mark}:{taken[-1].number if taken else self._confirmed}",
            unreadable=tuple(heard.one for heard in taken if isinstance(heard.one, Unreadable)),
            proofs=tuple(self._aged(heard.one, heard.at) for heard in taken if isinstance(heard.one, Proof)),
            is_complete=self._is_live and len(taken) == len(self._news),
        )

    def _aged[T: (Incoming, Proof)](self, one: T, heard_at: float) -> T:
        """While it waits here, time goes on over there too."""
        waited = self._clock.monotonic() - heard_at
        return replace(one, told_at=one.told_at + waited) if waited > 0 and one.told_at is not None else one
