"""Histories of messages that wait on purpose: for the end of a rest, for others, for their time, or as somebody wants.

The platform recognises what comes again, so that whatever is seen twice was sent twice.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from math import inf
from pathlib import Path
from typing import override

from aiohttp import ClientSession

from bach_lib import Bach, Connection, Snooze
from bach_lib.connectors.base import Batch, Connector, Incoming
from bach_lib.models import Fault, Identity, Message, Operation, Receipt
from bach_lib.models.incoming import Content, Kind
from bach_lib.outcomes import Outcome, Retry, Scope, Sent
from bach_lib.testing import FakePlatform, fake_connector
from tests.simulation.alarm_steps import LINES, PEOPLE, LineFails, LineWorks, Rests
from tests.simulation.disk import CirclesError
from tests.simulation.ending import wait_until_all_have_ended
from tests.simulation.hand_steps import SendNow
from tests.simulation.incoming_story import RARELY, Line
from tests.simulation.later_steps import SNOOZE, TEXTS, Gathers, LaterHistory, LaterStep, Note, Postpone, PutOff
from tests.simulation.later_story import Deed, Done, LaterStory, Shown, number_of
from tests.simulation.process import Process
from tests.simulation.resting import ZONE, Rest
from tests.simulation.stage import PATIENT, Stage
from tests.simulation.steps import Advance, Again, Cancel, DiskFull, DiskSlow, Jump

_NO_ROUTE = Fault(code="unreachable", text="No route to host")
_BUTTON = "Later"


class LaterWorld(Stage):
    """Who tells what, and who gets it."""

    policy = PATIENT

    def __init__(self, folder: Path, seed: int, session: ClientSession) -> None:
        self.story = LaterStory()
        super().__init__(self.story, folder, seed, session)
        self.lines = {name: Line(RARELY) for name in LINES}
        self.failing: set[str] = set()
        self.known: dict[tuple[str, str], str] = {}
        """What each platform calls what it has seen."""
        self._ids: dict[int, int] = {}
        self._presses = 0
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
        if len(self.story.shown) > 30 * (1 + len(self.story.done)):
            raise CirclesError("messages are shown without end")

    async def perform(self, step: LaterStep) -> None:
        """One step of the history."""
        match step:
            case Note() | Again():
                self._tell(step)
            case Cancel() | SendNow() | Postpone() | PutOff():
                self._about(step)
            case Rests() | Gathers():
                await self._set(step)
            case LineFails(name) | LineWorks(name):
                self.failing = {*self.failing, name} if isinstance(step, LineFails) else self.failing - {name}
                self._is_rough()
            case _:
                self._is_settled = True
                if not isinstance(step, Advance):
                    self._is_ill = isinstance(step, DiskFull | DiskSlow)
                    self.story.was_set |= isinstance(step, Jump) and bool(self.story.done)
                    self._is_rough(is_start=isinstance(step, Jump) and not self.story.done)
                await self._perform(step)
        self._look_at_troubles()

    def _look_at_troubles(self) -> None:
        """From when on something was down, and until when."""
        is_bad, troubles, now = bool(self._is_ill or self.failing), self.story.troubles, self._process.now
        is_open = bool(troubles) and troubles[-1][1] == inf
        if is_bad and not is_open:
            troubles.append((now, inf))
        elif is_open and not is_bad:
            troubles[-1] = (troubles[-1][0], now)

    def _is_rough(self, *, is_start: bool = False) -> None:
        self.story.rough.append(self._process.now)
        self.story.is_exact = self.story.is_exact and is_start

    def _happens(self, deed: Deed) -> None:
        """Of two things at the same moment nobody can say which came first."""
        story = self.story
        story.is_exact, self._is_settled = story.is_exact and self._is_settled, False
        now, wall, is_calm = self._process.now, self._clock.now(), not (self._is_ill or self.failing)
        story.done.append(Done(deed=deed, at=now, wall=wall, moment=story.moment(), is_calm=is_calm))

    def _tell(self, step: Note | Again) -> None:
        """Again only under a key: else nobody could tell that it is the same."""
        notes, number = self.story.notes, step.number
        if isinstance(step, Note):
            notes[number] = step
            self._happens(step)
        elif number not in notes or not notes[number].key or notes[number].at is not None:
            return
        what = type(step).__name__.lower()
        self._callers.call(self._process, what, number, partial(self._put, notes[number]))

    async def _put(self, note: Note) -> Receipt:
        soon = None if note.at is None else datetime.fromtimestamp(self._clock.now() + note.at, UTC)
        receipt = await self._bach.send(
            PEOPLE[note.person],
            note.person,
            TEXTS[note.text],
            priority=note.priority,
            tag=note.tag,
            not_before=soon,
            time_to_live=note.lives,
            idempotency_key=f"key{note.number}" if note.key else None,
            context=f"n{note.number}",
            snooze=Snooze(seconds=SNOOZE, button=_BUTTON) if note.snooze else None,
        )
        self._ids[note.number] = receipt.id
        return receipt

    def _about(self, step: Cancel | SendNow | Postpone | PutOff) -> None:
        """Who does not know of it does nothing about it."""
        bach, number = self._bach, step.number
        if number not in self._ids or (isinstance(step, PutOff) and not self._press(number)):
            return
        self._happens(step)
        match step:
            case Cancel():
                self._callers.call(self._process, "cancel", number, partial(bach.cancel, self._ids[number]))
            case SendNow():
                self._callers.call(self._process, "sendnow", number, partial(bach.send_now, self._ids[number]))
            case Postpone(_, seconds):
                self._callers.call(self._process, "postpone", number, partial(self._postpone, number, seconds))
            case PutOff():
                pass

    async def _postpone(self, number: int, seconds: float | None) -> Message | None:
        """What has ended is left as it is."""
        bach, message_id = self._bach, self._ids[number]
        soon = None if seconds is None else datetime.fromtimestamp(self._clock.now() + seconds, UTC)
        return None if (await bach.get(message_id)).status.is_final else await bach.amend(message_id, not_before=soon)

    def _press(self, number: int) -> bool:
        """The button below what was shown last, or its words; whether there is something to press."""
        note, story = self.story.notes[number], self.story
        mine = [one for one in story.shown if number_of(one.message) == number and one.message.text.startswith(TEXTS)]
        below = mine[-1] if mine and note.snooze else None
        if below is None:
            return False
        self._presses += 1
        has_buttons = bool(below.message.buttons)
        self.lines[PEOPLE[note.person]].bring(
            Incoming(
                remote_id=f"p{self._presses}",
                recipient=note.person,
                recipient_title=note.person,
                sender_id=note.person,
                sender_name=note.person.title(),
                kind=Kind.BUTTON if has_buttons else Kind.TEXT,
                text="" if has_buttons else _BUTTON,
                content=Content(value=below.message.buttons[0][0].value) if has_buttons else Content(),
                origin=below.message.nonce if has_buttons else None,
                reply_to=below.remote_id,
                sent_at=self._clock.now(),
            )
        )
        return True

    async def _set(self, step: Rests | Gathers) -> None:
        story, name = self.story, PEOPLE[step.person]
        if isinstance(step, Gathers) and not _setting(step).keys() & {"at", "per_hour", "same_minutes"}:
            return
        story.is_exact = story.is_exact and not story.done
        if isinstance(step, Rests):
            story.rests.append(Rest(step.person, step.begins, step.ends, step.below))
        else:
            story.gathers.append(step)
        settings = {
            "quiet_hours": [one.setting for one in story.rests if PEOPLE[one.recipient] == name],
            "gathering": [_setting(one) for one in story.gathers if PEOPLE[one.person] == name],
        }
        await self._done(self._bach.registry.update(name, settings=settings))
        await self._clock.settle()

    async def end(self) -> None:
        """Everything heals; then all that waits comes to its end."""
        self._disk.recover()
        self._is_ill, self.failing = False, set()
        self._look_at_troubles()
        await wait_until_all_have_ended(self._bach, self._perform, self._done, self._clock.now)
        await self._clock.advance(2_000)
        await wait_until_all_have_ended(self._bach, self._perform, self._done, self._clock.now)
        await self._done(self._look())
        self.story.ended_at = self._process.now
        await self._close(5.0)

    async def _look(self) -> None:
        bach, story = self._bach, self.story
        found = dict[int, Message]()
        while page := await bach.messages(limit=500, before=min(found, default=None)):
            found |= {one.id: one for one in page}
        story.messages = {key: one for key, one in sorted(found.items()) if one.operation is Operation.SEND}
        story.unfinished = sum(one.waiting + one.scheduled for one in (await bach.queue_status()).values())
        story.counted = {name: bach.registry.get(name).success_count for name in LINES}


def _setting(one: Gathers) -> dict[str, object]:
    given = {"at": one.at, "after": one.after, "per_hour": one.per_hour, "same_minutes": one.same_minutes}
    said = {name: value for name, value in given.items() if value is not None}
    return {"recipient": one.person, "zone": ZONE, "below": one.below, **said}


def _connector(world: LaterWorld, process: Process, name: str) -> type[Connector]:
    base = fake_connector(FakePlatform(), idempotent=True, receives=True)

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
            world.story.answered[name] = world.story.answered.get(name, 0) + 1
            return _show(world, process, name, message)

        @override
        async def check(self) -> Identity | Fault:
            return _NO_ROUTE if name in world.failing else Identity(id="1", name=name)

    return Simulated


def _show(world: LaterWorld, process: Process, name: str, message: Message) -> Sent:
    if message.operation is not Operation.SEND:
        return Sent(remote_id=message.target)
    shown, key = world.story.shown, (name, message.nonce)
    if key not in world.known:
        world.known[key] = str(len(shown) + 1)
        where = {"person": message.recipient, "remote_id": world.known[key]}
        wall, decided = process.clock.now(), process.disk.decided().wall
        shown.append(Shown(**where, wall=wall, decided=decided, message=message))
    return Sent(remote_id=world.known[key])


async def tell_later(history: LaterHistory, folder: Path, seed: int) -> LaterStory:
    """The story of a history."""
    async with ClientSession() as session:
        people = {name: frozenset(who for who, line in PEOPLE.items() if line == name) for name in LINES}
        rows = {name: Connection(name=name, type=name, allowed=allowed) for name, allowed in people.items()}
        async with LaterWorld(folder, seed, session) as world:
            await world.start(rows)
            for step in history:
                await world.perform(step)
            await world.end()
        return world.story
