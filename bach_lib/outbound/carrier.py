"""Carrier: delivers lanes that the owner of a connection, another process, lends to this one (`lending`, `loans`).

A lane is carried on only while all goes well in it, and not for long: whatever needs judgement goes back to its owner.
What stands between it and the platform (breaker, checks, pauses) is this process's own, for its network may be the
fault, and nobody else hears of it. What became of messages is published by the owner.
"""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from bach_lib.bus import Bus
from bach_lib.connectors.base import Connector
from bach_lib.connectors.course import Course
from bach_lib.errors import BachError
from bach_lib.events import MessageEvent, MessageFinished, MessageRetrying
from bach_lib.models import Connection, Message, Operation, Status
from bach_lib.outbound.attempt import Trials
from bach_lib.outbound.background_tasks import BackgroundTasks
from bach_lib.outbound.breaker import Permit
from bach_lib.outbound.entry import entry_of
from bach_lib.outbound.lane_address import LaneAddresses
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.loans import Loan, Loans
from bach_lib.outbound.quieting import not_now
from bach_lib.outbound.retry import Settlement, untried
from bach_lib.outbound.services import DispatchServices

LONGEST = 0.5
"""Seconds after which no further message of a lane is begun."""


class Carrier:
    """What this process delivers of one connection."""

    def __init__(self, connection: Connection, services: DispatchServices, loans: Loans) -> None:
        bus = Bus()
        self._services = services = replace(
            services.of(connection.name),
            queue=loans.queue,
            bus=bus,
            save_breaker=lambda *_: None,
            count=lambda *_: None,
        )
        self._name, self._loans = connection.name, loans
        self._connector: Connector | None = None
        self._tasks = BackgroundTasks(f"bach-carry-{self._name}", services.clock)
        self._addresses = LaneAddresses(self._name, services.directory, services.clock)
        afresh = replace(connection, disabled_until=None, consecutive_failures=0)
        self._gate = services.gate(afresh, self._better)
        self._ledger = Ledger(self._name, services, self._tasks.spawn, lambda _: None)
        self._trials = Trials(self._gate, self._ledger, services)
        self._in_hand: dict[int, Loan] = {}
        self._tried: set[int] = set()
        self._is_resting = self._is_wanted = self._is_taking = self._was_idle = False
        for kind in (MessageFinished, MessageRetrying):
            bus.subscribe(kind, self._note)

    @property
    def was_idle(self) -> bool:
        """Whether it has had no lane in hand since this was asked before."""
        was_idle, self._was_idle = self._was_idle and not self._in_hand, True
        return was_idle

    def rest(self) -> None:
        """Begin no further attempt."""
        self._is_resting = True

    @property
    def course(self) -> Course:
        """What its connector asks of it that makes several requests of one message."""
        return Course(keep=self._ledger.keep)

    def start(self, connector: Connector) -> None:
        """Begin to deliver, and to know how the connection stands from here."""
        self._connector = connector
        self._gate.start(connector)
        self.offered()

    async def stop(self, grace: float, *, is_leaving: bool) -> None:
        """Give all back; attempts under way have `grace` seconds. `is_leaving`: the end of the session would do."""
        self.rest()
        try:
            await self._tasks.end(grace, lambda: self._ledger.leaving)
            with suppress(BachError):  # this process was taken for dead: then they are the owner's without a word
                for loan in list(self._in_hand.values()):
                    give_back = partial(self._give_back, loan)
                    await (give_back() if is_leaving else self._ledger.until_stored(give_back))
        finally:
            await self._gate.stop()

    def offered(self) -> None:
        """The owner has lanes to lend: take as many as there are workers free."""
        self._is_wanted = True
        if not self._is_taking and not self._is_resting:
            self._is_taking = True
            self._tasks.spawn(self._take())

    async def _take(self) -> None:
        try:
            while self._is_wanted and (free := self._free) > 0:
                self._is_wanted = False
                for loan in await self._loans.take(self._name, free):
                    if loan.id not in self._in_hand:
                        self._in_hand[loan.id], self._was_idle = loan, False
                        self._tasks.spawn(self._carry(loan))
        except BachError:  # the database is away, or this process was taken for dead
            return
        finally:
            self._is_taking = False

    @property
    def _free(self) -> int:
        """Workers; none while nothing may go."""
        if self._is_resting or self._connector is None or self._gate.seconds_closed != 0.0:
            return 0
        return self._services.policy.parallel - len(self._in_hand)

    async def _carry(self, loan: Loan) -> None:
        """Deliver what a lane was lent with, one after the other, as long as all goes well."""
        clock, settlement = self._services.clock, None
        until = clock.monotonic() + LONGEST
        with suppress(BachError):  # this process was taken for dead: nothing of this is its own any more
            for message_id in loan.messages:
                if self._is_resting or (permit := self._gate.admit()) is None:
                    break
                try:
                    message = await self._ledger.advance(settlement, message_id, loan.recipient)
                    settlement = await self._attempt(message, permit) if message else None
                finally:
                    self._gate.release(permit)
                if settlement is None or settlement.status is not Status.SENT or clock.monotonic() >= until:
                    break
            if settlement:
                await self._ledger.advance(settlement, None)
            await self._ledger.until_stored(partial(self._give_back, loan))
        self.offered()

    async def _attempt(self, message: Message, permit: Permit) -> Settlement:
        connector = self._connector
        if connector is None or message.operation is not Operation.SEND:  # before which others may have to go
            return untried(message)
        entry = entry_of(message, self._services.clock)
        if (instead := not_now(message, entry, connector, self._services)) is not None:
            return instead
        message = self._addresses.addressed(message)
        verdict = await self._trials.hold(connector, message, entry, lambda: not self._is_resting)
        self._gate.learn(permit, message.recipient, verdict.outcome, verdict.fault, began=verdict.began)
        return verdict.settlement

    async def _give_back(self, loan: Loan) -> None:
        tried = self._tried.intersection(loan.messages)
        await self._loans.give_back(loan, tried)
        self._tried -= tried
        del self._in_hand[loan.id]
        self._loans.returned(self._name)

    def _note(self, event: MessageEvent) -> None:
        self._tried.add(event.message.id)

    def _better(self) -> None:
        """A check went well: with no message at hand that was the probe, and there may be lanes to be had."""
        self._gate.probe_if_idle()
        self.offered()
