"""Runs routes: tells people until somebody knows. How a run goes on is decided in `deciding`, purely.

What is decided and the messages that tell of it are one commit (`book`), so that a crash neither loses nor doubles a
step; at the next start each run goes on from what is on disk. Nothing polls: there is one timer, for the next time at
which a run goes on. Any process that shares the database may go on with any run. Each change counts its version up, so
that of two at the same moment one makes it, and the other looks again.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bach_lib.errors import BachError, RunChangedError, TooManyRunsError
from bach_lib.events import MessageEvent, MessageReceived
from bach_lib.models import Message, Status
from bach_lib.models.incoming import IncomingMessage
from bach_lib.models.route import RouteRun, RouteStatus
from bach_lib.questions.question import Answer
from bach_lib.routes.book import Writing
from bach_lib.routes.deadlines import Deadlines
from bach_lib.routes.deciding import (
    AllClear,
    Begun,
    Decision,
    Due,
    Happening,
    Snoozed,
    Superseded,
    WhoIs,
    decide,
    itself,
)
from bach_lib.routes.diligence import Diligence
from bach_lib.routes.limits import LATE, MOST_RUNS, overtaken, same, seconds_left, too_many
from bach_lib.routes.listening import Listener, Watched, may_be_news, meant
from bach_lib.routes.surroundings import RouteServices
from bach_lib.routes.telling import Telling, announced, stored
from bach_lib.routes.withdrawal import Withdrawal

_MAY_BE_READ = frozenset({Status.SENT, Status.SENDING, Status.UNCERTAIN})
_OVER = frozenset({RouteStatus.ACKNOWLEDGED, RouteStatus.CANCELLED})


class RouteRunner:
    """Goes on with the runs of one database while it is open. `tell`: others that share the database look again."""

    def __init__(self, services: RouteServices) -> None:
        self._services, self._clock = services, services.clock
        self._book, self._carrying = services.book, services.carrying
        self._listener = Listener(services.questions, services.normal, self._answered)
        self._telling = Telling(services.registry, services.connectors, self._carrying)
        self._withdrawal = Withdrawal(services.sender, services.cancel)
        self._lock = asyncio.Lock()
        self.is_open: bool = False
        self._has_begun = False
        self.who_is: WhoIs = itself
        self._diligence = Diligence(self._clock)
        self._spawn = self._diligence.begin
        self._writing: set[asyncio.Task[RouteRun]] = set()
        self._deadlines = Deadlines(self._clock, self._listener, lambda one: self._spawn(partial(self._is_due, one)))
        self._unsubscribe: list[Callable[[], None]] = []
        self.tell: Callable[[], None] = lambda: None

    async def open(self, name_of: Callable[[IncomingMessage], str | None] | None = None) -> None:
        """Read what is under way, and hear of it. `name_of`: as in `Listener`. Raises a `StorageError`."""
        self._listener.name_of = name_of
        async with self._lock:  # whatever is begun at this moment is read here, or is watched by itself
            if self.is_open:  # it was asked twice at the same moment
                return
            runs = await self._book.open_runs(self._clock.now() - LATE)
            self.is_open = True
            self._diligence.open()
            self._unsubscribe = [
                self._services.bus.subscribe(MessageEvent, self._happened),
                self._services.bus.subscribe(MessageReceived, lambda it: self._services.questions.received(it.message)),
            ]
            for run in runs:
                self._listener.watch(run, ())

    def begin(self) -> None:
        """Go on with it, now that connections are at work."""
        self._has_begun = self.is_open
        for watched in self._listener:
            self._watch(watched.run, is_unheard=True)

    async def close(self) -> None:
        """Go on with nothing. What is under way is on disk."""
        self.is_open = self._has_begun = False
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._deadlines.close()
        await self._diligence.close()
        await asyncio.gather(*self._writing, return_exceptions=True)
        for watched in self._listener:
            self._listener.forget(watched)

    async def _check_begun(self, run: RouteRun, key: str | None) -> RouteRun | None:
        """The run that was begun under this key. Raises if another was, or if there is no room for a new one."""
        if key is not None and (known := await self._book.by_key(key)):
            return same(known, run, key)
        if sum(watched.run.status is RouteStatus.UNDER_WAY for watched in self._listener) >= MOST_RUNS:
            raise TooManyRunsError(limit=MOST_RUNS)
        return None

    async def start(self, run: RouteRun, key: str | None) -> RouteRun:
        """Begin a run, and tell the first; who repeats it under the same key means the same run. As `handle`."""
        return await self._write(self._start(run, key))

    async def handle(self, run: RouteRun, happening: Happening) -> RouteRun:
        """Write what follows from what happened, and tell of it; the run as it stands then.

        Raises a `StorageError`, or `TooManyRunsError` for one that begins.
        """
        return await self._write(self._handle(run, happening))

    async def _write(self, work: Coroutine[object, object, RouteRun]) -> RouteRun:
        """Cancelling the caller takes nothing back."""
        self._writing.add(task := asyncio.create_task(work, name="bach-route"))
        task.add_done_callback(self._writing.discard)
        return await asyncio.shield(task)

    async def all_clear(self, run: RouteRun, text: str) -> RouteRun:
        """End a run, and tell once all who can have read of it. Raises a `StorageError`."""
        heard = {one.id for one in await self._services.those(run.message_ids) if one.status in _MAY_BE_READ}
        told = dict.fromkeys(one.place for one in run.tried if one.message_id in heard)
        return await self.handle(run, AllClear(text, tuple(told)))

    async def look_again(self) -> None:
        """Read all runs anew: another process may have begun some, or gone on with them. Raises a `StorageError`."""
        if not self._has_begun:
            return
        async with self._lock:
            runs = {run.id: run for run in await self._book.open_runs(self._clock.now() - LATE)}
            for watched in self._listener:
                if watched.run.id not in runs:
                    self._listener.forget(watched)
            for run in runs.values():
                known = self._listener.get(run.id)
                if known is None or known.run.version < run.version:
                    self._watch(run, is_unheard=known is None)

    def _decide(self, run: RouteRun, happening: Happening) -> Decision | None:
        return decide(run, happening, self._clock.now(), self._services.is_down, self.who_is)

    # -- one thing that happens ----------------------------------------------------------------------------------------

    async def _start(self, run: RouteRun, key: str | None) -> RouteRun:
        """Before others have to wait for it, its files are on the disk."""
        run = await self._carrying.taken_over(run, (watched.run for watched in self._listener))
        run, release = await self._carrying.keep(run)
        begun: RouteRun | None = None
        try:
            begun = await self._handle(run, Begun(key))
        finally:
            release(begun is not None and begun.started_at == run.started_at)
        return begun

    async def _handle(self, run: RouteRun, happening: Happening) -> RouteRun:
        async with self._lock:
            key = happening.key if isinstance(happening, Begun) else None
            while True:
                if isinstance(happening, Begun) and (known := await self._check_begun(run, key)):
                    return known
                run = watched.run if (watched := self._listener.get(run.id)) else run
                if isinstance(happening, Snoozed):
                    happening = replace(happening, waiting=await self._services.waiting(run))
                decision = self._decide(run, happening)
                if decision is None:
                    return run
                try:
                    return await self._carry_out(decision, run, key)
                except RunChangedError:
                    if run.id:  # else another process has begun one under the same key
                        run = await self._book.get(run.id)
                        self._watch(run)

    async def _carry_out(self, decision: Decision, before: RouteRun, key: str | None) -> RouteRun:
        writing = Writing(decision, self._clock.now(), key, in_rows=self._carrying.in_rows)
        puts = await self._services.sender.letters.put(await self._telling.letters(decision), writing)
        messages, run = stored(decision, puts), writing.run
        self._watch(run, messages if decision.text is None else ())
        self.tell()
        for event in announced(decision, before, run):
            self._services.bus.publish(event)
        return run

    # -- what is watched -----------------------------------------------------------------------------------------------

    def _watch(self, run: RouteRun, messages: Sequence[Message] = (), *, is_unheard: bool = False) -> None:
        """Follow a run that was written or read just now. `messages`: its new ones, as they were put.

        `is_unheard`: something may have come in while nobody listened.
        """
        if not self._has_begun:
            return
        watched = self._listener.watch(run, messages)
        watched.deadline = None
        if (left := seconds_left(run, self._clock.now())) is not None:
            watched.deadline = self._clock.monotonic() + left
        self._deadlines.arm()
        self._end_older()
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
                if message.routed_at is not None and may_be_news(run, message) and self._listener.is_news(message):
                    self._services.questions.received(message)

    def _go_on(self, watched: Watched) -> None:
        """Take up what is known of its messages by now, if anything follows from that."""
        run = watched.run
        if not self._has_begun:  # then all of them are looked at
            return
        if run.status in _OVER or run.snoozed_for is not None:
            self._spawn(partial(self._withdraw, watched))
        if run.status in _OVER:
            return
        for happening in watched.heard():
            if self._decide(run, happening):
                self._spawn(partial(self.handle, run, happening))
                return

    def _happened(self, event: MessageEvent) -> None:
        if watched := self._listener.of_message(event.message.id):
            self._listener.happened(watched, event.message)
            self._go_on(watched)

    def _answered(self, run_id: int, answer: Answer, message_id: int | None) -> None:
        if watched := self._listener.get(run_id):
            self._spawn(partial(self._answer, watched.run, answer, message_id))

    async def _answer(self, run: RouteRun, answer: Answer, message_id: int | None) -> None:
        with suppress(BachError):  # before anything else: after a crash, nobody may take it for talk
            await self._services.mark(answer.message.id)
        if happening := meant(run, answer):
            await self.handle(run, happening)
        if message_id is not None:  # by itself: the answer is not heard once more where this cannot be written
            self._spawn(partial(self._services.prove, message_id, answer.message))

    # -- when it is over -----------------------------------------------------------------------------------------------

    def _end_older(self) -> None:
        """End what a newer run with the same tag has overtaken, and let go of what was exhausted, of too many."""
        runs = [watched.run for watched in self._listener]
        for run, newer in overtaken(runs):
            older, by = self._listener.get(run.id), self._listener.get(newer)
            if older and by and by.run.reminds:
                self._listener.take_over(by, older)
            self._spawn(partial(self.handle, run, Superseded(newer)))
        for run in too_many(runs):
            if watched := self._listener.get(run.id):
                self._spawn(partial(self._let_go, watched))

    async def _withdraw(self, watched: Watched) -> None:
        async with self._lock:
            if self._listener.get(watched.run.id) is not watched:
                return
            messages = await self._services.those(watched.run.message_ids)
            done = [await self._withdrawal.is_done(watched.run, message) for message in messages]
            if all(done) and watched.run.status in _OVER:
                await self._close(watched)

    async def _let_go(self, watched: Watched) -> None:
        async with self._lock:
            if watched.run.status is RouteStatus.EXHAUSTED:  # and nobody has it meanwhile
                await self._close(watched)

    async def _close(self, watched: Watched) -> None:
        with suppress(RunChangedError):  # another process has done it
            await self._book.close(watched.run)
        self._listener.forget(watched)

    async def _is_due(self, watched: Watched) -> None:
        """First look what became of its messages: of those that another process sends, nothing was heard here."""
        async with self._lock:
            await self._read(watched)
        run = watched.run
        if run.status is RouteStatus.EXHAUSTED:
            await self._let_go(watched)
            return
        for happening in (*watched.heard(), Due(run.due_at or 0.0, watched.waiting)):
            if self._decide(watched.run, happening):
                await self.handle(run, happening)
                return
