"""Runs routes: tells people until somebody knows. How a run goes on is decided in `deciding`, purely.

What is decided and the messages that tell of it are one commit (`book`), so that a crash neither loses nor doubles a
step; at the next start each run goes on from what is on disk. Nothing polls: there is one timer, for the next time at
which a run goes on. Any process that shares the database may go on with any run. Each change counts its version up, so
that of two at the same moment one makes it, and the other looks again.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from bach_lib.clock import Cancel
from bach_lib.errors import BachError, RunChangedError, TooManyRunsError
from bach_lib.events import (
    MessageEvent,
    MessageReceived,
    RouteAcknowledged,
    RouteCancelled,
    RouteEvent,
    RouteExhausted,
    RouteStepped,
)
from bach_lib.field_logger import FieldLogger
from bach_lib.models import Button, Message
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.route import Place, RouteRun, RouteStatus
from bach_lib.outbound.letters import Letter
from bach_lib.routes.book import Writing
from bach_lib.routes.deciding import Acknowledged, Begun, Decision, Due, Happening, decide, longest_wait
from bach_lib.routes.diligence import Diligence
from bach_lib.routes.listening import Listener, Watched
from bach_lib.routes.surroundings import RouteServices
from bach_lib.routes.withdrawal import Withdrawal, options_of

_LOGGER = FieldLogger(__name__)
MOST_RUNS: Final = 100
"""Under way at a time. Each tells people again and again; a home with so many has a fault of its own."""
_LATE = 86_400.0
"""Seconds for which a run that nobody acknowledged in time listens whether somebody does after all."""
_ENDS: dict[RouteStatus, type[RouteEvent]] = {
    RouteStatus.ACKNOWLEDGED: RouteAcknowledged,
    RouteStatus.EXHAUSTED: RouteExhausted,
    RouteStatus.CANCELLED: RouteCancelled,
}
_OVER = frozenset({RouteStatus.ACKNOWLEDGED, RouteStatus.CANCELLED})


class RouteRunner:
    """Goes on with the runs of one database while it is open. `tell`: others that share the database look again."""

    def __init__(self, services: RouteServices) -> None:
        self._services, self._clock, self._book = services, services.clock, services.book
        self._listener = Listener(services.questions, services.normal, self._acknowledged)
        self._withdrawal = Withdrawal(services.sender, services.cancel)
        self._lock = asyncio.Lock()
        self._is_open = self._has_begun = False
        self._diligence = Diligence(self._clock)
        self._spawn = self._diligence.begin
        self._writing: set[asyncio.Task[RouteRun]] = set()
        self._cancel_timer: Cancel = lambda: None
        self._unsubscribe: list[Callable[[], None]] = []
        self.tell: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Read what is under way, and hear of it. Raises a `StorageError`."""
        subscribe = self._services.bus.subscribe
        self._is_open = True
        self._diligence.open()
        self._unsubscribe = [
            subscribe(MessageEvent, self._happened),
            subscribe(MessageReceived, lambda event: self._services.questions.received(event.message)),
        ]
        for run in await self._book.open_runs(self._clock.now() - _LATE):
            self._listener.watch(run, ())

    def begin(self) -> None:
        """Go on with it, now that connections are at work."""
        self._has_begun = self._is_open
        for watched in self._listener:
            self._watch(watched.run, is_unheard=True)

    async def close(self) -> None:
        """Go on with nothing. What is under way is on disk."""
        self._is_open = self._has_begun = False
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._cancel_timer()
        await self._diligence.close()
        await asyncio.gather(*self._writing, return_exceptions=True)
        for watched in self._listener:
            self._listener.forget(watched)

    def _check_room(self) -> None:
        if sum(watched.run.status is RouteStatus.UNDER_WAY for watched in self._listener) >= MOST_RUNS:
            raise TooManyRunsError(limit=MOST_RUNS)

    async def handle(self, run: RouteRun, happening: Happening) -> RouteRun:
        """Write what follows from what happened, and tell of it; the run as it stands then.

        Raises a `StorageError`, or `TooManyRunsError` for one that begins.
        """
        self._writing.add(task := asyncio.create_task(self._handle(run, happening), name="bach-route"))
        task.add_done_callback(self._writing.discard)
        return await asyncio.shield(task)

    async def look_again(self) -> None:
        """Read all runs anew: another process may have begun some, or gone on with them. Raises a `StorageError`."""
        if not self._has_begun:
            return
        async with self._lock:
            runs = {run.id: run for run in await self._book.open_runs(self._clock.now() - _LATE)}
            for watched in self._listener:
                if watched.run.id not in runs:
                    self._listener.forget(watched)
            for run in runs.values():
                known = self._listener.get(run.id)
                if known is None or known.run.version < run.version:
                    self._watch(run, is_unheard=known is None)

    # -- one thing that happens ----------------------------------------------------------------------------------------

    async def _handle(self, run: RouteRun, happening: Happening) -> RouteRun:
        async with self._lock:
            if isinstance(happening, Begun):
                self._check_room()
            while True:
                watched = self._listener.get(run.id)
                run = watched.run if watched else run
                decision = decide(run, happening, self._clock.now(), self._services.is_down)
                if decision is None:
                    return run
                try:
                    return await self._carry_out(decision, before=run)
                except RunChangedError:
                    run = await self._book.get(run.id)
                    self._watch(run)

    async def _carry_out(self, decision: Decision, before: RouteRun) -> RouteRun:
        letters = [await self._letter(decision.run, place) for place in decision.tell]
        writing = Writing(decision, self._clock.now())
        puts = await self._services.sender.letters.put(letters, writing)
        for place, put in zip(decision.tell, puts, strict=True):
            if isinstance(put, BachError):
                _LOGGER.warning(
                    "The route %s could not tell %s through %s: %s",
                    before.route,
                    place.recipient,
                    place.connection,
                    put,
                    connection=place.connection,
                )
        run = writing.run
        self._watch(run, [put for put in puts if isinstance(put, Message)])
        self.tell()
        if decision.tell and run.status is RouteStatus.UNDER_WAY:
            self._publish(RouteStepped, run)
        if run.status is not before.status:
            self._publish(_ENDS[run.status], run)
        return run

    async def _letter(self, run: RouteRun, place: Place) -> Letter:
        options = options_of(run)
        with suppress(BachError):  # then it is refused when it is put
            connector = await self._services.connectors.load(self._services.registry.get(place.connection).type)
            if connector.capabilities.receives:
                options["buttons"] = ((Button(text=run.words.button, value="0"),),)
        return Letter(connection=place.connection, recipient=place.recipient, text=run.said.text, options=options)

    def _publish(self, kind: type[RouteEvent], run: RouteRun) -> None:
        self._services.bus.publish(kind(connection="", run=run))

    # -- what is watched -----------------------------------------------------------------------------------------------

    def _watch(self, run: RouteRun, messages: Sequence[Message] = (), *, is_unheard: bool = False) -> None:
        """Follow a run that was written or read just now. `messages`: its new ones, as they were put.

        `is_unheard`: something may have come in while nobody listened.
        """
        if not self._has_begun:
            return
        watched = self._listener.watch(run, messages)
        watched.deadline = None
        if run.due_at is not None:
            left = min(max(run.due_at - self._clock.now(), 0.0), longest_wait(run))
            watched.deadline = self._clock.monotonic() + left
        self._arm()
        self._spawn(partial(self._catch_up, watched, is_unheard=is_unheard))

    async def _catch_up(self, watched: Watched, *, is_unheard: bool) -> None:
        async with self._lock:
            await self._read(watched)
            if is_unheard:
                await self._hear_what_came(watched.run)
        self._go_on(watched)

    async def _read(self, watched: Watched) -> None:
        """Read its messages; what an event has told of them meanwhile is newer."""
        watched.told_of.clear()
        self._listener.learn(watched, await self._services.those(watched.run.message_ids))

    async def _hear_what_came(self, run: RouteRun) -> None:
        """What came in while nobody listened: before a crash it was announced, and not taken down here."""
        for place in dict.fromkeys(one.place for one in run.tried):
            for message in reversed(await self._services.incoming_at(place.connection, place.recipient)):
                if message.routed_at is not None and message.received_at >= run.started_at:
                    self._services.questions.received(message)

    def _go_on(self, watched: Watched) -> None:
        """Take up what is known of its messages by now, if anything follows from that."""
        run = watched.run
        if not self._has_begun:  # then all of them are looked at
            return
        if run.status in _OVER:
            self._spawn(partial(self._withdraw, watched))
            return
        if run.status is RouteStatus.EXHAUSTED and self._clock.now() - (run.ended_at or 0.0) > _LATE:
            self._spawn(partial(self._let_go, watched))
            return
        for happening in watched.heard():
            if decide(run, happening, self._clock.now(), self._services.is_down):
                self._spawn(partial(self._handle_later, run, happening))
                return

    def _happened(self, event: MessageEvent) -> None:
        if watched := self._listener.of_message(event.message.id):
            self._listener.happened(watched, event.message)
            self._go_on(watched)

    def _acknowledged(self, run_id: int, name: str, message_id: int | None, message: IncomingMessage) -> None:
        if watched := self._listener.get(run_id):
            self._spawn(partial(self._acknowledge, watched.run, name, message_id, message))

    async def _acknowledge(self, run: RouteRun, name: str, message_id: int | None, message: IncomingMessage) -> None:
        await self.handle(run, Acknowledged(name))
        if message_id is not None:
            await self._services.prove(message_id, message)

    async def _handle_later(self, run: RouteRun, happening: Happening) -> None:
        await self.handle(run, happening)

    # -- when it is over -----------------------------------------------------------------------------------------------

    async def _withdraw(self, watched: Watched) -> None:
        async with self._lock:
            if self._listener.get(watched.run.id) is not watched:
                return
            messages = await self._services.those(watched.run.message_ids)
            done = [await self._withdrawal.is_done(watched.run, message) for message in messages]
            if all(done):
                await self._close(watched)

    async def _let_go(self, watched: Watched) -> None:
        async with self._lock:
            await self._close(watched)

    async def _close(self, watched: Watched) -> None:
        with suppress(RunChangedError):  # another process has done it
            await self._book.close(watched.run)
        self._listener.forget(watched)

    # -- time ----------------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        self._cancel_timer()
        deadlines = [watched.deadline for watched in self._listener if watched.deadline is not None]
        if deadlines and self._is_open:
            seconds = max(min(deadlines) - self._clock.monotonic(), 0.0)
            self._cancel_timer = self._clock.call_later(seconds, self._ring)

    def _ring(self) -> None:
        now = self._clock.monotonic()
        for watched in self._listener:
            if watched.deadline is not None and watched.deadline <= now:
                watched.deadline = None
                self._spawn(partial(self._is_due, watched))
        self._arm()

    async def _is_due(self, watched: Watched) -> None:
        """First look what became of its messages: of those that another process sends, nothing was heard here."""
        async with self._lock:
            await self._read(watched)
        run = watched.run
        for happening in (*watched.heard(), Due(run.due_at or 0.0, watched.waiting)):
            if decide(watched.run, happening, self._clock.now(), self._services.is_down):
                await self.handle(run, happening)
                return
