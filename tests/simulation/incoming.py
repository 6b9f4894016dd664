"""Histories of receiving: a platform that brings updates and forgets what it knows to be read, and those who listen.

The platform is as strict as a real one: a poll's cursor tells it what has been read, and that never comes again, unless
the platform itself repeats a message under a new number, as they do.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import override

from aiohttp import ClientSession

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Batch, Connector, Incoming, Unreadable
from bach_lib.events import MessageReceived
from bach_lib.inbound.rules import Rule
from bach_lib.incoming import Content, InboxStatus, IncomingMessage, Kind
from bach_lib.models import ConnectionState, Direction, Fault
from bach_lib.testing import FakePlatform, fake_connector
from tests.simulation.disk import CirclesError
from tests.simulation.incoming_steps import (
    Discard,
    Garbage,
    IncomingHistory,
    IncomingStep,
    Mark,
    PollsFail,
    PollsHang,
    PollsWork,
    Push,
    Repeat,
    SetRule,
    Write,
)
from tests.simulation.process import Process
from tests.simulation.stage import Stage
from tests.simulation.steps import (
    Advance,
    Crash,
    DiskFull,
    DiskSlow,
    DiskWell,
    Jump,
    Reload,
    Restart,
)
from tests.simulation.story import Chronicle

CONNECTION = "line"
FRIENDS = frozenset({"ada", "bob"})
_POLL = 50.0
"""Seconds after which the platform answers that there is nothing."""
_AT_ONCE = 3
_NO_ROUTE = Fault(code="unreachable", text="No route to host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message was announced."""

    process: int
    at: float
    moment: int
    message: IncomingMessage


@dataclass
class IncomingStory(Chronicle):
    """Everything that was seen of a history of receiving."""

    written: dict[str, Incoming] = field(default_factory=dict)
    """What people wrote, by the platform's own id of it."""
    written_at: dict[str, int] = field(default_factory=dict)
    """The moment of that."""
    came_at: dict[str, float] = field(default_factory=dict)
    """The true time at which it came to the platform last."""
    garbage: int = 0
    strangers: int = 0
    """How often a stranger's message came."""
    resets: int = 0
    """How often receiving was set up anew because nothing came; a batch may then be stored twice."""
    heard: list[Heard] = field(default_factory=list)
    rules: list[tuple[int, str, str | None]] = field(default_factory=list)
    """The moment a rule was asked for, its name and its phrase (None: removed)."""

    # what is found at the end
    inbox: list[IncomingMessage] = field(default_factory=list)
    unreadable: int = 0
    blocked: int = 0
    state: ConnectionState = ConnectionState.DISABLED


class Line:
    """The platform: its updates, by number; those below what it was told as read are forgotten."""

    def __init__(self) -> None:
        self.fails = False
        self.hangs = False
        self._updates: dict[int, Incoming | Unreadable] = {}
        self._number = 0
        self._news = asyncio.Event()

    def bring(self, update: Incoming | Unreadable) -> None:
        """Something came."""
        self._number += 1
        self._updates[self._number] = update
        self._news.set()

    async def poll(self, process: Process, cursor: str | None) -> Batch | Fault:
        """What has come after the cursor, at most a few; waits for it."""
        if not process.is_alive or self.hangs:
            await asyncio.Event().wait()
        if self.fails:
            return _NO_ROUTE
        read = int(cursor or 0)
        self._updates = {number: update for number, update in self._updates.items() if number > read}
        if not self._updates:
            await self._wait(process)
        return self._batch(read)

    def _batch(self, read: int) -> Batch | Fault:
        if self.fails:
            return _NO_ROUTE
        new = sorted(number for number in self._updates if number > read)
        updates = [self._updates[number] for number in new[:_AT_ONCE]]
        return Batch(
            messages=tuple(update for update in updates if isinstance(update, Incoming)),
            unreadable=tuple(update for update in updates if isinstance(update, Unreadable)),
            cursor=str(new[:_AT_ONCE][-1] if new else read) if new or read else None,
            is_complete=len(new) <= _AT_ONCE,
        )

    async def _wait(self, process: Process) -> None:
        self._news.clear()
        cancel = process.clock.call_later(_POLL, self._news.set)
        try:
            await self._news.wait()
        finally:
            cancel()


