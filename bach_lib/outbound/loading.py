"""Loads waiting messages from disk after a start, page by page, while messages come, go and are changed.

What is most urgent is read first, and within a priority the oldest, so whatever is in the lanes already may go: nothing
that is still to be read stands before it. What comes meanwhile is let in when all that stands before it is. Only what a
lane needs is read, and not the texts.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from math import inf

from bach_lib.outbound.entry import Entry, Waits, entry_of
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.rows import COLUMNS
from bach_lib.outbound.schedule import Schedule
from bach_lib.outbound.services import DispatchServices
from bach_lib.storage import Row, Transaction, Value
from bach_lib.storage.columns import UNREADABLE
from bach_lib.storage.values import integer, real

type UntilStored = Callable[[Callable[[], Awaitable[bool]]], Awaitable[bool]]

_SHARE = 250
"""Messages that are taken in at once; a millisecond or two of the event loop."""


class Loading:
    """Loads the lanes of one connection from disk. The ledger is told of each message whose row is damaged.

    What is scheduled goes to `schedule` instead, and comes here when it is due.
    """

    def __init__(
        self, connection: str, lanes: Lanes, services: DispatchServices, ledger: Ledger, schedule: Schedule
    ) -> None:
        self._name = connection
        self._lanes = lanes
        self._services = services
        self._ledger = ledger
        self._schedule = schedule
        self._priorities: deque[Value] = deque()
        self._upto = self._after = 0
        self._reached = inf
        self._known: set[int] = set()
        self._late: dict[int, Entry] = {}
        self._moved: dict[str, str] = {}
        self.left: int = 0
        """Messages on disk that no lane knows of yet, roughly."""
        self._is_over = False
        self._passes = self._wanted = 0

    @property
    def is_over(self) -> bool:
        """Whether all that waits is in the lanes."""
        return self._is_over

    async def begin(self) -> None:
        """Learn how many there are. Raises a `StorageError`."""
        wanted = self._wanted
        counts = await self._services.queue.look_up(partial(_count, connection=self._name))
        self._priorities = deque(priority for priority, *_ in sorted(counts, key=_urgency))
        self._upto, self._after = max((last for *_, last in counts), default=0), 0
        self.left = 0 if wanted else sum(number for _, number, _ in counts)
        self._passes = wanted

    def again(self) -> bool:
        """Read all anew, since others wrote what nobody told here; whether `rest` has to be called for that.

        Whatever comes meanwhile stands behind what is read.
        """
        self._wanted += 1
        self._reached = inf
        was_over, self._is_over = self._is_over, False
        return was_over

    async def go_on(self) -> bool:
        """Take in the next share; whether there may be more. Raises a `StorageError`."""
        if self._passes != self._wanted and not self.is_over:
            await self.begin()
        if not self._priorities or self.is_over:
            self.end()
            return False
        priority = self._priorities[0]
        share = partial(_share, connection=self._name, priority=priority, after=self._after, upto=self._upto)
        rows, lives_by = await self._ledger.read(lambda: self._services.queue.look_up(share))
        if self._passes != self._wanted:  # older ones may be there that were not read
            return True
        for waits in rows if self._is_wanted() else ():
            if isinstance(waits, Waits):
                self._take_in(waits, lives_by)
        self.left = max(0, self.left - len(rows))
        if bad := [one for one in rows if isinstance(one, int)]:
            for message in await self._services.queue.set_aside(bad):
                self._ledger.recovered(message)
        if len(rows) == _SHARE:
            last = rows[-1]
            self._after = last.id if isinstance(last, Waits) else last
        else:
            self._priorities.popleft()
            self._after, self._reached = 0, priority if isinstance(priority, int) else -inf
            self._let_in()
        return True

    def _take_in(self, waits: Waits, lives_by: float) -> None:
        """It was read in its turn, and what is known of it counts. Younger ones of which nothing is known come next."""
        late = self._late.get(waits.id)
        if late is not None and late.priority >= waits.priority:
            self._lanes.add(self._late.pop(waits.id))
        elif waits.id not in self._known and waits.id not in self._lanes.under_way:
            moved = self._moved.get(waits.recipient, waits.recipient)
            waits.recipient = self._services.directory.normal(self._name, moved)
            if waits.scheduled_for is None:
                renew(self._lanes, entry_of(waits, self._services.clock, lives_by))
            elif waits.id not in self._schedule:
                self._schedule.add(waits.id, waits.scheduled_for)

    async def rest(self, until_stored: UntilStored, pump: Callable[[], None]) -> None:
        """Take in all of the rest. What is there already goes meanwhile: `pump` lets it."""
        while await until_stored(self.go_on):
            pump()
        pump()

    def end(self) -> None:
        """All is read, or nobody wants the rest."""
        if not self.is_over:
            self._is_over, self._reached, self.left = True, -inf, 0
            self._passes = self._wanted
            self._let_in()
            self._known.clear()
            self._moved.clear()

    def stop(self) -> None:
        """Whatever is not in the lanes waits for the next start."""
        self.end()
        self._schedule.clear()

    def add(self, entry: Entry) -> None:
        """A message came, or waits again."""
        if entry.scheduled_for is not None:
            self.discard(entry.id)
            self._schedule.add(entry.id, entry.scheduled_for)
            return
        self._schedule.discard(entry.id)
        if self.is_over:
            self._lanes.add(entry)
            return
        self._known.add(entry.id)
        self._late[entry.id] = entry
        self._let_in()

    def discard(self, message_id: int) -> None:
        """A message waits no longer."""
        self._schedule.discard(message_id)
        if not self.is_over:
            self._known.add(message_id)
            self._late.pop(message_id, None)
        self._lanes.discard(message_id)

    @property
    def recipients(self) -> set[str]:
        """To whom something goes that is still to be let in."""
        return {entry.recipient for entry in self._late.values()}

    def join(self, old: str, new: str) -> None:
        """Two recipients are one place, which goes by the second."""
        for entry in self._late.values():
            entry.recipient = new if entry.recipient == old else entry.recipient
        self._lanes.move(old, new, is_one_place=True)

    def move(self, old: str, new: str) -> None:
        """The waiting messages to a recipient go to its new address."""
        if not self.is_over:
            self._moved[old] = new
            for entry in self._late.values():
                entry.recipient = self._moved.get(entry.recipient, entry.recipient)
        self._lanes.move(old, new, is_one_place=False)

    def readdress(self, message_ids: Iterable[int], new: str) -> None:
        """Those of these messages that wait or are under way go to another address. What is still to be read has it."""
        for message_id in message_ids:
            if (on_its_way := self._lanes.under_way.get(message_id)) is not None:
                self._lanes.redirect(on_its_way, new)
            elif late := self._late.get(message_id):
                late.recipient = new
            elif entry := self._lanes.waiting(message_id):
                entry.recipient = new
                self._lanes.discard(message_id)
                self._lanes.add(entry)

    def _is_wanted(self) -> bool:
        return not self._is_over

    def _let_in(self) -> None:
        """What stands behind nothing that is still to be read."""
        for entry in [one for one in self._late.values() if one.priority >= self._reached]:
            self._lanes.add(self._late.pop(entry.id))


def renew(lanes: Lanes, written: Entry) -> None:
    """Let a message wait as it is written; perhaps another process has amended, moved or revived it."""
    there = lanes.waiting(written.id)
    if there is None:
        lanes.add(written)
    elif (there.recipient, there.expires is None) != (written.recipient, written.expires is None) or (
        there.due > written.due
    ):
        lanes.discard(written.id)
        lanes.add(written)


def _urgency(counted: tuple[Value, int, int]) -> tuple[bool, int]:
    priority = counted[0]
    return (False, -priority) if isinstance(priority, int) else (True, 0)  # a damaged one


def _count(tx: Transaction, connection: str) -> list[tuple[Value, int, int]]:
    rows = tx.rows("count_waiting", connection=connection)
    return [(row["priority"], integer(row["number"]), integer(row["last"])) for row in rows]


def _share(tx: Transaction, **values: Value) -> list[Waits | int]:
    """The next messages; of one that cannot be read only the id."""
    return [_waits(row) for row in tx.rows("waiting_share", limit=_SHARE, **values)]


def _waits(row: Row) -> Waits | int:
    message_id = integer(row["id"])
    try:
        if COLUMNS.damaged(row):
            return message_id
        return Waits(
            id=message_id,
            recipient=str(row["recipient"]),
            priority=integer(row["priority"]),
            created_at=real(row["created_at"]) or 0.0,
            attempted_at=real(row["attempted_at"]),
            next_retry_at=real(row["next_retry_at"]),
            expires_at=real(row["expires_at"]),
            retry_count=integer(row["retry_count"]),
            max_retries=integer(row["max_retries"]),
        )
    except UNREADABLE:
        return message_id
