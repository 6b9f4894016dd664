"""What the gateway brought and nobody has stored yet, with the cursor that confirms it.

Discord tells everything once. So it is kept here until a poll comes with a cursor behind it, and a poll whose cursor
was never stored gets the same again. The cursor holds the highest message id, from which the history can be read after
a restart, and a place in this very list, which counts for the run that wrote it only.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from secrets import token_hex

from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.models import Fault

BATCH = 100
MAX_KEPT = 5000
_MAX_SEEN = 10_000
_CURSOR = re.compile(r"(\d{1,20})(?::([0-9a-f]+):(\d+))?")


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    message: Incoming | Unreadable
    snowflake: int


class News:
    """A list of what came in, oldest first. `is_full`: what comes has to be read from the history later."""

    def __init__(self) -> None:
        self._run = token_hex(4)
        self._number = 0
        self._entries: deque[_Entry] = deque()
        self._seen: dict[str, None] = {}
        self.highest = 0
        """The highest message id there was: the history is known up to it."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_full(self) -> bool:
        """True when nobody has stored anything for too long."""
        return len(self._entries) >= MAX_KEPT

    def add(self, messages: Iterable[Incoming | Unreadable], snowflake: int) -> None:
        """Keep what is new. `snowflake` is the message's id, or 0 for what is in no history."""
        for message in messages:
            if isinstance(message, Incoming):
                if message.remote_id in self._seen:
                    continue
                self._remember(message.remote_id)
            self._number += 1
            self._entries.append(_Entry(self._number, message, snowflake))
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
                self._entries.popleft()

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
