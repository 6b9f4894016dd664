"""Histories of routes: who starts an alarm, who is told, and who has it."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import override

from aiohttp import ClientSession

from bach_lib import Bach, Connection, File, Place, Route, RouteRun, Step
from bach_lib.connectors.base import Batch, Connector, Incoming
from bach_lib.models import Fault, Identity, Message, Operation, Status
from bach_lib.models.incoming import Content, Kind
from bach_lib.outcomes import Outcome, Retry, Scope, Sent
from bach_lib.testing import FakePlatform, fake_connector
from tests.simulation.alarm_steps import (
    LINES,
    PEOPLE,
    Alarm,
    AlarmHistory,
    AlarmStep,
    CallOff,
    CallStep,
    Clear,
    Gather,
    Have,
    Hush,
    Know,
    Later,
    LineFails,
    LineWorks,
    Rests,
    picture_of,
)
from tests.simulation.alarm_story import Act, AlarmStory, Seen
from tests.simulation.disk import CirclesError
from tests.simulation.ending import wait_until_all_have_ended
from tests.simulation.incoming_story import RARELY, Line
from tests.simulation.process import Process
from tests.simulation.resting import Rest
from tests.simulation.stage import PATIENT, Stage
from tests.simulation.steps import Advance, Again, Crash, DiskFull, DiskSlow

_NO_ROUTE = Fault(code="unreachable", text="No route to host")
_GATHER = [{"at": "18:00", "zone": "UTC"}, {"per_hour": 1}, {"same_minutes": 600}]
_WORDS = ("I have it", "Not now")


class AlarmWorld(Stage):
    """Who starts alarms, and who hears of them."""

    policy = PATIENT

    def __init__(self, folder: Path, seed: int, session: ClientSession) -> None:
        self.story = AlarmStory()
        super().__init__(self.story, folder, seed, session)
        self.lines = {name: Line(RARELY) for name in LINES}
        self.failing: set[str] = set()
        self._settings: dict[str, dict[str, object]] = {name: {} for name in LINES}
        self._is_ill = False
        self._is_settled = True

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
            case Alarm() | Again():
                self._start(step)
            case Have() | Later():
                self._press(step)
            case Know() | Hush() | CallOff() | Clear():
                self._ask(step)
            case Rests() | Gather():
                await self._set(step)
            case LineFails(name) | LineWorks(name):
                self.failing = {*self.failing, name} if isinstance(step, LineFails) else self.failing - {name}
                self.story.is_exact = False
            case _:
                self._is_settled = True
                if not isinstance(step, Advance):
                    self._is_ill = isinstance(step, DiskFull | DiskSlow)
                    self.story.is_exact = False
                if not isinstance(step, Advance | Crash):
                    self.story.rough.append(self._process.now)
                await self._perform(step)

    def _start(self, step: Alarm | Again) -> None:
        """Again only under a key: else nobody could tell that it is the same."""
        alarms, number = self.story.alarms, step.number
        if isinstance(step, Alarm):
            alarms[number] = step
        elif number not in alarms or not alarms[number].key:
            return
        self._happens(number)
        self._callers.call(
            self._process, type(step).__name__.lower(), number, partial(_start, self._bach, alarms[number])
        )

    async def _set(self, step: Rests | Gather) -> None:
        self.story.is_exact = self.story.is_exact and not self.story.happened
        name = PEOPLE[step.person] if isinstance(step, Rests) else step.connection
        if isinstance(step, Rests):
            self.story.rests.append(Rest(step.person, step.begins, step.ends, step.below))
            mine = [one.setting for one in self.story.rests if PEOPLE[one.recipient] == name]
            self._settings[name]["quiet_hours"] = mine
        else:
            self._settings[name]["gathering"] = _GATHER
        await self._done(self._bach.registry.update(name, settings=self._settings[name]))
        await self._clock.settle()

    def _ask(self, step: CallStep) -> None:
        """Who never heard of its number asks nothing."""
        story, number = self.story, step.number
        known = (call.result for call in story.calls if call.number == number and call.what in {"alarm", "again"})
        run = next((one for one in known if isinstance(one, RouteRun)), None)
        if run is None:
            return
        seconds = step.seconds if isinstance(step, Hush) else 0.0
        what = type(step).__name__.lower()
        self._happens(self._act(what, number, "eve", seconds=seconds))
        self._callers.call(self._process, what, number, partial(_asked, self._bach, run.id, step))

    def _happens(self, what: int | Act) -> None:
        """Of two things at the same moment nobody can say which came first."""
        self.story.is_exact = self.story.is_exact and self._is_settled
        self._is_settled = False
        self.story.happened.append((self._process.now, what))

    def _act(self, what: str, number: int, person: str, *, seconds: float = 0.0, below: Seen | None = None) -> Act:
        now, is_calm = self._process.now, not self._is_ill
        return Act(what=what, alarm=number, person=person, at=now, is_calm=is_calm, seconds=seconds, below=below)

    def _press(self, step: Have | Later) -> None:
        """Who sees no such message presses nothing."""
        story, is_later = self.story, isinstance(step, Later)
        seen = [one for one in story.seen_by if (one.alarm, one.person) == (step.number, step.person)]
        below = next((one for one in reversed(seen) if one.is_alarm), None)
        if below is None or (is_later and story.alarms[step.number].snooze is None):
            return
        seconds = (story.alarms[step.number].snooze or 0.0) if is_later else 0.0
        what = "later" if is_later else "have"
        self._happens(self._act(what, step.number, step.person, seconds=seconds, below=below))
        has_buttons = bool(below.message.buttons)
        self.lines[PEOPLE[step.person]].bring(
            Incoming(
                remote_id=f"p{len(story.acts)}",
                recipient=step.person,
                recipient_title=step.person,
                sender_id=step.person,
                sender_name=step.person.title(),
                kind=Kind.BUTTON if has_buttons else Kind.TEXT,
                text="" if has_buttons else _WORDS[is_later],
                content=Content(value=str(int(is_later))) if has_buttons else Content(),
                origin=below.message.nonce if has_buttons else None,
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
        page = await self._done(self._bach.messages(status=[Status.SENT], limit=500))
        self.story.sent = {one.id for one in page}
        status = await self._done(self._bach.queue_status())
        self.story.unfinished = sum(one.waiting + one.scheduled for one in status.values())
        self.story.left_open = sum(
            run.status.value != "exhausted" for run in await self._done(self._bach._routing.book.open_runs())
        )
        self.story.ended_at = self._process.now
        await self._close(5.0)


async def _asked(bach: Bach, run_id: int, step: CallStep) -> RouteRun:
    match step:
        case Know():
            return await bach.acknowledge(run_id, "Eve")
        case Hush(_, seconds):
            return await bach.snooze_route(run_id, seconds, "Eve")
        case CallOff():
            return await bach.cancel_route(run_id)
        case Clear(number):
            return await bach.all_clear(run_id, f"clear {number}")


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
    carried = [File(name="seen.jpg", content=picture)] if (picture := picture_of(alarm.number)) else []
    return await bach.start_route(
        f"r{alarm.number}",
        f"alarm {alarm.number}",
        priority=alarm.priority,
        tag=alarm.tag,
        reminds=alarm.reminds,
        snooze=alarm.snooze,
        files=carried,
        idempotency_key=f"key {alarm.number}" if alarm.key else None,
    )


def _connector(world: AlarmWorld, process: Process, name: str) -> type[Connector]:
    base = fake_connector(FakePlatform(), receives=True)

    class Simulated(base):  # type: ignore[misc,valid-type] # the class is made by a function
        if name != LINES[0]:
            capabilities = replace(base.capabilities, max_buttons=0, button_value=0)

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
    what, _, number = message.text.partition("\n")[0].partition(" ")
    story.seen_by.append(
        Seen(
            alarm=int(number),
            is_clear=what == "clear",
            person=message.recipient,
            at=process.now,
            wall=process.disk.decided().wall,
            remote_id=remote_id,
            message=message,
        )
    )
    return Sent(remote_id=remote_id)


async def tell_alarms(history: AlarmHistory, folder: Path, seed: int) -> AlarmStory:
    """The story of a history."""
    async with ClientSession() as session:
        people = {name: frozenset(who for who, line in PEOPLE.items() if line == name) for name in LINES}
        rows = {name: Connection(name=name, type=name, allowed=allowed) for name, allowed in people.items()}
        async with AlarmWorld(folder, seed, session) as world:
            await world.start(rows)
            for step in history:
                await world.perform(step)
            await world.end()
        return world.story
