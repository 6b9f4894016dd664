"""One process of BACH after the other on one real file: opened, closed, crashed, and everything that every history has.

What a kind of histories adds (who sends, what platforms do, what is listened to) stands in its world.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Self

from aiohttp import ClientSession

from bach_lib import Bach, Connection, Policy
from bach_lib.connectors.base import Connector
from bach_lib.policy import BreakerPolicy, ReceivePolicy
from tests.simulation.callers import Callers
from tests.simulation.chronicle import Chronicle
from tests.simulation.disk import Clock, PowerCut
from tests.simulation.process import Process
from tests.simulation.server_disk import disk_at
from tests.simulation.steps import Advance, Crash, DiskFull, DiskSlow, DiskWell, Jump, Restart

START = 1_800_000_000.0
_DAY = 86_400.0
POLICY = Policy(breaker=BreakerPolicy(idle_check_seconds=4 * 3600), keep_seconds=100 * 365 * _DAY)
"""Rare checks where all is well, which only cost time here; and no jump of the clock makes anything old enough."""

PATIENT = replace(POLICY, receive=ReceivePolicy(stall_seconds=30_000.0))
"""Where days pass and receiving is not what is looked at: whoever hears nothing takes longer to think of it."""

type WorldStep = Advance | Jump | DiskFull | DiskSlow | DiskWell | Crash | Restart


class Stage(ABC):
    """Everything around BACH, and BACH itself."""

    policy = POLICY

    def __init__(self, chronicle: Chronicle, folder: Path, seed: int, session: ClientSession) -> None:
        self._chronicle = chronicle
        self._folder = folder
        self._random = Random(seed)
        self._session = session
        self._callers = Callers(chronicle)

    @abstractmethod
    def _connectors(self, process: Process) -> Mapping[str, type[Connector]]:
        """What leads to the platforms from this process."""

    @abstractmethod
    def _listen(self, bach: Bach, process: Process) -> None:
        """Hear its events."""

    @abstractmethod
    def _watch(self) -> None:
        """Raise `CirclesError` if the history would never end by itself."""

    async def __aenter__(self) -> Self:
        """It is played in here."""
        return self

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Whatever ends it too early, also that somebody stops it: nothing of it may go on."""
        if error is not None:
            await self.give_up()

    async def start(self, connections: Mapping[str, Connection]) -> None:
        """The first process, with its connections."""
        await self._open(self._folder / "0.db", wall=START, at=0.0)
        for connection in connections.values():
            await self._done(self._bach.registry.add(connection))
        await self._clock.settle()

    async def _open(self, path: Path, *, wall: float, at: float) -> None:
        disk = disk_at(path, self._random)
        clock = Clock(disk, wall, self._watch)
        self._chronicle.process += 1
        self._process = process = Process(self._chronicle.process, disk, clock, at)
        self._disk, self._clock = disk, clock
        connectors = self._connectors(process)
        self._bach = bach = Bach(disk, session=self._session, clock=clock, connectors=connectors, policy=self.policy)
        self._listen(bach, process)
        await self._done(bach.open())
        await clock.settle()

    async def _close(self, grace: float) -> None:
        bach, clock, began = self._bach, self._clock, self._process.now
        await self._done(bach.close(grace), may_take_time=True)
        await clock.settle()
        self._process.is_alive = False
        self._chronicle.ends.append(self._process.now)
        self._chronicle.closed.append((began, self._process.now))
        others = {task for task in asyncio.all_tasks() if task.get_name().startswith("bach-")}
        self._chronicle.tasks_left += [task.get_name() for task in others]

    async def _perform(self, step: WorldStep) -> None:
        match step:
            case Advance(seconds):
                await self._clock.advance(seconds)
            case Jump(seconds):
                self._chronicle.walls.append((self._process.now, self._clock.now()))
                self._clock.jump(seconds)
                self._chronicle.walls.append((self._process.now, self._clock.now()))
            case DiskFull():
                self._disk.fall_ill(full=True)
            case DiskSlow():
                self._disk.fall_ill(full=False)
            case DiskWell():
                self._disk.recover()
            case Crash():
                await self._crash(step)
            case Restart(grace):
                await self._restart(grace)

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
        self._chronicle.ends.append(process.now)
        path = self._folder / f"{process.number}.db"
        disk.copy(path)
        disk.abandon()
        wall = clock.now()
        self._callers.vanish()
        await self._done(bach.close(0.0), may_take_time=True)
        await self._open(path, wall=wall, at=process.now)

    async def give_up(self) -> None:
        """What turns in circles cannot be closed; nothing of it may stay."""
        self._process.is_alive = False
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await self._disk.close()

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
