"""Scheduler of one connection: the waiting messages in memory, ordered as promise 6 says.

A lane is all messages to one recipient. Only its head may go, one at a time; when the head has to wait, its lane waits,
the others go on. Between lanes and inside them the higher priority goes first, then the older message. A lane whose
message failed as the probe of a half-open breaker stands behind the others ("strikes"), so that one message cannot
keep a connection closed for all. A message that stepped aside (`retry`) has a lane of its own: nobody waits for it.
Those that a limit stops which is only of their kind (edits) share one beside their recipient's.

Only numbers are kept here, in plain tuples (`entry.Kept`); the disk has the messages. Times are monotonic seconds.

A lane is announced in the heap `_later` under the time its head is due; `take` moves what is due on to the heap
`_ready`, sorted by rank. A lane that a limit of the platform stops is parked with all others which that limit stopped;
when the limit has a place again, only the best of them is offered, and with it gone the next one. So a message costs
the logarithm of how many wait, whatever stops them. Announcements are never searched for and removed. One that is out
of date is recognised when it comes up, and dropped.
"""

from heapq import heapify, heappop, heappush
from itertools import takewhile
from weakref import WeakValueDictionary

from bach_lib.outbound.entry import BESIDE, Entry, Kept, Key, entry_from, lane_of, rank_of
from bach_lib.outbound.lane import Lane, Parked, is_crowded
from bach_lib.outbound.limiter import Stop

_MOST_EXPIRED = 500
"""Messages that end in one turn of the loop; the others are as late as that takes."""

type _Place = tuple[int, int, int, Key, str]
"""Where a lane stands among those that could go: strikes, -priority, id; and the limit that offered it, or ""."""


