"""Histories of receiving: who writes, from where and to which account, and who listens."""

from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import override

from aiohttp import ClientSession

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Batch, Connector, Incoming, Unreadable
from bach_lib.events import MessageReceived
from bach_lib.inbound.rules import Rule
from bach_lib.models import Direction, Fault
from bach_lib.models.incoming import Content, Kind
from bach_lib.testing import FakePlatform, fake_connector
from tests.simulation.disk import CirclesError
from tests.simulation.incoming_steps import (
    Account,
    Discard,
    Garbage,
    IncomingHistory,
    IncomingStep,
    LetIn,
    Mark,
    PollsFail,
    PollsHang,
    PollsWork,
    Push,
    Repeat,
    SetRule,
    Write,
)
from tests.simulation.incoming_story import CONNECTION, Heard, IncomingStory, Line, Told, key_of
from tests.simulation.places import Places
from tests.simulation.process import Process
from tests.simulation.stage import Stage
from tests.simulation.steps import (
    Advance,
    Crash,
    DiskFull,
    DiskSlow,
    DiskWell,
    Jump,
    Move,
    Reload,
    Restart,
    TakeOver,
)


def account_of(connection: Connection) -> int:
    """Whose a connection is, as it is set up."""
    return int(str(connection.settings.get("account", 1)))


def _connector(lines: Mapping[int, Line], story: IncomingStory, process: Process) -> type[Connector]:
    base = fake_connector(FakePlatform(), receives=True)

    class Simulated(base):  # type: ignore[misc,valid-type] # the class is made by a function
        @override
        async def receive(self, cursor: str | None) -> Batch | Fault:
            return await lines[account_of(self.setup.connection)].poll(process, cursor)

        @override
        async def whose(self) -> str:
            return str(account_of(self.setup.connection))

        @override
        async def reset(self) -> None:
            story.resets += 1

    return Simulated