def _connector(line: Line, story: IncomingStory, process: Process) -> type[Connector]:
    base = fake_connector(FakePlatform(), receives=True)

    class Simulated(base):  # type: ignore[misc,valid-type] # the class is made by a function
        @override
        async def receive(self, cursor: str | None) -> Batch | Fault:
            return await line.poll(process, cursor)

        @override
        async def reset(self) -> None:
            story.resets += 1

    return Simulated


class IncomingWorld(Stage):
    """Who writes, and who listens."""

    def __init__(self, folder: Path, seed: int, session: ClientSession) -> None:
        self.story = IncomingStory()
        super().__init__(self.story, folder, seed, session)
        self._line = Line()
        self._ids: dict[str, int] = {}
        self._reloads = 0

    @override
    def _connectors(self, process: Process) -> Mapping[str, type[Connector]]:
        return {CONNECTION: _connector(self._line, self.story, process)}

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
            self._ids[message.remote_id] = message.id
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
                for remote_id in (f"{number}", f"{number}e"):
                    if again := self.story.written.get(remote_id):
                        self.story.came_at[remote_id] = self._process.now
                        self._bring(again)
            case Garbage():
                self.story.garbage += 1
                self._line.bring(Unreadable(raw="?", reason="a new kind of update"))
            case PollsFail() | PollsHang() | PollsWork():
                self._line.fails, self._line.hangs = isinstance(step, PollsFail), isinstance(step, PollsHang)
            case _:
                self._steps_of_people(step)

    def _write(self, step: Write | Push) -> None:
        remote_id = f"{step.number}e" if step.edits else f"{step.number}"
        kind = Kind.EDITED if step.edits else step.kind
        command = step.text.removeprefix("/") if kind is Kind.COMMAND else None
        message = Incoming(
            remote_id=remote_id,
            recipient=step.sender,
            recipient_title=step.sender.title(),
            sender_id=step.sender,
            sender_name=step.sender.title(),
            kind=kind,
            text=step.text,
            content=Content(command=command, value="yes" if kind is Kind.BUTTON else None),
            sent_at=None if step.age is None else self._clock.now() - step.age,
        )
        if remote_id in self.story.written:
            return
        self.story.written[remote_id] = message
        self.story.written_at[remote_id] = self.story.moment()
        self.story.came_at[remote_id] = self._process.now
        if isinstance(step, Write):
            self._bring(message)
        else:
            self.story.strangers += step.sender not in FRIENDS
            self._call("push", step.number, partial(self._bach.take, CONNECTION, message))

    def _bring(self, message: Incoming) -> None:
        self.story.strangers += message.sender_id not in FRIENDS
        self._line.bring(message)

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
            case Reload():
                self._reloads += 1
                settings = {"reloads": self._reloads}
                self._call("reload", 0, partial(bach.registry.update, CONNECTION, settings=settings))
            case _:
                pass  # about a message that never came

    def _call[T](self, what: str, number: int, work: Callable[[], Coroutine[object, object, T]]) -> None:
        self._callers.call(self._process, what, number, work)

    async def end(self) -> None:
        """Everything heals; then what there is to see is looked at."""
        self._disk.recover()
        self._line.fails = self._line.hangs = False
        await self._clock.advance(1200)
        story, bach = self.story, self._bach
        before: int | None = None
        while page := await self._done(bach.inbox(limit=500, before=before)):
            before = page[-1].id
            story.inbox += page
        story.unreadable = len(await self._done(bach.unreadable(CONNECTION)))
        story.blocked = bach.registry.get(CONNECTION).blocked_count
        story.state = bach.health(CONNECTION, Direction.RECEIVING).state
        story.seen = story.moment()
        await self._close(5.0)


def marks(story: IncomingStory) -> dict[str, InboxStatus]:
    """The status that a person gave each message last, as far as BACH said that it did."""
    found: dict[str, InboxStatus] = {}
    for call in story.calls:
        what, _, status = call.what.partition(" ")
        if what == "mark" and isinstance(call.result, int) and call.ended_at is not None:
            found[f"{call.number}"] = InboxStatus(status)
    return found


async def tell_incoming(history: IncomingHistory, folder: Path, seed: int) -> IncomingStory:
    """The story of a history."""
    async with ClientSession() as session:
        world = IncomingWorld(folder, seed, session)
        try:
            await world.start({CONNECTION: Connection(name=CONNECTION, type=CONNECTION, allowed=FRIENDS)})
            for step in history:
                await world.perform(step)
            await world.end()
        except BaseException:
            await world.give_up()
            raise
        return world.story
