"""Buffer of gateway events that are not stored yet, with the cursor that confirms them.

Discord tells everything once. So it is kept here until a poll comes with a cursor behind it, and a poll whose cursor
was never stored gets the same again. The cursor holds the highest message id, from which the history can be read after
a restart, and a place in this very list, which counts for the run that wrote it only.
"""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from secrets import token_hex
from typing import Final

from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.bounds import Cut, Room, weight
from bach_lib.models import Fault

BATCH = 100
_MAX_SEEN = 10_000
_CURSOR = re.compile(r"(\d{1,20})(?::([0-9a-f]+):(\d+))?")
_GONE: Final = "presses, reactions and corrections that came while nothing could be stored; they are in no history"

type Told = tuple[int, Sequence[Incoming | Unreadable]]
"""What one event of the gateway, or one message of the history, became, behind its id; 0: it is in no history."""


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    message: Incoming | Unreadable
    snowflake: int
    size: int


class EventBuffer:
    """Buffered incoming messages, oldest first. `is_full`: what comes has to be read from the history later."""

    def __init__(self) -> None:
        self._run = token_hex(4)
        self._number = 0
        self._entries: deque[_Entry] = deque()
        self._room = Room()
        self._seen: dict[str, None] = {}
        self.highest: int = 0
        """The highest message id there was: the history is known up to it."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_full(self) -> bool:
        """True when nobody has stored anything for too long."""
        return self._room.is_used_up

    def add(self, messages: Iterable[Incoming | Unreadable], snowflake: int) -> None:
        """Keep what is new. `snowflake` is the message's id, or 0 for what is in no history."""
        for message in messages:
            if isinstance(message, Incoming):
                if message.remote_id in self._seen:
                    continue
                self._remember(message.remote_id)
            self._number += 1
            size = weight(message)
            self._room.take(size)
            self._entries.append(_Entry(self._number, message, snowflake, size))
        self.highest = max(self.highest, snowflake)

    def confirm(self, cursor: str | None) -> None:
        """Drop what is stored: everything up to a cursor of this run. Another run's says how far the history is known.

        A cursor that makes no sense is none.
        """
        match = _CURSOR.fullmatch(cursor or "")
        if match is None:
            return
        self.highest = max(self.highest, int(match[1]))
        if match[2] == self._run:
            while self._entries and self._entries[0].number <= int(match[3]):
                self._room.give_back(self._entries.popleft().size)

    def batch(self, notice: Fault | None = None) -> Batch:
        """The oldest that are not stored yet, and the cursor to store with them."""
        entries = [self._entries[at] for at in range(min(BATCH, len(self._entries)))]
        is_complete = len(entries) == len(self._entries)
        last = entries[-1].number if entries else self._number
        # what is kept back is not to be skipped after a restart
        left = (entry.snowflake - 1 for entry in list(self._entries)[len(entries) :] if entry.snowflake)
        highest = min(left, default=self.highest)
        return Batch(
            messages=tuple(entry.message for entry in entries if isinstance(entry.message, Incoming)),
            unreadable=tuple(entry.message for entry in entries if isinstance(entry.message, Unreadable)),
            cursor=f"{highest}:{self._run}:{last}",
            is_complete=is_complete,
            notice=notice,
        )

    def _remember(self, remote_id: str) -> None:
        self._seen[remote_id] = None
        if len(self._seen) > _MAX_SEEN:
            del self._seen[next(iter(self._seen))]


class HeldEvents:
    """Bounded buffer of gateway events that have to wait: for the backfill of the history, or for storage.

    When there is no room, what the history has goes first, the oldest of it; it is read there. Then the oldest goes of
    what is in no history: a press of long ago is not wanted any more. That is told.
    """

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._again: deque[tuple[int, Told]] = deque()
        self._once: deque[tuple[int, Told]] = deque()
        self._room = Room()

    def add(self, messages: Sequence[Incoming | Unreadable], snowflake: int) -> None:
        """Keep these until `take`."""
        if not messages:
            return
        size = sum(map(weight, messages))
        (self._again if snowflake else self._once).append((size, (snowflake, messages)))
        self._room.take(size)
        while self._room.is_used_up and len(self._again) + len(self._once) > 1:
            size, (snowflake, gone) = (self._again or self._once).popleft()
            self._room.give_back(size)
            if not snowflake:
                self._cut.add(_GONE, len(gone))

    def take(self, missed: Iterable[Told]) -> list[Told]:
        """All of it among what was `missed`, in the order of their ids; what has none comes last."""
        held = [told for _, told in (*self._again, *self._once)]
        self._again.clear()
        self._once.clear()
        self._room = Room()
        return sorted([*missed, *held], key=lambda told: told[0] or inf)
