"""Memory bounds of incoming messages that are not stored yet, and the notice that some had to go.

Who writes decides how much comes and how long it is; a disk that takes nothing decides how long it stays. So every such
list is bounded in rows and in bytes. What does not fit is counted for its reason: the log says so, and in the place of
what is missing stands something that could not be read, which whoever looks at the connection finds there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from bach_lib.clock import Clock
from bach_lib.connectors.base import Incoming, Proof, Unreadable
from bach_lib.field_logger import FieldLogger

_LOGGER = FieldLogger(__name__)

MAX_ROWS: Final = 5_000
"""Messages that one list keeps."""
MAX_BYTES: Final = 16_000_000
"""What they may take of the memory, roughly."""

_ROW = 1_000
"""Bytes of a message that says nothing."""
_WIDEST = 4
"""Bytes of a character outside of ASCII, at most."""
_MOST_NODES = 10_000
"""Of the data beside a message that are looked at; one with more is as heavy as can be."""
_EVERY = 3600.0
"""Seconds between two lines for one reason: who sends too much must not fill the log as well."""


def weight(one: Incoming | Unreadable | Proof) -> int:
    """Bytes that a message takes in memory, roughly and rather too many."""
    if isinstance(one, Unreadable):
        return _ROW + _text(one.raw) + _text(one.reason)
    if isinstance(one, Proof):
        return _ROW + _data([one.sender_id, one.sender_name, *one.remote_ids, *one.places])
    texts = (one.text, one.recipient, one.recipient_title, one.sender_id, one.sender_name, one.remote_id)
    return _ROW + sum(map(_text, texts)) + _data(one.metadata) + _data(asdict(one.content))


def _text(text: object) -> int:
    return 0 if not isinstance(text, str) else len(text) if text.isascii() else _WIDEST * len(text)


def _data(data: object) -> int:
    """Of what stands beside a message, however it is nested."""
    size, nodes, left = 0, 0, [data]
    while left:
        found = left.pop()
        nodes += 1
        if nodes > _MOST_NODES:
            return MAX_BYTES
        if isinstance(found, Mapping):
            left += found.keys()
            left += found.values()
        elif isinstance(found, Sequence) and not isinstance(found, str | bytes):
            left += found
        size += _text(found) + 50
    return size


@dataclass(slots=True)
class Room:
    """Capacity of a list in rows and bytes: what it holds, and whether that is all it may hold."""

    rows: int = 0
    size: int = 0

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more should be let in."""
        return self.rows >= MAX_ROWS or self.size >= MAX_BYTES

    def take(self, size: int) -> None:
        """Something came in."""
        self.rows, self.size = self.rows + 1, self.size + size

    def give_back(self, size: int) -> None:
        """Something is gone."""
        self.rows, self.size = self.rows - 1, self.size - size


class Cut:
    """Counts what one connection had to drop. The reasons are sentences of ours, of which there are few."""

    def __init__(self, connection: str, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._untold: dict[str, int] = {}
        self._unlogged: dict[str, int] = {}
        self._next_at: dict[str, float] = {}

    def add(self, reason: str, count: int = 1) -> None:
        """So many messages are not taken in; 0: nobody can tell how many."""
        self._untold[reason] = self._untold.get(reason, 0) + count
        self._unlogged[reason] = self._unlogged.get(reason, 0) + count
        now = self._clock.monotonic()
        if now >= self._next_at.get(reason, 0.0):
            count = self._unlogged.pop(reason)
            _LOGGER.warning(
                "%s through %s were left out: %s", _number(count), self._connection, reason, connection=self._connection
            )
            self._next_at[reason] = now + _EVERY

    def told(self) -> list[Unreadable]:
        """What was left out since the last time, one for each reason, to be stored in its place."""
        untold, self._untold = self._untold, {}
        return [Unreadable(raw="", reason=f"{_number(many)} were left out: {why}") for why, many in untold.items()]


def _number(count: int) -> str:
    return f"{count} messages" if count else "Messages"
