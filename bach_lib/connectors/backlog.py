"""What a platform told once and will not tell again, kept until it is stored.

The cursor counts what this process heard, which is enough for a disk that fails and comes back. What is here and not
stored when the process dies is lost.
"""

from collections import deque
from dataclasses import replace
from itertools import takewhile
from uuid import uuid4

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch, Incoming, Unreadable

_BATCH = 100
_MAX_KEPT = 5_000
"""Messages."""


class Backlog:
    """What came in and was not confirmed yet, oldest first.

    `is_live`: the platform tells things as they happen. Else it may have more from long ago, however empty this is.
    """

    def __init__(self, clock: Clock, *, is_live: bool = True) -> None:
        self._clock = clock
        self._is_live = is_live
        self._mark = uuid4().hex[:8]
        """Tells the cursors of this process from those of earlier ones."""
        self._heard = 0
        self._confirmed = 0
        self._news: deque[tuple[int, float, Incoming | Unreadable]] = deque()

    def __bool__(self) -> bool:
        return bool(self._news)

    @property
    def is_full(self) -> bool:
        """Whether nobody has stored anything for so long that no more should be taken in."""
        return len(self._news) >= _MAX_KEPT

    def add(self, one: Incoming | Unreadable) -> None:
        """Something came in."""
        self._heard += 1
        self._news.append((self._heard, self._clock.monotonic(), one))

    def confirm(self, cursor: str | None) -> None:
        """Everything up to this cursor is stored."""
        mark, _, number = (cursor or "").partition(":")
        if mark == self._mark and number.isdecimal():
            self._confirmed = max(self._confirmed, min(int(number), self._heard))
        while self._news and self._news[0][0] <= self._confirmed:
            self._news.popleft()

    def batch(self) -> Batch:
        """What is not confirmed yet, or the first part of it."""
        last = self._confirmed + _BATCH
        taken = list(takewhile(lambda one: one[0] <= last, self._news))
        return Batch(
            messages=tuple(self._aged(one, heard) for _, heard, one in taken if isinstance(one, Incoming)),
            cursor=f"{self._mark}:{taken[-1][0] if taken else self._confirmed}",
            unreadable=tuple(one for *_, one in taken if isinstance(one, Unreadable)),
            is_complete=self._is_live and len(taken) == len(self._news),
        )

    def _aged(self, one: Incoming, heard_at: float) -> Incoming:
        """While it waits here, time goes on over there too."""
        waited = self._clock.monotonic() - heard_at
        return replace(one, told_at=one.told_at + waited) if waited > 0 and one.told_at is not None else one