class IncomingWorld(Stage):
    """Who writes, and who listens."""

    def __init__(self, folder: Path, seed: int, session: ClientSession) -> None:
        self.story = IncomingStory()
        super().__init__(self.story, folder, seed, session)
        self._lines: defaultdict[int, Line] = defaultdict(Line)
        self._places = Places()
        self._account = 1
        self._ids: dict[str, int] = {}
        self._reloads = 0

    @override
    def _connectors(self, process: Process) -> Mapping[str, type[Connector]]:
        return {CONNECTION: _connector(self._lines, self.story, process)}

    @override
    def _listen(self, bach: Bach, process: Process) -> None:
        bach.subscribe(MessageReceived, partial(self._heard, process))

    @override
    def _watch(self) -> None:
        if len(self.story.heard) > 20 * (1 + len(self.story.written)):
            raise CirclesError("messages are announced without end")

    def _heard(self, process: Process, event: MessageReceived) -> None:
        if process.is_alive:
            message = event.message
            self._ids[key_of(message)] = message.id
            self.story.heard.append(
                Heard(process=process.number, at=process.now, moment=self.story.moment(), message=message)
            )

    async def perform(self, step: IncomingStep) -> None:
        """One step of the history."""
        match step:
            case Advance() | Jump() | DiskFull() | DiskSlow() | DiskWell() | Crash() | Restart():
                await self._perform(step)
            case Write() | Push():
                self._write(step)
            case Repeat(number):
                for key in (f"{number}", f"{number}e"):
                    if again := self.story.written.get(key):
                        self._bring(key, again)
            case Garbage() | PollsFail() | PollsHang() | PollsWork() | Move() | TakeOver():
                self._steps_of_the_platform(step)
            case LetIn(allowed):
                self.story.allowed = frozenset(allowed)
                await self._done(self._bach.registry.update(CONNECTION, allowed=self.story.allowed))
            case _:
                self._steps_of_people(step)

    def _steps_of_the_platform(self, step: Garbage | PollsFail | PollsHang | PollsWork | Move | TakeOver) -> None:
        line = self._lines[self._account]
        match step:
            case Garbage():
                self.story.garbage[self._account] += 1
                line.bring(Unreadable(raw="?", reason="a new kind of update"))
            case Move(_, place):
                self._places.move(place)
            case TakeOver(_, name, place):
                self._places.take_over(name, place)
            case _:
                line.fails, line.hangs = isinstance(step, PollsFail), isinstance(step, PollsHang)

    def _write(self, step: Write | Push) -> None:
        key = f"{step.number}e" if step.edits else f"{step.number}"
        story, original = self.story, f"{step.number}"
        if key in story.written or (step.edits and story.account_of.get(original, self._account) != self._account):
            return
        message = self._message(step, key)
        story.written[key] = message
        # who pushes does so to the connection as it is; another account that is just being set is not there yet
        pushed_to = account_of(self._bach.registry.get(CONNECTION))
        story.account_of[key] = self._account if isinstance(step, Write) else pushed_to
        story.written_at[key] = story.moment()
        if isinstance(step, Write):
            self._bring(key, message)
        else:
            story.came_at[key] = self._process.now
            story.came.append(key)
            self._call("push", step.number, partial(self._bach.take, CONNECTION, message))

    def _message(self, step: Write | Push, key: str) -> Incoming:
        kind = Kind.EDITED if step.edits else step.kind
        command = step.text.removeprefix("/") if kind is Kind.COMMAND else None
        place, sender = self._places.id_of(step.place or step.sender), self._places.id_of(step.sender)
        told = [self._places.sighting(one) for one in dict.fromkeys((step.sender, step.place)) if one and step.tells]
        return Incoming(
            remote_id=self._remote_id(step),
            recipient=place,
            recipient_title=place,
            sender_id=sender,
            sender_name=key,
            kind=kind,
            text=step.text,
            content=Content(command=command, value="yes" if kind is Kind.BUTTON else None),
            sent_at=None if step.age is None else self._clock.now() - step.age,
            sightings=tuple(told),
        )

    def _remote_id(self, step: Write | Push) -> str:
        """The platform's number of a message: each account counts its own, from the first one on."""
        if isinstance(step, Push):
            return f"p{step.number}"
        original = self.story.written.get(f"{step.number}")
        if step.edits and original is not None:
            return f"{original.remote_id}e"
        ours = [key for key, account in self.story.account_of.items() if account == self._account]
        return f"{len(ours) + 1}e" if step.edits else f"{len(ours) + 1}"

    def _bring(self, key: str, message: Incoming) -> None:
        story, account = self.story, self.story.account_of[key]
        story.came_at[key] = self._process.now
        story.came.append(key)
        for one in message.sightings:
            for old in (*one.names, *one.was):
                story.told.append(Told(moment=story.moment(), account=account, old=old, new=one.id))
        self._lines[account].bring(message)

    def _steps_of_people(self, step: IncomingStep) -> None:
        bach = self._bach
        match step:
            case SetRule(name, phrase):
                self.story.rules.append((self.story.moment(), name, phrase))
                known = {rule.name for rule in bach.rules.list()}
                if phrase is not None:
                    self._call("rule", 0, partial(bach.rules.set, Rule(name=name, phrases=(phrase,))))
                elif name in known:
                    self._call("rule", 0, partial(bach.rules.remove, name))
            case Mark(number, status) if f"{number}" in self._ids:
                wanted = [self._ids[f"{number}"]]
                self._call(f"mark {status}", number, partial(bach.mark, wanted, status))
            case Discard(number) if f"{number}" in self._ids:
                self._call("discard", number, partial(bach.discard, [self._ids[f"{number}"]]))
            case Reload() | Account():
                self._reloads += 1
                self._account += isinstance(step, Account)
                settings = {"reloads": self._reloads, "account": self._account}
                self._call("reload", 0, partial(bach.registry.update, CONNECTION, settings=settings))
            case _:
                pass  # about a message that never came

    def _call[T](self, what: str, number: int, work: Callable[[], Coroutine[object, object, T]]) -> None:
        self._callers.call(self._process, what, number, work)

    async def end(self) -> None:
        """Everything heals; then what there is to see is looked at."""
        self._disk.recover()
        for line in self._lines.values():
            line.fails = line.hangs = False
        await self._clock.advance(1200)
        story, bach = self.story, self._bach
        before: int | None = None
        while page := await self._done(bach.inbox(limit=500, before=before)):
            before = page[-1].id
            story.inbox += page
        story.unreadable = len(await self._done(bach.unreadable(CONNECTION)))
        story.account = account_of(bach.registry.get(CONNECTION))
        story.blocked = bach.registry.get(CONNECTION).blocked_count
        story.state = bach.health(CONNECTION, Direction.RECEIVING).state
        story.seen = story.moment()
        await self._close(5.0)


async def tell_incoming(history: IncomingHistory, folder: Path, seed: int) -> IncomingStory:
    """The story of a history."""
    async with ClientSession() as session:
        async with IncomingWorld(folder, seed, session) as world:
            await world.start({CONNECTION: Connection(name=CONNECTION, type=CONNECTION, allowed=world.story.allowed)})
            for step in history:
                await world.perform(step)
            await world.end()
        return world.story
