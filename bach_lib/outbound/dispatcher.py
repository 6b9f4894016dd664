"""Dispatcher of one connection: starts attempts as lanes, gate and workers allow, and processes their outcomes.

Nothing polls. `_pump` runs when something changed (a message came, an attempt ended, a timer fired, a check succeeded);
it starts as many workers as may work now and sets one timer for the next moment at which more may. A worker sends one
message after another; what came of the last and its claim on the next share a transaction. All requests pass through
the store in order, so a lane's next message is never claimed before its last one is settled. Whether a time to live is
over is decided here alone, on the clock that never jumps. The disk keeps that moment on the wall clock (`Ledger`).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from bach_lib.clock import Cancel
from bach_lib.connectors.base import Connector
from bach_lib.connectors.course import Course
from bach_lib.errors import QueueFullError
from bach_lib.events import MessageCancelled, MessageQueued
from bach_lib.models import Connection, Message, Operation
from bach_lib.outbound.attempt import Trials
from bach_lib.outbound.background_tasks import BackgroundTasks
from bach_lib.outbound.bundle import Bundle
from bach_lib.outbound.choosing import Choosing
from bach_lib.outbound.entry import expiry_of
from bach_lib.outbound.following import follow, is_new, settle_in
from bach_lib.outbound.gate import Gate
from bach_lib.outbound.job import Job, Lease
from bach_lib.outbound.lane_address import LaneAddresses
from bach_lib.outbound.lanes import Lanes
from bach_lib.outbound.ledger import Ledger
from bach_lib.outbound.lending import Lending
from bach_lib.outbound.loading import Loading
from bach_lib.outbound.loans import Loans
from bach_lib.outbound.putting import Put
from bach_lib.outbound.quieting import not_now
from bach_lib.outbound.retry import Settlement, untried
from bach_lib.outbound.rows import Draft, Request
from bach_lib.outbound.schedule import Schedule
from bach_lib.outbound.services import DispatchServices
from bach_lib.outcomes import Scope, Sent


class Dispatcher:
    """Queue and delivery of one connection. Messages may be put at any time; they are sent while it is started."""

    def __init__(self, connection: Connection, services: DispatchServices) -> None:
        self._name, self._services = connection.name, services
        self._clock, self._publish = services.clock, services.bus.publish
        self._lanes = Lanes()
        self._connector: Connector | None = None
        self._tasks = BackgroundTasks(f"bach-send-{self._name}", self._clock)
        self._spawn = self._tasks.spawn
        self._puts: dict[asyncio.Future[Put], str | None] = {}  # whose lane it will wait in, unless it was leased
        self._cancel_timer: Cancel = lambda: None
        self._addresses = LaneAddresses(connection.name, services.directory, services.clock)
        self.gate: Gate = services.gate(connection, self._better)
        self._choosing = Choosing(self._lanes, self.gate, services)
        self._ledger = Ledger(connection.name, services, self._spawn, self._settle_in)
        self.look_at_the_wall: Callable[[], None] = self._ledger.look_at_the_wall
        self._schedule = Schedule(connection.name, services, self._ledger, self._spawn, self._fell_due)
        self._loading = Loading(connection.name, self._lanes, services, self._ledger, self._schedule)
        self._loading.end()
        self._trials = Trials(self.gate, self._ledger, services)
        self.lending: Lending = Lending(
            self._name, self._choosing, self._ledger, services, spawn=self._spawn, follow=self.follow
        )

    async def load(self, *, idempotent: bool, loans: Loans | None = None) -> None:
        """Learn from the disk what waits; settle what was in flight then. `loans`: lanes may be lent to others."""
        self._lanes = self._choosing.lanes = Lanes()
        self._trials.clear()
        self._ledger.begin()
        self._schedule.clear()
        loading = self._loading = Loading(self._name, self._lanes, self._services, self._ledger, self._schedule)
        lent = await self.lending.load(loans, idempotent=idempotent)
        for message in await self._services.queue.recover(self._name, idempotent=idempotent, besides=lent):
            self._ledger.recovered(message)
        await self._ledger.has_followed()  # what is read now is by the time that the wall shows
        await loading.begin()
        if await loading.go_on():
            self._spawn(loading.rest(self._ledger.until_stored, self._pump))
        self._pump()  # times to live end also while nothing is sent

    def start(self, connector: Connector) -> None:
        """Begin to deliver."""
        self._connector = connector
        self.gate.start(connector)
        self._pump()

    def rest(self) -> None:
        """Begin no further attempt until `start`; what comes meanwhile waits."""
        self._connector = None

    async def stop(self, grace: float) -> None:
        """Give attempts that are under way `grace` seconds, then cancel them; those are uncertain until `load`."""
        self.rest()
        self._loading.stop()
        self.lending.stop()
        self._ledger.look_at_the_wall()
        try:
            await self._tasks.end(grace, lambda: (*self._puts, *self._ledger.leaving))
        finally:  # also if the caller has no more time
            await self.gate.stop()  # last, so that what those attempts learned is not taken for the present state
            self._set_timer(None)

    @property
    def course(self) -> Course:
        """What its connector asks of it that makes several requests of one message."""
        return Course(turn=lambda recipient: self.gate.turn(self._connector, recipient), keep=self._ledger.keep)

    def put(self, draft: Draft, request: Request | None = None, bundle: Bundle | None = None) -> asyncio.Future[Put]:
        """Store a message, or let `bundle` do it; the future is done after the commit. Raises `QueueFullError`."""
        limit = self._services.policy.max_waiting
        waiting = len(self._lanes) + self._loading.left + self._choosing.workers
        if waiting + len(self._puts) >= limit <= waiting + sum(to is not None for to in self._puts.values()):
            raise QueueFullError(connection=self._name, limit=limit)
        self._ledger.look_at_the_wall()
        lease, expires = self._lease(draft), expiry_of(draft, self._clock)
        others = self._addresses.others(draft.recipient) if draft.tag is not None else ()
        try:
            put = (bundle or self._services.queue).put
            future = put(draft, leased=lease is not None, request=request, others=others)
        except BaseException:  # raised again: the lane must be free
            self._give_back(lease)
            raise
        self._puts[future] = draft.recipient if lease is None else None
        future.add_done_callback(partial(self._stored, lease, expires))
        return future

    def waits_again(self, message: Message) -> None:
        """A message was revived on disk."""
        self._fell_due(message)
        self._publish(MessageQueued(connection=self._name, message=message))

    def _fell_due(self, message: Message) -> None:
        self._loading.add(self._addresses.entry(message, self._ledger.disk_time()))
        self._pump()

    def forget(self, message: Message) -> None:
        """A waiting message was cancelled on disk."""
        self.drop(message)
        self._publish(MessageCancelled(connection=self._name, message=message))

    def drop(self, message: Message) -> None:
        """A waiting message became another one on disk, perhaps of another recipient or connection."""
        self._loading.discard(message.id)
        self._pump()

    def _settle_in(self, message: Message) -> None:
        """What became of an attempt is on disk, and what was decided of its message meanwhile."""
        settle_in(message, self._lanes, self._loading, self._addresses)
        self._pump()

    def moved(self, old: str, new: str) -> None:
        """The waiting messages of a recipient got another address on disk."""
        self._loading.move(old, new)
        self._pump()

    def readdressed(self, message_ids: Iterable[int], new: str) -> None:
        """Some messages got another address on disk; those of them that wait, or wait again, go there."""
        self._loading.readdress(message_ids, new)
        self._pump()

    def follow(self, messages: Sequence[Message] | None, *, has_more: bool = False) -> None:
        """Others wrote about these messages, the oldest first (`has_more`: older ones wait, too); None: about any."""
        if (messages is None or (has_more and is_new(messages[0], self._lanes))) and self._loading.again():
            self._spawn(self._loading.rest(self._ledger.until_stored, self._pump))
        follow(messages or (), self._lanes, self._loading, self._addresses)
        self._pump()

    def renamed(self, old: str, new: str) -> None:
        """It is known on disk that two forms mean one place, `new` being the one."""
        self._meet(old)
        self._spawn(self._ledger.follow(old, new, is_move=self._addresses.is_move(old, new)))
        self._pump()

    def _meet(self, *learned: str) -> None:
        """Let all that goes to one place stand in one lane and under its limits, however it is written."""
        lane_of = self._addresses.lane_of
        for old in learned:
            self.gate.meet(self._connector, old, lane_of(old))
        self._puts = {future: to and lane_of(to) for future, to in self._puts.items()}
        for old in self._loading.recipients | self._lanes.recipients:
            if (new := lane_of(old)) != old:
                self._loading.join(old, new)

    def _lease(self, draft: Draft) -> Lease | None:
        """A lease if this message could go this very moment."""
        if self._connector is None or draft.next_retry_at or draft.gathering or not self._choosing.has_room:
            return None
        others = self._lanes.are_parked or draft.recipient in self._puts.values() or not self._loading.is_over
        return None if others else self._choosing.lease(self._connector, draft.recipient)  # others stand before it

    def _give_back(self, lease: Lease | None) -> None:
        if lease is not None:
            self._choosing.finish(Job(lease.place, lease.permit), None)
            self._pump()

    def _stored(self, lease: Lease | None, expires: float | None, future: asyncio.Future[Put]) -> None:
        """The commit is done, whether or not its caller still waits for it."""
        del self._puts[future]
        if future.cancelled() or future.exception() or not future.result().is_new:
            self._give_back(lease)
            return
        message = future.result().message
        entry, is_told = replace(self._addresses.entry(message), expires=expires), False
        try:
            self._ledger.replaced(future.result(), self.forget)
            self._publish(MessageQueued(connection=self._name, message=message))
            is_told = True
        finally:  # also if the program ends over that
            if lease is not None and is_told and self._connector is not None:
                self._lanes.sets_out(entry, lease.place)
                self._spawn(self._work(Job(entry, lease.permit, message)))
            else:  # a worker that is cancelled before its first step gives nothing back
                if lease is not None:
                    self._give_back(lease)
                    self._ledger.give_back(message)
                self._loading.add(entry)
                self._pump()

    def _pump(self) -> None:
        """Start every worker that may work now, and set the timer for the next moment."""
        now = self._clock.monotonic()
        if expired := self._lanes.expired(now):
            self._spawn(self._ledger.expire(expired))
        self._lanes.ripen(now)
        while job := self._next_job():
            self._spawn(self._work(job))
        if self._connector:
            self.lending.lend()
        self._set_timer(self._choosing.next_change(now, is_sending=self._connector is not None))

    def _next_job(self) -> Job | None:
        self._ledger.look_at_the_wall()
        return self._choosing.next_job(self._connector) if self._connector else None

    def _better(self) -> None:
        self._lanes.hasten(self._clock.monotonic())
        self._pump()
        if not self._choosing.workers and not self._lanes:
            self.gate.probe_if_idle()

    async def _work(self, working: Job | None) -> None:
        """Send this message and then whatever may go next."""
        settlement: Settlement | None = None
        try:
            while working:
                message = working.leased
                if message is None:
                    known, settlement = settlement, None
                    message = await self._ledger.advance(known, working.entry.id, working.entry.recipient)
                if message is None:  # cancelled meanwhile
                    self._choosing.finish(working, None)
                else:
                    settlement = await self._send(working, message)
                working = self._next_job()
                self._pump()
            known, settlement = settlement, None
            if known:
                await self._ledger.advance(known, None)
        finally:
            if working:  # cancelled in the middle
                self._choosing.finish(working, None)
            if settlement:  # the program ends in foreign code
                self._ledger.leave(settlement)

    async def _send(self, job: Job, message: Message) -> Settlement:
        """One attempt and what follows from it in memory."""
        connector, lane = self._connector, self._addresses.lane_of(message.recipient)
        beside = message.operation is not Operation.SEND and self._lanes.waits_beside(job.entry)
        if connector is None or beside or lane != job.entry.recipient:  # stopped, moved, or older ones wait for a limit
            self._choosing.finish(job, replace(job.entry, recipient=lane, beside=beside))
            return untried(message)
        if (instead := not_now(message, job.entry, connector, self._services)) is not None:
            self._choosing.finish(job, None)
            return instead
        message = self._addresses.addressed(message)
        verdict = await self._trials.hold(connector, message, job.entry, lambda: self._connector is connector)
        settlement, now = verdict.settlement, self._clock.monotonic()
        if settlement.lesson is not None:
            self._meet(*(alias.spelling for alias in settlement.lesson.aliases))
        failed = self.gate.learn(job.permit, message.recipient, verdict.outcome, verdict.fault, began=verdict.began)
        seconds = 0.0 if settlement.next_retry_at is None else settlement.next_retry_at - self._clock.now()
        if (wait := verdict.wait) and wait.scope is not Scope.MESSAGE:
            self._lanes.pause(self._addresses.lane_of(message.recipient), now + max(seconds, wait.seconds), now)
        back, beside = None, wait is not None and wait.scope is Scope.MESSAGE
        if not settlement.status.is_final:
            aside = settlement.retry_count > message.max_retries
            back = replace(job.entry, due=now + seconds, aside=aside, beside=beside, hurry=settlement.hurry)
        self._choosing.finish(job, back, failed_probe=failed)
        if isinstance(verdict.outcome, Sent):
            self._lanes.hasten(now, aside=True)
        return settlement

    def _set_timer(self, seconds: float | None) -> None:
        self._cancel_timer()
        if seconds is not None:
            self._cancel_timer = self._clock.call_later(max(seconds, 0.0), self._pump)
