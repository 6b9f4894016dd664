"""Histories of questions: who asks, what the platform shows, and who answers."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import override

from aiohttp import ClientSession

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Batch, Connector, Incoming
from bach_lib.models import Button, Buttons, Fault, Identity, Message, Operation
from bach_lib.models.incoming import Content, IncomingMessage, Kind
from bach_lib.outcomes import Outcome, Retry, Scope, Sent
from bach_lib.questions import Place, Question
from bach_lib.testing import FakePlatform, fake_connector
from tests.simulation.asking_steps import Ask, AskingHistory, AskingStep, Press, Say, SendsFail, SendsWork
from tests.simulation.asking_story import CHOICES, LESSER, AskingStory, Given, Shown
from tests.simulation.disk import CirclesError
from tests.simulation.ending import wait_until_all_have_ended
from tests.simulation.incoming import account_of
from tests.simulation.incoming_steps import Account, PollsFail, PollsHang, PollsWork
from tests.simulation.incoming_story import CONNECTION, Line
from tests.simulation.places import Places
from tests.simulation.process import Process
from tests.simulation.stage import Stage
from tests.simulation.steps import Advance, Crash, DiskFull, DiskSlow, DiskWell, Jump, Move, Reload, Restart

_HEARD = frozenset({"ada", "bob", LESSER, "den"})
_NO_ROUTE = Fault(code="unreachable", text="No route to host")
_BUTTONS: Buttons = tuple((Button(text=choice, value=choice),) for choice in CHOICES)


class AskingWorld(Stage):
    """Who asks, and who answers."""

    def __init__(self, folder: Path, seed: int, session: ClientSession) -> None:
        self.story = AskingStory()
        super().__init__(self.story, folder, seed, session)
        self.lines: defaultdict[int, Line] = defaultdict(Line)
        self.places = Places()
        self.cannot_send = False
        self._is_disk_ill = False
        self._reloads = 0

    @override
    def _connectors(self, process: Process) -> Mapping[str, type[Connector]]:
        return {CONNECTION: _connector(self, process)}

    @override
    def _listen(self, bach: Bach, process: Process) -> None:
        pass

    @override
    def _watch(self) -> None:
        if len(self.story.shown) > 60 * (1 + len(self.story.asks)):
            raise CirclesError("messages are shown without end")

    async def perform(self, step: AskingStep) -> None:
        """One step of the history."""
        if not isinstance(step, Advance | Ask | Press | Say | Move):
            self.story.rough.append(self._process.now)
        match step:
            case DiskFull() | DiskSlow() | DiskWell() | Crash() | Restart():
                self._is_disk_ill = isinstance(step, DiskFull | DiskSlow)
                await self._perform(step)
            case Advance() | Jump():
                await self._perform(step)
            case Ask():
                self._ask(step)
            case Press() | Say():
                self._answer(step)
            case _:
                self._steps_of_the_platform(step)

    def _steps_of_the_platform(
        self, step: SendsFail | SendsWork | PollsFail | PollsHang | PollsWork | Move | Reload | Account
    ) -> None:
        match step:
            case SendsFail() | SendsWork():
                self.cannot_send = isinstance(step, SendsFail)
            case Move(_, place):
                self.places.move(place)
                self.story.moved.add(place)
            case PollsFail() | PollsHang() | PollsWork():
                line = self.lines[self.story.account]
                line.fails, line.hangs = isinstance(step, PollsFail), isinstance(step, PollsHang)
            case Reload() | Account():
                self._reloads += 1
                self.story.account += isinstance(step, Account)
                settings = {"reloads": self._reloads, "account": self.story.account}
                work = partial(self._bach.registry.update, CONNECTION, settings=settings)
                self._callers.call(self._process, "reload", 0, work)

    def _ask(self, step: Ask) -> None:
        self.story.asks[step.number] = step
        places = tuple(Place(connection=CONNECTION, recipient=place) for place in step.places)
        question = Question(
            text=f"q{step.number}",
            places=places,
            after={place: after for place, after in zip(places, step.after, strict=False) if after},
            timeout=step.timeout,
            answers=_BUTTONS if step.has_buttons else (),
            takes_text=step.takes_text,
            name_of=_name_of,
        )
        task = self._callers.call(self._process, "ask", step.number, partial(self._bach.ask, question))

        def leave() -> None:
            task.cancel()

        if step.leaves is not None:
            self._clock.call_later(step.leaves, leave)

    def _answer(self, step: Press | Say) -> None:
        """Who sees no such question presses nothing below it."""
        seen = [
            one
            for one in self.story.shown
            if (one.question, one.place) == (step.number, step.place) and one.is_question
        ]
        if not seen and step.number:
            return
        story, below = self.story, seen[-1] if seen else None
        account = below.account if below else story.account
        line = self.lines[account]
        key = f"a{len(story.given) + 1}"
        is_calm = not (self.cannot_send or line.fails or line.hangs or self._is_disk_ill)
        story.given[key] = Given(
            key=key,
            at=self._process.now,
            process=self._process.number,
            account=account,
            step=step,
            below=below,
            is_calm=is_calm,
        )
        line.bring(self._said(step, key, below))

    def _said(self, step: Press | Say, key: str, below: Shown | None) -> Incoming:
        topic = below.message.recipient.partition("/")[1:] if below else ()
        place, sender = self.places.id_of(step.place), self.places.id_of(step.sender)
        is_press = isinstance(step, Press)
        value = str(step.choice) if isinstance(step, Press) else None
        return Incoming(
            remote_id=key,
            recipient=place + "".join(topic),
            recipient_title=place,
            sender_id=sender,
            sender_name=key,
            kind=Kind.BUTTON if is_press else Kind.TEXT,
            text="" if isinstance(step, Press) else step.text,
            content=Content(value=value),
            origin=below.message.nonce if below and is_press else None,
            reply_to=below.remote_id if below else None,
            sent_at=self._clock.now(),
            sightings=(self.places.sighting(step.place),),
        )

    async def end(self) -> None:
        """Everything heals; then what there is to see is looked at."""
        self._disk.recover()
        self.cannot_send = False
        for line in self.lines.values():
            line.fails = line.hangs = False
        await wait_until_all_have_ended(self._bach, self._perform, self._done, self._clock.now)
        await self._clock.advance(4_000)
        await wait_until_all_have_ended(self._bach, self._perform, self._done, self._clock.now)
        status = (await self._done(self._bach.queue_status()))[CONNECTION]
        self.story.unfinished = status.pending + status.failed + status.sending
        self.story.ended_at = self._process.now
        self.story.seen = self.story.moment()
        await self._close(5.0)


def _name_of(message: IncomingMessage) -> str | None:
    """Who has the lesser role may not answer."""
    return None if message.sender_id.partition(".")[0] == LESSER else message.sender_name


def _connector(world: AskingWorld, process: Process) -> type[Connector]:
    base = fake_connector(FakePlatform(), receives=True)

    class Simulated(base):  # type: ignore[misc,valid-type] # the class is made by a function
        @override
        async def receive(self, cursor: str | None) -> Batch | Fault:
            return await world.lines[account_of(self.setup.connection)].poll(process, cursor)

        @override
        async def whose(self) -> str:
            return str(account_of(self.setup.connection))

        @override
        async def send(self, message: Message) -> Outcome:
            if not process.is_alive:
                await asyncio.Event().wait()
            if world.cannot_send:
                return Retry(fault=_NO_ROUTE, scope=Scope.CONNECTION, written=False)
            return _show(world, process, message, account_of(self.setup.connection))

        @override
        async def check(self) -> Identity | Fault:
            return _NO_ROUTE if world.cannot_send else Identity(id="1", name="line")

    return Simulated


def _show(world: AskingWorld, process: Process, message: Message, account: int) -> Sent:
    shown, place = world.story.shown, world.places.place_of(message.recipient)
    number = int(message.text.partition("\n")[0].removeprefix("q") or 0)
    remote_id = str(len(shown) + 1) if message.operation is Operation.SEND else message.target or ""
    shown.append(
        Shown(question=number, place=place, account=account, at=process.now, remote_id=remote_id, message=message)
    )
    sightings, moved_to = world.places.answer(message.recipient)
    return Sent(remote_id=remote_id, sightings=sightings, moved_to=moved_to)


async def tell_asking(history: AskingHistory, folder: Path, seed: int) -> AskingStory:
    """The story of a history."""
    async with ClientSession() as session:
        async with AskingWorld(folder, seed, session) as world:
            await world.start({CONNECTION: Connection(name=CONNECTION, type=CONNECTION, allowed=_HEARD)})
            for step in history:
                await world.perform(step)
            await world.end()
        return world.story
