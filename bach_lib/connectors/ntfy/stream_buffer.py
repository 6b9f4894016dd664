"""Buffer of messages from an ntfy stream until they are stored, and the cursor behind them.

The cursor is the id of the last message, from which the server goes on; and with it the topics that were listened to,
and what of ours has not come back.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import uuid4

import orjson

from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.connectors.bounds import Room, weight
from bach_lib.connectors.ntfy import codec
from bach_lib.connectors.ntfy.own_posts import OwnPosts, Whose
from bach_lib.connectors.tolerant import decode, read_one
from bach_lib.models import Fault

_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class _Heard:
    """A message on the stream, or something that cannot be understood."""

    line: codec.Line | None
    unread: Unreadable | None
    size: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is to be stored, or only passed by (None). `since`: from where the server goes on behind it."""

    number: int
    found: Incoming | Unreadable | None
    since: str | None
    size: int


class StreamBuffer:
    """What one connection has read. `happened` is called when there is something more to hand over."""

    def __init__(self, clock: Clock, happened: Callable[[], None]) -> None:
        self.own: OwnPosts = OwnPosts(clock.now, self._sort)
        self.topics: frozenset[str] = frozenset[str]()
        """Which were listened to last."""
        self.since: str | None = None
        """From where the server goes on behind all that was heard."""
        self._happened = happened
        self._mark = uuid4().hex[:8]
        """Tells the cursors of this connector from those of earlier ones."""
        self._begins: dict[str, float] = {}
        """From when on a topic that was let in later is listened to."""
        self._heard = deque[_Heard]()
        self._kept = deque[_Kept]()
        self._room = Room()
        self._number = self._confirmed = 0
        self._stored: str | None = None
        self._is_new = True

    def __bool__(self) -> bool:
        return bool(self._kept)

    @property
    def is_full(self) -> bool:
        """Whether nobody has stored anything for so long that no more should be read."""
        return self._room.is_used_up

    def begin(self, topics: frozenset[str], time: float) -> None:
        """A stream of these topics has begun, at a time of the server's. What came before one was let in stays out."""
        for topic in topics - self.topics:
            self._begins[topic] = time
        self._begins = {topic: since for topic, since in self._begins.items() if topic in topics}
        self.topics = topics
        if self.since is None:
            self.since = self._stored = str(int(time))

    def hear(self, raw: bytes) -> None:
        """A line has come."""
        for unread in read_one(raw, self._take):
            if isinstance(unread, Unreadable):
                self._add(_Heard(None, unread, weight(unread)))
        self._sort()

    def confirm(self, cursor: str | None) -> None:
        """Everything up to this cursor is stored. The first one may be of a process before this."""
        found = _read(cursor)
        number = found.get("number")
        if found.get("mark") == self._mark and type(number) is int:
            self._confirmed = max(self._confirmed, min(number, self._number))
        elif self._is_new:
            self._recall(found)
        self._is_new = False
        while self._kept and self._kept[0].number <= self._confirmed:
            passed = self._kept.popleft()
            self._stored = passed.since
            self._room.give_back(passed.size)

    def batch(self, notice: Fault | None, told_at: float) -> Batch:
        """What is not confirmed yet, or the first part of it."""
        taken = list(islice(self._kept, _BATCH))
        number, since = (taken[-1].number, taken[-1].since) if taken else (self._confirmed, self._stored)
        cursor = {
            "since": since,
            "topics": sorted(self.topics),
            **self.own.kept(),
            "mark": self._mark,
            "number": number,
        }
        return Batch(
            messages=tuple(kept.found for kept in taken if isinstance(kept.found, Incoming)),
            cursor=orjson.dumps(cursor).decode(),
            unreadable=tuple(kept.found for kept in taken if isinstance(kept.found, Unreadable)),
            is_complete=False,
            notice=notice,
            told_at=told_at,
        )

    def _take(self, raw: bytes) -> Sequence[Incoming]:
        """Raises `UnreadableError`."""
        line = codec.read(raw)
        if line.message is not None and (line.time or 0.0) >= self._begins.get(line.topic, 0.0):
            self._add(_Heard(line, None, weight(line.message)))
        return ()

    def _recall(self, found: dict[str, object]) -> None:
        match found:
            case {"since": str(since), "topics": [*topics]}:
                self.since = self._stored = since
                self.topics = frozenset(topic for topic in topics if isinstance(topic, str))
                self.own.recall(found)

    def _add(self, heard: _Heard) -> None:
        self._room.take(heard.size)
        self._heard.append(heard)
        self.since = self.since if heard.line is None else heard.line.id

    def _sort(self) -> None:
        """Hand on what is known not to be ours, in order: what waits for an answer keeps back what came after it."""
        since = self._kept[-1].since if self._kept else self._stored
        while self._heard:
            heard = self._heard[0]
            found: Incoming | Unreadable | None = heard.unread
            if heard.line is not None:
                whose = self.own.whose(heard.line.id, heard.line.topic, heard.line.mark)
                if whose is Whose.UNKNOWN:
                    break
                since = heard.line.id
                found = heard.line.message if whose is Whose.THEIRS else None
            self._heard.popleft()
            self._number += 1
            self._kept.append(_Kept(self._number, found, since, heard.size))
        self._happened()


def _read(cursor: str | None) -> dict[str, object]:
    """What a cursor says; nothing where it is none of ours."""
    try:
        found = decode(cursor or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
