"""Lending of lanes: what the owner of a connection could send and has no worker free for, other processes deliver.

The owner stays the one who knows the order: a lane that is lent is busy here, as if a worker were on it, and what comes
for it waits. It comes back after a moment, or as soon as something does not go well in it. All that needs judgement
(backoff, breaker, times to live) is the owner's; so while the breaker is open, nothing is lent.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from bach_lib.clock import Cancel
from bach_lib.errors import BachError
from bach_lib.models import Message, Status
from bach_lib.outbound.choosing import Choosing
from bach_lib.outbound.entry import Entry
from bach_lib.outbound.lane_address import LaneAddresses
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.loans import Ended, Loans, Lot
from bach_lib.outbound.services import DispatchServices
from bach_lib.outbound.settlement import settled_event

MESSAGES = 25
"""Of a lane that are lent at once."""
_LOOK = 1.0
"""Seconds between two looks at what a lost notice may have said; so long a lane waits for somebody to take it."""
_BETWEEN = 0.1
"""Seconds between two times that the owner wants lanes back because it has a worker free."""
_REST = 5.0
"""Seconds for which nothing is lent after nobody has taken a lane."""
_WAITING = (Status.PENDING, Status.FAILED)


@dataclass(slots=True)
class _Lent:
    """A lane that is lent, since when (monotonic), and with which messages, as far as this process has lent them.

    Then `place` is the first of them, which is out of its lane as long as that.
    """

    place: Entry
    since: float
    messages: Sequence[int] = ()


class Lending:
    """The lanes of one connection that are lent. `follow` reads into its lanes how messages are now."""

    def __init__(
        self,
        connection: str,
        choosing: Choosing,
        ledger: Ledger,
        services: DispatchServices,
        *,
        spawn: Callable[[Coroutine[object, object, None]], None],
        follow: Callable[[Sequence[Message]], None],
    ) -> None:
        self._name, self._addresses = connection, LaneAddresses(connection, services.directory, services.clock)
        self._choosing, self._ledger, self._services = choosing, ledger, services
        self._spawn, self._follow = spawn, follow
        self._loans: Loans | None = None
        self._is_idempotent = False
        self._lent: dict[int, _Lent] = {}
        self._offering = 0
        self._rests_until = self._recalled_at = 0.0
        self._one_at_a_time = asyncio.Lock()
        self._is_wanted = self._is_recalling = False
        self._cancel_look: Cancel | None = None

    async def load(self, loans: Loans | None, *, idempotent: bool) -> frozenset[int]:
        """Learn which lanes others have; the messages in them. `loans`: None where nothing is lent.

        Raises a `StorageError`.
        """
        self._loans, self._is_idempotent = loans, idempotent
        self._lent.clear()
        self._offering, self._is_wanted, self._is_recalling = 0, False, False  # who was about to was cancelled
        if loans is None:
            return frozenset()
        out, ended = await loans.adopt(self._name, idempotent=idempotent)
        now = self._services.clock.monotonic()
        for loan in out:
            if place := self._choosing.lanes.occupy(self._addresses.lane_of(loan.recipient), now):
                self._lent[loan.id] = _Lent(place, now)
        for one in ended:
            self._tell(one)
        self._look_later()
        return frozenset(message for loan in out for message in loan.messages)

    def stop(self) -> None:
        """Lend nothing more."""
        self._loans = None
        if self._cancel_look:
            self._cancel_look()
            self._cancel_look = None

    # -- giving --------------------------------------------------------------------------------------------------------

    def lend(self) -> None:
        """Offer what could go and for which no worker is free; or, if one is, want back what nobody has taken."""
        if self._loans is None:
            return
        entries, now = list[Entry](), self._services.clock.monotonic()
        room = 2 * self._services.policy.parallel * self._loans.helpers() - len(self._lent) - self._offering
        while now >= self._rests_until and len(entries) < room and (entry := self._choosing.surplus()):
            entries.append(entry)
        if entries:
            self._offering += len(entries)
            self._spawn(self._offer(self._loans, entries, now))
        elif (most := self._choosing.wants_back(len(self._lent))) and now >= self._recalled_at + _BETWEEN:
            self._want_back(self._loans, [*self._lent], most)

    async def _offer(self, loans: Loans, chosen: Sequence[Entry], now: float) -> None:
        lanes = self._choosing.lanes
        entries = [entry for entry in chosen if entry.id not in self._ledger.unsettled]
        self._offering -= len(chosen) - len(entries)
        for entry in chosen:
            if entry not in entries:  # the disk takes it for being sent, and would have it back as interrupted
                lanes.release(entry.lane, entry)
        if not entries:
            return
        lots = [
            Lot(
                recipient=entry.recipient,
                priority=entry.priority,
                messages=[entry.id, *lanes.behind(entry, now, MESSAGES - 1)],
            )
            for entry in entries
        ]
        with suppress(BachError):  # this process was taken for dead, and begins anew
            async with self._one_at_a_time:
                numbers = await self._ledger.until_stored(partial(loans.offer, self._name, lots))
                for number, entry, lot in zip(numbers, entries, lots, strict=True):
                    if number in self._lent:  # others have a lane of this address, what was in it belongs elsewhere now
                        lanes.release(entry.lane, entry)
                        self._rests_until = now + _LOOK
                    else:
                        self._lent[number] = _Lent(entry, now, lot.messages)
                self._offering -= len(entries)
            loans.offered(self._name)
            self._look_later()

    # -- taking back ---------------------------------------------------------------------------------------------------

    def collect(self) -> None:
        """Something came back."""
        if self._loans and not self._is_wanted:
            self._is_wanted = True
            self._spawn(self._collect(self._loans))

    async def _collect(self, loans: Loans) -> None:
        with suppress(BachError):  # looked for again a second later
            async with self._one_at_a_time:
                self._is_wanted = False
                lent = {number: lent.messages for number, lent in self._lent.items()}
                ended = await loans.collect(self._name, lent, idempotent=self._is_idempotent)
            for one in ended:
                self._free(one)
            self._follow([message for one in ended for message in one.messages])
            for one in ended:
                self._tell(one)

    def _want_back(self, loans: Loans, ids: Sequence[int], most: int, *, is_late: bool = False) -> None:
        if not self._is_recalling:
            self._is_recalling, self._recalled_at = True, self._services.clock.monotonic()
            self._spawn(self._recall(loans, ids, most, is_late=is_late))

    async def _recall(self, loans: Loans, ids: Sequence[int], most: int, *, is_late: bool) -> None:
        try:
            numbers = await loans.recall(ids, most)
        except BachError:  # tried again a second later
            return
        finally:
            self._is_recalling = False
        for lent in [self._lent.pop(number) for number in numbers]:
            self._choosing.lanes.release(lent.place.lane, lent.place if lent.messages else None)
        if numbers and is_late and not self._lent:  # not even one was taken
            self._rests_until = self._services.clock.monotonic() + _REST
        if numbers:
            self._follow([])

    def _free(self, one: Ended) -> None:
        lent = self._lent.pop(one.id, None)
        if lent is None:
            return
        back = None
        for message in one.messages:
            is_head = lent.messages and message.id == lent.place.id
            if is_head and message.status in _WAITING and not message.held and message.connection == self._name:
                back = None if message.scheduled_for is not None else self._addresses.entry(message)
        self._choosing.lanes.release(lent.place.lane, back)

    def _tell(self, one: Ended) -> None:
        """Publish what has become of messages that others have tried."""
        for message in one.messages:
            if message.id in one.interrupted:
                self._ledger.recovered(message)
            elif message.id in one.tried:
                if (delivered := one.delivered(message)) is not None:
                    self._services.count(self._name, delivered)
                self._services.bus.publish(settled_event(message))
            if message.status is Status.SENT:
                self._choosing.lanes.hasten(self._services.clock.monotonic(), aside=True)

    def _look_later(self) -> None:
        if self._lent and self._cancel_look is None:
            self._cancel_look = self._services.clock.call_later(_LOOK, self._look)

    def _look(self) -> None:
        self._cancel_look = None
        if self._loans is None:
            return
        self.collect()
        now = self._services.clock.monotonic()
        old = [number for number, lent in self._lent.items() if lent.since + _LOOK <= now]
        if old:
            self._want_back(self._loans, old, len(old), is_late=True)
            self._loans.offered(self._name)  # whoever has taken one and does not know it looks
        self._look_later()
