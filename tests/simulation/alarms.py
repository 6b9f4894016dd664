"""Histories of routes: who starts an alarm, who is told, and who has it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import override

from aiohttp import ClientSession

from bach_lib import Bach, Connection, Place, Route, RouteRun, Step
from bach_lib.connectors.base import Batch, Connector, Incoming
from bach_lib.models import Fault, Identity, Message, Operation
from bach_lib.models.incoming import Content, Kind
from bach_lib.outcomes import Outcome, Retry, Scope, Sent
from bach_lib.testing import FakePlatform, fake_connector
from tests.simulation.alarm_steps import LINES, PEOPLE, Alarm, AlarmHistory, AlarmStep, Have, LineFails, LineWorks
from tests.simulation.chronicle import Chronicle
from tests.simulation.disk import CirclesError
from tests.simulation.ending import wait_until_all_have_ended
from tests.simulation.incoming_story import Line
from tests.simulation.process import Process
from tests.simulation.stage import Stage
from tests.simulation.steps import Advance, Crash, DiskFull, DiskSlow

_NO_ROUTE = Fault(code="unreachable", text="No route to host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Somebody sees a message, or how it was changed."""

    alarm: int
    person: str
    at: float
    remote_id: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """Somebody pressed the button below a message. `is_calm`: no disk was ill."""

    alarm: int
    person: str
    at: float
    is_calm: bool


@dataclass
class AlarmStory(Chronicle):
    """Everything that was seen of a history of routes."""

    alarms: dict[int, Alarm] = field(default_factory=dict)
    seen_by: list[Seen] = field(default_factory=list)
    pressed: list[Pressed] = field(default_factory=list)
    rough: list[float] = field(default_factory=list)
    """When a disk was ill or well again, or the clock was set."""
    runs: dict[int, list[RouteRun]] = field(default_factory=dict)
    """At the end, by alarm."""
    left_open: int = 0
    """Runs of which BACH thinks that something is to be done yet, though they are over and nobody need be heard."""
    unfinished: int = 0
    """Messages that still wait at the end."""


class AlarmWorld(Stage):
    """Who starts alarms, and who hears of them."""

    def __init__(self, folder: Path, seed: int, session: ClientSession) -> None:
        self.story = AlarmStory()
        super().__init__(self.story, folder, seed, session)
        self.lines = {name: Line() for name in LINES}
        self.failing: set[str] = set()
        self._is_ill = False

    @override
    def _connectors(self, process: Process) -> Mapping[str, type[Connector]]:
        return {name: _connector(self, process, name) for name in LINES}

    @override
    def _listen(self, bach: Bach, process: Process) -> None:
        pass

    @override
    def _watch(self) -> None:
        if len(self.story.seen_by) > 100 * (1 + len(self.story.alarms)):
            raise CirclesError("messages are shown without end")

    async def perform(self, step: AlarmStep) -> None:
        """One step of the history."""
        match step:
            case Alarm():
                self.story.alarms[step.number] = step
                self._callers.call(self._process, "alarm", step.number, partial(_start, self._bach, step))
            case Have():
                self._press(step)
            case LineFails(name):
                self.failing.add(name)
            case LineWorks(name):
                self.failing.discard(name)
            case _:
                if not isinstance(step, Advance):
                    self._is_ill = isinstance(step, DiskFull | DiskSlow)
                if not isinstance(step, Advance | Crash):
                    self.story.rough.append(self._process.now)
                await self._perform(step)

    def _press(self, step: Have) -> None:
        """Who sees no such message presses nothing."""
        story = self.story
        seen = [one for one in story.seen_by if (one.alarm, one.person) == (step.number, step.person)]
        below = next((one for one in reversed(seen) if one.message.operation is Operation.SEND), None)
        if below is None:
            return
        story.pressed.append(
            Pressed(alarm=step.number, person=step.person, at=self._process.now, is_calm=not self._is_ill)
        )
        self.lines[PEOPLE[step.person]].bring(
            Incoming(
                remote_id=f"p{len(story.pressed)}",
                recipient=step.person,
                recipient_title=step.person,
                sender_id=step.person,
                sender_name=step.person.title(),
                kind=Kind.BUTTON,
                text="",
                content=Content(value="0"),
                origin=below.message.nonce,
                reply_to=below.remote_id,
                sent_at=self._clock.now(),
            )
        )

    async def end(self) -> None:
        """Everything heals; then all that was begun comes to its end."""
        self._disk.recover()
        self.failing.clear()
        for _ in range(60):
            await self._clock.advance(400)
        await wait_until_all_have_ended(self._bach, self._perform, self._done, self._clock.now)
        await self._clock.advance(10)
        runs = await self._done(self._bach.route_runs(limit=500))
        for run in runs:
            self.story.runs.setdefault(int(run.said.text.removeprefix("alarm ")), []).append(run)
        status = await self._done(self._bach.queue_status())
        self.story.unfinished = sum(one.pending + one.failed + one.sending for one in status.values())
        self.story.left_open = sum(
            run.status.value != "exhausted" for run in await self._done(self._bach._routing.book.open_runs())
        )
        self.story.ended_at = self._process.now
        await self._close(5.0)


async def _start(bach: Bach, alarm: Alarm) -> RouteRun:
    steps = tuple(
        Step(
            places=tuple(Place(connection=PEOPLE[person], recipient=person) for person in group),
            in_turn=alarm.in_turn,
            wait=alarm.wait,
            repeats=alarm.repeats,
            repeat_every=alarm.wait / 2,
        )
        for group in alarm.groups
    )
    await bach.routes.set(Route(name=f"r{alarm.number}", steps=steps))
    return await bach.start_route(f"r{alarm.number}", f"alarm {alarm.number}")


def _connector(world: AlarmWorld, process: Process, name: str) -> type[Connector]:
    base = fake_connector(FakePlatform(), receives=True)

    class Simulated(base):  # type: ignore[misc,valid-type] # the class is made by a function
        @override
        async def receive(self, cursor: str | None) -> Batch | Fault:
            return await world.lines[name].poll(process, cursor)

        @override
        async def whose(self) -> str:
            return name

        @override
        async def send(self, message: Message) -> Outcome:
            if not process.is_alive:
                await asyncio.Event().wait()
            if name in world.failing:
                return Retry(fault=_NO_ROUTE, scope=Scope.CONNECTION, written=False)
            return _show(world.story, process, message)

        @override
        async def check(self) -> Identity | Fault:
            return _NO_ROUTE if name in world.failing else Identity(id="1", name=name)

    return Simulated


def _show(story: AlarmStory, process: Process, message: Message) -> Sent:
    is_send = message.operation is Operation.SEND
    remote_id = str(len(story.seen_by) + 1) if is_send else message.target or ""
    number = int(message.text.partition("\n")[0].removeprefix("alarm "))
    story.seen_by.append(
        Seen(alarm=number, person=message.recipient, at=process.now, remote_id=remote_id, message=message)
    )
    return Sent(remote_id=remote_id)


async def tell_alarms(history: AlarmHistory, folder: Path, seed: int) -> AlarmStory:
    """The story of a history."""
    async with ClientSession() as session:
        world = AlarmWorld(folder, seed, session)
        people = {name: frozenset(who for who, line in PEOPLE.items() if line == name) for name in LINES}
        rows = {name: Connection(name=name, type=name, allowed=allowed) for name, allowed in people.items()}
        try:
            await world.start(rows)
            for step in history:
                await world.perform(step)
            await world.end()
        except BaseException:
            await world.give_up()
            raise
        return world.story