class Lanes:
    """All lanes of one connection."""

    def __init__(self) -> None:
        self._lanes: dict[Key, Lane] = {}
        self._entries: dict[int, Kept] = {}
        self.under_way: WeakValueDictionary[int, Entry] = WeakValueDictionary()
        """Messages that were taken and not released, and places that are kept for one, under a number below zero."""
        self._leases = 0
        self._pauses: dict[str, float] = {}  # by recipient
        self._later: list[tuple[float, Key]] = []
        self._ready: list[_Place] = []
        self._parked: dict[str, Parked] = {}  # by limit
        self._opening: list[tuple[float, str]] = []  # (until, limit)
        self._expiring: list[tuple[float, int]] = []  # (expires, id)
        self._aside: set[int] = set()
        self._hurried: set[int] = set()

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._entries)

    @property
    def are_parked(self) -> bool:
        """Whether some wait for a limit of the platform; who comes now stands behind them."""
        return bool(self._parked)

    def add(self, entry: Entry) -> None:
        """Let a message wait in its lane."""
        if entry.id in self._entries:
            return
        lane = self._lane(entry.lane)
        self._put(entry, lane)
        if lane.head() == entry.id:
            self._announce(lane.key, lane)

    def discard(self, message_id: int) -> None:
        """Forget a message that no longer waits."""
        if kept := self._entries.get(message_id):
            lane = self._lanes[lane_of(message_id, kept)]
            self._remove(message_id, lane)
            self._announce(lane.key, lane)

    def waiting(self, message_id: int) -> Entry | None:
        """A message that waits; None if it does not."""
        return self._entry(message_id) if message_id in self._entries else None

    def expired(self, now: float) -> list[int]:
        """Take out messages whose time is over, some at once, and return their ids."""
        ids: list[int] = []
        while self._expiring and self._expiring[0][0] <= now and len(ids) < _MOST_EXPIRED:
            expires, message_id = heappop(self._expiring)
            kept = self._entries.get(message_id)
            if kept and kept[3] == expires:  # else it was revived since, without time to live
                self.discard(message_id)
                ids.append(message_id)
        return ids

    def occupy(self, recipient: str, now: float) -> Entry | None:
        """Take an idle, empty lane for a message that is not in it, and stand for that; None if it is not free."""
        key = (recipient, 0)
        lane = self._lanes.get(key)
        if (lane and (lane.busy or lane.waiting)) or self._pauses.get(recipient, now) > now:
            return None
        self._lane(key).busy += 1
        self._leases -= 1
        self.under_way[self._leases] = place = Entry(id=self._leases, recipient=recipient)
        return place

    def sets_out(self, entry: Entry, place: Entry) -> None:
        """The message that a lane was occupied for is under way."""
        entry.recipient = place.recipient
        self.under_way[entry.id] = entry

    def take(self, now: float) -> Entry | None:
        """The message that goes next, out of its lane, which is busy until `release`, or `park`."""
        self.ripen(now)
        while self._ready:
            failed_probes, _, message_id, key, limit = heappop(self._ready)
            lane = self._lanes.get(key)
            head = lane.head() if lane else None
            if lane and head == message_id and not lane.busy and failed_probes == lane.failed_probes:
                if self._due(head) <= now:
                    heappop(lane)
                    entry = self._entry(head)
                    self._remove(head, lane)
                    lane.busy, lane.offered_by = lane.busy + 1, limit
                    self.under_way[head] = entry
                    return entry
                self._announce(key, lane)
            if limit:  # out of date, and the next that this limit stopped has its turn
                self._offer(limit)
        return None

    def ripen(self, now: float) -> None:
        """Sort what is due by rank. Often, so that it is little each time."""
        while self._later and self._later[0][0] <= now:
            _, key = heappop(self._later)
            if idle := self._idle(key):
                lane, head = idle
                if (due := self._due(head)) <= now:
                    heappush(self._ready, (lane.failed_probes, *rank_of(head, self._entries[head]), key, ""))
                else:  # it was paused since
                    heappush(self._later, (due, key))
        while self._opening and self._opening[0][0] <= now:
            _, limit = heappop(self._opening)
            self._offer(limit)

    def passed(self, key: Key) -> None:
        """The limits let the taken head of this lane through: the next they stopped may try. Before `release`."""
        lane = self._lanes[key]
        limit, lane.offered_by = lane.offered_by, ""
        self._offer(limit)

    def park(self, entry: Entry, stop: Stop, now: float) -> None:
        """Back into its lane at once after `take`; the lane waits until this limit has a place for it."""
        key, lane = entry.lane, self._lanes[entry.lane]
        lane.busy -= 1
        offered_by, lane.offered_by = lane.offered_by, ""
        self._put(entry, lane)
        parked = self._parked.setdefault(stop.limit, Parked(0.0))
        if parked.until <= now:
            parked.until = now + stop.seconds
            heappush(self._opening, (parked.until, stop.limit))
        heappush(parked.heap, (lane.failed_probes, *entry.rank, key))
        if is_crowded(parked.heap, len(self._lanes)):
            parked.heap = [place for place in set(parked.heap) if self._standing(place[0], *place[2:])]
            heapify(parked.heap)
        if offered_by != stop.limit:
            self._offer(offered_by)

    def release(self, key: Key, back: Entry | None = None, *, failed_probe: bool | None = None) -> None:
        """The lane is free; `back` waits again, in this lane or aside.

        `failed_probe`: its message failed as a probe (True) or the lane works (False).
        """
        lane = self._lanes[key]
        lane.busy -= 1
        if failed_probe is not None:
            lane.failed_probes = lane.failed_probes + 1 if failed_probe else 0
        if back:
            self.add(back)
        self._announce(key, lane)

    def behind(self, entry: Entry, now: float, most: int) -> list[int]:
        """Those that go after a message that was taken, as many as are due one after the other."""
        return [*takewhile(lambda message_id: self._due(message_id) <= now, self._lanes[entry.lane].first(most))]

    def pause(self, recipient: str, until: float, now: float) -> None:
        """Nothing to this recipient goes before `until`."""
        self._pauses[recipient] = max(self._pauses.get(recipient, until), until)
        if is_crowded(self._pauses, len(self._lanes)):
            self._pauses = {name: end for name, end in self._pauses.items() if end > now}

    def hasten(self, now: float, *, aside: bool = False) -> None:
        """Those that wait for a sign wait no longer: all in a hurry, or all that stepped aside."""
        for message_id in self._aside if aside else self._hurried:
            entry = self._entry(message_id)
            if entry.due > now:
                entry.due = now
                self._entries[message_id] = entry.kept
                self._announce(entry.lane, self._lanes[entry.lane])

    @property
    def recipients(self) -> set[str]:
        """To whom anything waits, is under way or must not go yet."""
        return {recipient for recipient, _ in self._lanes} | self._pauses.keys()

    def move(self, old: str, new: str, *, is_one_place: bool) -> None:
        """What waits goes on together, after what is under way to either. `is_one_place`: a wish to wait, too."""
        for entry in self.under_way.values():
            entry.recipient = new if entry.recipient == old else entry.recipient
        if is_one_place and (until := self._pauses.pop(old, None)) is not None:
            self._pauses[new] = max(self._pauses.get(new, until), until)
        for key in [key for key in self._lanes if key[0] == old]:
            lane, target = self._lanes.pop(key), self._lane((new, key[1]))
            target.busy, target.failed_probes = target.busy + lane.busy, max(target.failed_probes, lane.failed_probes)
            for message_id in set(lane.ids()):
                self._entries[message_id] = (new, *self._entries[message_id][1:])
                target.came(message_id)
            self._announce(target.key, target)

    def redirect(self, entry: Entry, recipient: str) -> None:
        """What is under way belongs to another lane now, which waits for its end."""
        before, entry.recipient = entry.lane, recipient
        self._lane(entry.lane).busy += 1
        self.release(before)

    def waits_beside(self, entry: Entry) -> bool:
        """Whether older ones to its recipient wait for a limit of their kind, which it must not overtake."""
        lane = None if entry.beside else self._lanes.get((entry.recipient, BESIDE))
        return lane is not None and (bool(lane.busy) or any(number < entry.id for number in lane.ids()))

    def next_due(self) -> float | None:
        """A time at or before the next one at which `take` may find something. None: not by waiting alone."""
        if self._ready:
            return 0.0  # long ago: it was due when `take` preferred another
        return min((heap[0][0] for heap in (self._later, self._opening) if heap), default=None)

    def next_expiry(self) -> float | None:
        """The next time at which `expired` may find something."""
        return self._expiring[0][0] if self._expiring else None

    def _lane(self, key: Key) -> Lane:
        return self._lanes.get(key) or self._lanes.setdefault(key, Lane(key, self._entries))

    def _entry(self, message_id: int) -> Entry:
        return entry_from(message_id, self._entries[message_id])

    def _due(self, head: int) -> float:
        recipient, _, due, *_ = self._entries[head]
        return max(due, self._pauses.get(recipient, 0.0))

    def _put(self, entry: Entry, lane: Lane) -> None:
        self._entries[entry.id] = entry.kept
        lane.came(entry.id)
        if entry.aside:
            self._aside.add(entry.id)
        if entry.hurry:
            self._hurried.add(entry.id)
        if entry.expires is not None:
            heappush(self._expiring, (entry.expires, entry.id))
            if is_crowded(self._expiring, len(self._entries)):
                self._clean_expiring()

    def _remove(self, message_id: int, lane: Lane) -> None:
        del self._entries[message_id]
        lane.went()
        self._aside.discard(message_id)
        self._hurried.discard(message_id)

    def _idle(self, key: Key) -> tuple[Lane, int] | None:
        """A lane from which something could go, and its head."""
        lane = self._lanes.get(key)
        head = None if lane is None or lane.busy else lane.head()
        return (lane, head) if lane and head is not None else None

    def _standing(self, failed_probes: int, message_id: int, key: Key) -> bool:
        """Whether something could go from a lane that still stands where it stood when this was written down."""
        idle = self._idle(key)
        return idle is not None and (failed_probes, message_id) == (idle[0].failed_probes, idle[1])

    def _offer(self, limit: str) -> None:
        """Let the best of the lanes that this limit stopped stand among those that could go. None has the name ""."""
        parked = self._parked.get(limit)
        while parked and parked.heap:
            failed_probes, rank, message_id, key = heappop(parked.heap)
            if self._standing(failed_probes, message_id, key):
                heappush(self._ready, (failed_probes, rank, message_id, key, limit))
                return
        self._parked.pop(limit, None)

    def _announce(self, key: Key, lane: Lane) -> None:
        """Say when the lane's head is due; forget a lane in which nothing waits."""
        if lane.busy:
            return
        if (head := lane.head()) is None:
            self._lanes.pop(key, None)
            return
        heappush(self._later, (self._due(head), key))
        if is_crowded(self._later, len(self._lanes)):
            heads = [(lane.head(), key) for key, lane in self._lanes.items() if not lane.busy]
            self._later = [(self._due(head), key) for head, key in heads if head is not None]
            heapify(self._later)

    def _clean_expiring(self) -> None:
        self._expiring = [(kept[3], message_id) for message_id, kept in self._entries.items() if kept[3] is not None]
        heapify(self._expiring)
