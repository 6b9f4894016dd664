"""Receives through one connection: a poll loop, and a watchdog that notices when it has quietly stopped.

The loop polls, stores, routes, and polls again. When the watchdog finds that this has quietly stopped, whatever the
loop believes, both the loop and what the connector holds open are thrown away and made anew.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from bach_lib.bus import Bus
from bach_lib.clock import Clock
from bach_lib.connectors.base import Batch, Connector, Incoming, Unreadable
from bach_lib.errors import BachError, UnknownConnectionError
from bach_lib.events import ConnectionChanged, InboxChanged
from bach_lib.field_logger import FieldLogger
from bach_lib.foreign import guarded
from bach_lib.inbound.acknowledging import Acknowledging
from bach_lib.inbound.admission import Notice
from bach_lib.inbound.ages import CaughtUp, ClockNotice
from bach_lib.inbound.batch_check import validate_batch
from bach_lib.inbound.inbox import Accepted, Inbox
from bach_lib.inbound.quiet_start import QuietStart, is_heard
from bach_lib.inbound.router import Router
from bach_lib.inbound.watchdog import Watchdog
from bach_lib.models import Connection, ConnectionState, Direction, Fault, Health
from bach_lib.models.health import internal_fault, log_transition, state_after
from bach_lib.models.incoming import IncomingMessage
from bach_lib.policy import ReceivePolicy
from bach_lib.redact import Redactor
from bach_lib.spans import span

_LOGGER = FieldLogger(__name__)
_LONGEST_WAIT = 86_400.0
"""Seconds; no server may silence receiving for longer than a day at a time."""


class Receiver:
    """The incoming side of one connection.

    `row` returns its present row of the registry, `count_blocked` is told of strangers.
    """

    def __init__(
        self,
        *,
        row: Callable[[], Connection],
        inbox: Inbox,
        router: Router,
        bus: Bus,
        clock: Clock,
        policy: ReceivePolicy,
        count_blocked: Callable[[int], None],
    ) -> None:
        self._row = row
        self._name = row().name
        self._inbox = inbox
        self._router = router
        self._bus = bus
        self._clock = clock
        self._policy = policy
        self._count_blocked = count_blocked
        self._strangers = Notice("%d messages of senders that nobody allowed came through %s", self._name, clock)
        self._unreadable = Notice("%d messages that came through %s could not be read; set aside", self._name, clock)
        self._clocks = ClockNotice(self._name, clock)
        self._gone = Notice("%d old messages of %s made room in the inbox for new ones", self._name, clock)
        self._redact = Redactor()
        self._has_left_over = True
        """Whether something may be stored that was never announced."""
        self._caught_up, self._quiet_start = CaughtUp(clock), QuietStart(clock)
        self._routing = asyncio.Lock()
        """Held from storing to announcing, so that nobody takes what is being announced for left over."""
        self._acknowledging = Acknowledging(self._name, self.is_let_in)
        self._taking: set[asyncio.Task[Accepted] | asyncio.Task[None]] = set()
        self._is_open = False
        self._loop: asyncio.Task[None] | None = None
        self._rebuilding: asyncio.Task[None] | None = None
        self._storing: asyncio.Task[Accepted] | None = None
        self._resting: asyncio.Future[None] | None = None
        self._watchdog = Watchdog(clock)
        self.health: Health = Health(state=ConnectionState.DISABLED)

    @property
    def is_running(self) -> bool:
        """Whether messages come in: the loop is at work, or others may bring them."""
        return self._is_open or self._loop is not None

    def start(self, connector: Connector, redact: Redactor) -> None:
        """Begin to poll."""
        self._redact, self._quiet_start = redact, QuietStart(self._clock)
        self._become(Health(state=ConnectionState.STARTING, last_success=self.health.last_success))
        self._begin(connector)

    def open(self, redact: Redactor) -> None:
        """Begin to take what others bring; nothing is polled, so nothing can fall silent."""
        self._redact, self._is_open = redact, True
        self._become(Health(state=ConnectionState.CONNECTED, last_success=self.health.last_success))
        self._keep(asyncio.create_task(self._announce_left_over(), name=f"bach-left-over-{self._name}"))

    def wake(self) -> None:
        """Poll now instead of at the end of our own pause: something suggests that the platform is back."""
        if self._resting and not self._resting.done():
            self._resting.set_result(None)

    async def route_left_over(self) -> int:
        """Announce what is stored and was never announced; return how many. Raises a `StorageError`."""
        async with self._routing:
            routed = await self._router.route_left_over(self._row())
            self._has_left_over = False
        return routed

    async def take(
        self, *messages: Incoming, redact: Redactor, bad: Iterable[Unreadable] = ()
    ) -> IncomingMessage | None:
        """Store and announce messages that were brought to us, and set aside what is bad among them.

        Returns the first of them; None if all are known or strangers'. Raises a `StorageError`. Cancelling the caller
        does not stop it.
        """
        self._redact = redact
        batch = Batch(messages=messages, unreadable=tuple(bad), cursor=None, is_complete=False)
        taking = asyncio.create_task(self._take(batch), name="bach-take")
        self._keep(taking)
        accepted = await asyncio.shield(taking)
        return accepted.messages[0] if accepted.messages else None

    def is_let_in(self, message: Incoming) -> bool:
        """Whether somebody allowed sent it."""
        return self._inbox.is_let_in(self._row(), message)

    async def set_aside(self, found: Unreadable, redact: Redactor) -> None:
        """Keep something that was brought to us and cannot be understood. Raises a `StorageError`."""
        self._redact = redact
        batch = Batch(messages=(), unreadable=(found,), cursor=None, is_complete=False)
        taking = asyncio.create_task(self._take_in(batch), name="bach-set-aside")
        self._keep(taking)
        await asyncio.shield(taking)

    async def stop(self) -> None:
        """End the loop and the watchdog."""
        self._watchdog.stop()
        tasks: list[asyncio.Task[None] | asyncio.Task[Accepted]]
        tasks = [task for task in (self._rebuilding, self._loop, *self._acknowledging.under_way) if task]
        for task in tasks:
            task.cancel()
        if self._storing:
            tasks.append(self._storing)  # to its end: what is in the inbox must also be published
        self._loop = self._rebuilding = self._storing = None
        self._is_open = False
        tasks += self._taking
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._save_caught_up_at()
        self._become(Health(state=ConnectionState.DISABLED, last_success=self.health.last_success))

    def _begin(self, connector: Connector) -> None:
        self._loop = asyncio.create_task(self._run(connector), name=f"bach-receive-{self._name}")
        self._watchdog.begin(self._policy.stall_seconds, lambda: self._fell_silent(connector))

    async def _run(self, connector: Connector) -> None:
        failures = 0
        while True:
            try:
                answer = await self._poll(connector)
            except UnknownConnectionError:
                return  # it was removed meanwhile, and is about to be stopped
            if self._loop is not asyncio.current_task():  # thrown away, but it outlived its cancellation
                return
            if isinstance(answer, Batch):
                failures = 0
                self._watchdog.expect(within=self._policy.stall_seconds)
                now = self._clock.now()
                self._become(Health(state=ConnectionState.CONNECTED, last_success=now, fault=answer.notice))
                continue
            self._become(Health(state=state_after(answer), last_success=self.health.last_success, fault=answer))
            backoff = self._policy.backoff
            wait = min(max(backoff[min(failures, len(backoff) - 1)], answer.retry_after or 0.0), _LONGEST_WAIT)
            if answer.retry_after:  # nothing can be good before
                self._watchdog.expect(within=wait + self._policy.stall_seconds)
                await self._clock.sleep(wait)
            else:
                await self._rest(wait)
            failures += 1

    async def _rest(self, seconds: float) -> None:
        """Wait, at most until `wake`."""
        self._resting = resting = asyncio.get_running_loop().create_future()
        cancel_timer = self._clock.call_later(seconds, self.wake)
        try:
            await resting
        finally:
            cancel_timer()

    async def _poll(self, connector: Connector) -> Batch | Fault:
        """One poll, stored and published."""
        try:
            await self._route_left_over()
            handed = await self._inbox.handover.to(self._name, connector)
            self._caught_up = CaughtUp(self._clock) if handed is True else self._caught_up
            cursor = await self._inbox.cursor(self._name)
        except UnknownConnectionError:
            raise
        except BachError as error:  # the disk
            return Fault(code=error.code, text=error.sentence)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with what an earlier run left, the loop must live
            return internal_fault(error)
        answer = handed if isinstance(handed, Fault) else await connector.receive(cursor)
        if isinstance(answer, Fault):
            return answer
        answer = validate_batch(answer)
        self._acknowledging.begin(connector, answer.messages)
        storing = self._storing = asyncio.create_task(self._take_in(answer), name=f"bach-inbox-{self._name}")
        await asyncio.wait([storing])  # so that whoever ends the loop does not end this
        try:
            await guarded(storing)
        except UnknownConnectionError:
            raise
        except BachError as error:  # the disk; the same messages come again with the next poll
            return Fault(code=error.code, text=error.sentence)
        except Exception as error:  # noqa: BLE001 - whatever was wrong with this batch, the loop must live
            return internal_fault(error)
        return answer

    async def _take_in(self, batch: Batch, *, is_polled: bool = True) -> Accepted:
        """`is_polled`: it is the next piece of what the platform has, and not brought by somebody."""
        row, caught_up = self._row(), self._caught_up.now(batch.told_at)
        async with self._routing:
            caught_up_at = self._caught_up.before(batch.told_at) if is_polled else None
            is_quiet = self._quiet_start.judge(row) if is_polled else is_heard
            with span("bach.receive", {"bach.connection": row.name}) as receiving:
                accepted = await self._inbox.accept(
                    row, batch, caught_up_at=caught_up_at, redact=self._redact, is_quiet=is_quiet
                )
                receiving.set_attribute("bach.messages", len(batch.messages))
            if batch.is_complete:
                self._caught_up = caught_up
                self._quiet_start.end()
            self._count_blocked(accepted.blocked)
            self._strangers.add(accepted.blocked - accepted.expected)
            self._unreadable.add(accepted.aside)
            self._clocks.hold_against(batch.told_at)
            self._gone.add(accepted.gone)
            if self._inbox.witness:
                self._inbox.witness.publish(accepted.proven)
            self._has_left_over = True  # until it is announced
            if accepted.quiet:
                self._bus.publish(InboxChanged(connection=""))
            announced = await self._router.announce(row, accepted.messages)
            self._has_left_over = False
        return replace(accepted, messages=announced)

    def _keep(self, taking: asyncio.Task[Accepted] | asyncio.Task[None]) -> None:
        """Let it come to its end, also when nobody waits for it any more."""
        self._taking.add(taking)
        taking.add_done_callback(self._taking.discard)

    async def _take(self, batch: Batch) -> Accepted:
        if self._has_left_over:  # it came before this one
            await self.route_left_over()
        accepted = await self._take_in(batch, is_polled=False)
        if self._is_open:
            self._become(Health(state=ConnectionState.CONNECTED, last_success=self._clock.now()))
        return accepted

    async def _announce_left_over(self) -> None:
        """What a crash kept from being announced must not wait for the next message."""
        with suppress(BachError):  # the disk; the next message will meet it too
            await self.route_left_over()

    async def _route_left_over(self) -> None:
        """Announce what an earlier run stored, or what the disk did not let us announce."""
        if self._caught_up.at is None:
            self._caught_up.at = await self._inbox.caught_up_at(self._name)
        if self._has_left_over:
            await self.route_left_over()

    async def _save_caught_up_at(self) -> None:
        """So that the next start can tell an old press from a new one. A disk that fails has told of it already."""
        if self._caught_up.at is not None:
            with suppress(BachError):
                await self._inbox.save_caught_up_at(self._name, self._caught_up.at)

    def _fell_silent(self, connector: Connector) -> None:
        self._rebuilding = asyncio.create_task(self._rebuild(connector), name=f"bach-rebuild-{self._name}")

    async def _rebuild(self, connector: Connector) -> None:
        text, seconds = "Receiving through %s is being set up anew: nothing came for %.0f s", self._policy.stall_seconds
        _LOGGER.info(text, self._name, seconds, connection=self._name)
        if self._loop:
            self._loop.cancel()  # and do not wait for it: it may be the thing that hangs
        await connector.reset()
        self._begin(connector)

    def _become(self, health: Health) -> None:
        old, self.health = self.health, health
        if (old.state, old.fault) != (health.state, health.fault):
            log_transition(self._name, "Receiving", old, health)
            self._bus.publish(ConnectionChanged(connection=self._name, direction=Direction.RECEIVING, health=health))
