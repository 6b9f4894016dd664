"""Tells a history: one process of BACH after the other on one real file, and everything around them.

Nothing here judges. What callers, platforms and listeners saw goes into a `Story`; at its end everything heals, and
what is on disk then belongs to it, too.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

from aiohttp import ClientSession

from bach_lib import Bach, Connection, Policy
from bach_lib.events import MessageEvent
from bach_lib.models import File
from bach_lib.policy import BreakerPolicy
from tests.simulation.callers import Callers
from tests.simulation.disk import CirclesError, Clock, Disk, PowerCut
from tests.simulation.ending import look, look_into, wait_until_all_have_ended
from tests.simulation.platform import Platforms, Process, connector, number_of
from tests.simulation.steps import (
    CONNECTIONS,
    Advance,
    Again,
    Cancel,
    Check,
    Crash,
    DiskFull,
    DiskSlow,
    DiskWell,
    Fail,
    Heal,
    History,
    Jump,
    Reload,
    Restart,
    Retry,
    RetryAll,
    Send,
    Start,
    Step,
    Stop,
    Wait,
)
from tests.simulation.story import Note, Story

_START = 1_800_000_000.0
_DAY = 86_400.0
_MOST_ATTEMPTS = 100
"""For each message, on the average; what no platform takes is tried some thirty times in the day that it has."""
POLICY = Policy(breaker=BreakerPolicy(idle_check_seconds=4 * 3600), keep_seconds=100 * 365 * _DAY)
"""Rare checks where all is well, which only cost time here; and no jump of the clock makes anything old enough."""


class World:
    """Everything around BACH, and BACH itself."""

    def __init__(self, folder: Path, seed: int, session: ClientSession) -> None:
        self.story = Story()
        self._folder = folder
        self._random = Random(seed)
        self._session = session
        self._platforms = Platforms(self.story)
        self._sends: dict[int, Send] = {}
        self._ids: dict[int, int] = {}
        self._resting: set[str] = set()
        self._reloads = 0
        self._callers = Callers(self.story)

    # -- processes ----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """The first process, with its connections."""
        await self._open(self._folder / "0.db", wall=_START, at=0.0)
        for name in CONNECTIONS:
            await self._done(self._bach.registry.add(Connection(name=name, type=name)))
        await self._clock.settle()

    async def _open(self, path: Path, *, wall: float, at: float) -> None:
        disk = Disk(path, self._random)
        clock = Clock(disk, wall, self._watch)
        self.story.process += 1
        self._process = process = Process(self.story.process, disk, clock, at)
        self._disk, self._clock = disk, clock
        self._bach = Bach(
            disk,
            session=self._session,
            clock=clock,
            connectors={name: connector(self._platforms, process, name) for name in CONNECTIONS},
            policy=POLICY,
        )
        self._bach.subscribe(MessageEvent, partial(self._note, process))
        self._resting.clear()
        await self._done(self._bach.open())
        await clock.settle()

    async def _close(self, grace: float) -> None:
        bach, clock = self._bach, self._clock
        await self._done(bach.close(grace), may_take_time=True)
        await clock.settle()
        self._process.is_alive = False
        self.story.ends.append(self._process.now)
        others = {task for task in asyncio.all_tasks() if task.get_name().startswith("bach-")}
        self.story.tasks_left += [task.get_name() for task in others]

    async def _restart(self, grace: float) -> None:
        self._disk.recover()
        process, clock = self._process, self._clock
        await self._close(grace)
        await self._open(self._disk.path, wall=clock.now(), at=process.now)

    async def _crash(self, step: Crash) -> None:
        self._disk.arm(step.commits, step.cut)
        with suppress(PowerCut):
            await self._clock.advance(step.seconds)
        process, disk, clock, bach = self._process, self._disk, self._clock, self._bach
        process.is_alive = False
        self.story.ends.append(process.now)
        path = self._folder / f"{process.number}.db"
        disk.copy(path)
        disk.abandon()
        wall = clock.now()
        self._callers.vanish()
        await self._done(bach.close(0.0), may_take_time=True)
        await self._open(path, wall=wall, at=process.now)

    async def _done[T](self, work: Coroutine[object, object, T], *, may_take_time: bool = False) -> T:
        """Let something come to its end; real threads have the time they need."""
        task = asyncio.ensure_future(work)
        while True:
            await self._clock.settle()
            if task.done():
                return task.result()
            if self._disk.is_busy or not may_take_time:
                await asyncio.wait([task], timeout=0.001)
            else:
                await self._clock.advance(1.0)

    def _watch(self) -> None:
        """End a history that would never end by itself."""
        if len(self.story.handed) > _MOST_ATTEMPTS * (1 + len(self._sends)):
            raise CirclesError("messages are tried without end")

    def _note(self, process: Process, event: MessageEvent) -> None:
        if process.is_alive:
            note = Note(
                number=number_of(event.message),
                process=process.number,
                at=process.now,
                wall=process.clock.now(),
                moment=self.story.moment(),
                event=event,
            )
            self._ids[note.number] = event.message.id
            self.story.notes.append(note)

    # -- steps --------------------------------------------------------------------------------------------------------

    async def perform(self, step: Step) -> None:
        """One step of the history."""
        match step:
            case Advance(seconds):
                await self._clock.advance(seconds)
            case Crash():
                await self._crash(step)
            case Restart(grace):
                await self._restart(grace)
            case Send():
                self._send(step)
            case _:
                self._steps_of_the_world(step)

    def _steps_of_the_world(self, step: Step) -> None:
        match step:
            case Jump(seconds):
                self._clock.jump(seconds)
                self.story.walls.append((self._process.now, self._clock.now()))
            case Fail(connection, outage):
                self._platforms.outages[connection] = outage
            case Heal(connection):
                self._platforms.outages.pop(connection, None)
            case DiskFull():
                self._disk.fall_ill(full=True)
            case DiskSlow():
                self._disk.fall_ill(full=False)
            case DiskWell():
                self._disk.recover()
            case _:
                self._steps_of_people(step)

    def _steps_of_people(self, step: Step) -> None:
        bach = self._bach
        match step:
            case Again(number) if number in self._sends and self._sends[number].key:
                self._call("again", number, partial(self._put, self._sends[number]))
            case Cancel(number) if number in self._ids:
                self._call("cancel", number, partial(bach.cancel, self._ids[number]))
            case Retry(number) if number in self._ids:
                self._call("retry", number, partial(bach.retry, self._ids[number]))
            case RetryAll(connection):
                self._call("retry_all", 0, partial(bach.retry_all, connection))
            case Wait(number, seconds) if number in self._ids:
                self._call("wait", number, partial(bach.wait, self._ids[number], seconds), timeout=seconds)
            case Check(connection):
                self._call("check", 0, partial(bach.check, connection))
            case Reload(connection):
                self._reloads += 1
                settings = {"reloads": self._reloads}
                self._call("reload", 0, partial(bach.registry.update, connection, settings=settings))
            case Stop(connection):
                self._resting.add(connection)
                self._call("stop", 0, partial(bach.stop, connection))
            case Start(connection):
                self._resting.discard(connection)
                self._call("start", 0, partial(bach.start, connection))
            case _:
                pass  # about a message that was never sent

    def _send(self, step: Send) -> None:
        self._sends[step.number] = step
        self._platforms.expect(step)
        task = self._call("send", step.number, partial(self._put, step), send=step)
        if step.leaves:
            asyncio.get_running_loop().call_soon(task.cancel)

    async def _put(self, step: Send) -> object:
        receipt = await self._bach.send(
            step.connection,
            step.recipient,
            f"m{step.number}",
            priority=step.priority,
            tag=step.tag,
            time_to_live=step.time_to_live,
            delivery="at_most_once" if step.at_most_once else "at_least_once",
            max_retries=step.max_retries,
            idempotency_key=f"key{step.number}" if step.key else None,
            files=[File(name="photo.jpg", content=b"photo")] if step.file else [],
        )
        self._ids[step.number] = receipt.id
        return receipt

    def _call[T](
        self,
        what: str,
        number: int,
        work: Callable[[], Coroutine[object, object, T]],
        *,
        send: Send | None = None,
        timeout: float | None = None,
    ) -> asyncio.Task[T]:
        return self._callers.call(self._process, what, number, work, send=send, timeout=timeout)

    # -- the end ------------------------------------------------------------------------------------------------------

    async def heal(self) -> None:
        """Disk, platforms and people are well again; nothing is expected of the clock."""
        self._disk.recover()
        self._platforms.forgive()
        for name in sorted(self._resting):
            self._steps_of_people(Start(name))
        await self._clock.settle()

    async def give_up(self) -> None:
        """What turns in circles cannot be closed; nothing of it may stay."""
        self._process.is_alive = False
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await self._disk.close()

    async def end(self) -> None:
        """Time passes until nothing waits; then what there is to see is looked at."""
        bach = self._bach
        await wait_until_all_have_ended(bach, self._clock.advance, self._done)
        await self._clock.advance(700)
        await self._done(look(bach, self.story, self._sends.keys()))
        self.story.seen = self.story.moment()
        await self._close(5.0)
        self.story.ended_at = self._process.now
        look_into(self._disk.path, self.story)


async def tell(history: History, folder: Path, seed: int) -> Story:
    """The story of a history."""
    async with ClientSession() as session:
        world = World(folder, seed, session)
        try:
            await world.start()
            for step in history:
                await world.perform(step)
            await world.heal()
            await world.end()
        except CirclesError:
            await world.give_up()
            raise
        return world.story
