"""Who may go next: the waiting messages of one connection in memory, ordered as promise 6 says.

A lane is all messages to one recipient. Only its head may go, one at a time; when the head has to wait, its lane waits,
the others go on. Between lanes and inside them the higher priority goes first, then the older message. A lane whose
message failed as the probe of a half-open breaker stands behind the others ("strikes"), so that one poisonous message
cannot keep a connection closed for all.

Only numbers are kept here; the disk has the messages. Times are monotonic seconds.

A lane is announced in the heap `_later` under the time its head is due; `take` moves what is due on to the heap
`_ready`, sorted by rank. Announcements are never searched for and removed. One that is out of date is recognised when
it comes up, and dropped.
"""

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

_MAX_STALE = 64
"""Items out of date that a heap may carry, beside as many as are true, before it is cleaned."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """A waiting message: before `due` it may not go, from `expires` on it may not go any more."""

    id: int
    recipient: str
    priority: int = 0
    due: float = 0.0
    expires: float | None = None

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts the one that goes first to the front."""
        return (-self.priority, self.id)


@dataclass(slots=True)
class _Lane:
    heap: list[tuple[int, int]] = field(default_factory=list)
    entries: dict[int, Entry] = field(default_factory=dict)
    busy: bool = False
    paused_until: float = 0.0
    strikes: int = 0

    def head(self) -> Entry | None:
        while self.heap:
            if entry := self.entries.get(self.heap[0][1]):
                return entry
            heappop(self.heap)  # it was discarded
        return None

    def due(self) -> float:
        """When its head may go; if nothing waits, when its pause is over."""
        head = self.head()
        return max(head.due, self.paused_until) if head else self.paused_until


class Lanes:
    """All lanes of one connection."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._later: list[tuple[float, str]] = []  # (due, recipient)
        self._ready: list[tuple[int, int, int, str]] = []  # (strikes, -priority, id, recipient)
        self._expiring: list[tuple[float, int, str]] = []  # (expires, id, recipient)
        self._size = 0

    def __len__(self) -> int:
        """How many messages wait."""
        return self._size

    def add(self, entry: Entry) -> None:
        """Let a message wait in its lane."""
        lane = self._lanes.setdefault(entry.recipient, _Lane())
        if entry.id in lane.entries:
            return
        lane.entries[entry.id] = entry
        heappush(lane.heap, entry.rank)
        self._size += 1
        if entry.expires is not None:
            heappush(self._expiring, (entry.expires, entry.id, entry.recipient))
            if len(self._expiring) > _MAX_STALE + 2 * self._size:
                self._clean_expiring()
        if lane.head() is entry:
            self._announce(entry.recipient, lane)

    def discard(self, recipient: str, message_id: int) -> None:
        """Forget a message that no longer waits."""
        lane = self._lanes.get(recipient)
        if lane and lane.entries.pop(message_id, None):
            self._size -= 1
            if len(lane.heap) > _MAX_STALE + 2 * len(lane.entries):
                lane.heap = [entry.rank for entry in lane.entries.values()]
                heapify(lane.heap)
            self._announce(recipient, lane)

    def expired(self, now: float) -> list[int]:
        """Take out all messages whose time is over and return their ids."""
        ids = []
        while self._expiring and self._expiring[0][0] <= now:
            expires, message_id, recipient = heappop(self._expiring)
            lane = self._lanes.get(recipient)
            entry = lane.entries.get(message_id) if lane else None
            if entry and entry.expires == expires:  # else it was revived since, without time to live
                self.discard(recipient, message_id)
                ids.append(message_id)
        return ids

    def occupy(self, recipient: str, now: float) -> bool:
        """Take an idle, empty lane for a message that is not in it; False if it is not free."""
        lane = self._lanes.setdefault(recipient, _Lane())
        if lane.busy or lane.entries or lane.paused_until > now:
            return False
        lane.busy = True
        return True

    def take(self, now: float) -> Entry | None:
        """The message that goes next, out of its lane, which is busy until `release`."""
        while self._later and self._later[0][0] <= now:
            _, recipient = heappop(self._later)
            lane = self._lanes.get(recipient)
            if lane is None or lane.busy or lane.due() > now:
                continue
            if head := lane.head():
                heappush(self._ready, (lane.strikes, *head.rank, recipient))
            else:
                del self._lanes[recipient]  # its pause is over, and nothing more is known of it
        while self._ready:
            strikes, _, message_id, recipient = heappop(self._ready)
            lane = self._lanes.get(recipient)
            head = lane.head() if lane else None
            if lane is None or head is None or lane.busy or (strikes, message_id) != (lane.strikes, head.id):
                continue  # out of date; the lane was announced again when that changed
            if lane.due() > now:
                self._announce(recipient, lane)
                continue
            del lane.entries[head.id]
            self._size -= 1
            lane.busy = True
            return head
        return None

    def release(self, recipient: str, back: Entry | None = None, *, strike: bool | None = None) -> None:
        """The lane is free; `back` waits in it again.

        `strike`: its message failed as a probe (True) or the lane works (False).
        """
        lane = self._lanes[recipient]
        lane.busy = False
        if strike is not None:
            lane.strikes = lane.strikes + 1 if strike else 0
        if back:
            self.add(back)
        self._announce(recipient, lane)

    def pause(self, recipient: str, until: float) -> None:
        """Nothing of this lane goes before `until`."""
        lane = self._lanes.setdefault(recipient, _Lane())
        lane.paused_until = max(lane.paused_until, until)
        self._announce(recipient, lane)

    def move(self, old: str, new: str) -> None:
        """The waiting messages of a lane go to another one."""
        lane = self._lanes.get(old)
        for entry in list(lane.entries.values()) if lane else ():
            self.discard(old, entry.id)
            entry.recipient = new
            self.add(entry)

    def next_due(self) -> float | None:
        """A time at or before the next one at which `take` may find something. None: not by waiting alone."""
        if self._ready:
            return 0.0  # long ago: it was due when `take` preferred another
        return self._later[0][0] if self._later else None

    def next_expiry(self) -> float | None:
        """The next time at which `expired` may find something."""
        return self._expiring[0][0] if self._expiring else None

    def _announce(self, recipient: str, lane: _Lane) -> None:
        """Say when the lane's head is due; forget a lane that nothing is known of any more."""
        if lane.busy:
            return
        if not lane.entries and not lane.paused_until:
            self._lanes.pop(recipient, None)
            return
        heappush(self._later, (lane.due(), recipient))
        if len(self._later) > _MAX_STALE + 2 * len(self._lanes):
            self._later = [(lane.due(), name) for name, lane in self._lanes.items() if not lane.busy]
            heapify(self._later)

    def _clean_expiring(self) -> None:
        entries = [entry for lane in self._lanes.values() for entry in lane.entries.values()]
        self._expiring = [(entry.expires, entry.id, entry.recipient) for entry in entries if entry.expires is not None]
        heapify(self._expiring)
