"""Histories of sending: platforms, those who send, and what there is to hear and to see of it.

Nothing here judges. What callers, platforms and listeners saw goes into a `Story`; at its end everything heals, and
what is on disk then belongs to it, too.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import cast, override

from aiohttp import ClientSession

from bach_lib import Bach, Connection
from bach_lib.connectors.base import Connector, Incoming
from bach_lib.events import MessageEvent, RecipientMoved
from bach_lib.models import File, Operation
from bach_lib.models.incoming import Kind
from bach_lib.models.spellings import Sighting
from bach_lib.outbound.amending import Amendment
from tests.simulation.disk import CirclesError
from tests.simulation.ending import look, look_into, wait_until_all_have_ended
from tests.simulation.hand_steps import Add, Amend, Correct, Discard, DiscardAll, HandStep, Remove, SendNow
from tests.simulation.platform import Platforms, connector, number_of
from tests.simulation.process import Process
from tests.simulation.scheduling import time_at
from tests.simulation.stage import Stage
from tests.simulation.steps import (
    CONNECTIONS,
    Advance,
    Again,
    Another,
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
    Limit,
    Move,
    PlaceStep,
    Reload,
    Restart,
    Retry,
    RetryAll,
    Send,
    Start,
    Step,
    Stop,
    TakeOver,
    Tell,
    Wait,
)
from tests.simulation.story import Meeting, Note, Story

FRIENDS = frozenset({"ada", "bob", "cyd"})
_MOST_ATTEMPTS = 100
"""For each message, on the average; what no platform takes is tried some thirty times in the day that it has."""


class World(Stage):
    """Who sends, and what platforms do."""

    def __init__(self, folder: Path, seed: int, session: ClientSession) -> None:
        self.story = Story()
        super().__init__(self.story, folder, seed, session)
        self._platforms = Platforms(self.story)
        self._sends, self._ids = dict[int, Send](), dict[int, int]()
        self._due = dict[int, datetime | None]()
        self._resting: set[str] = set()
        self._reloads = self._told = 0
        self._accounts = dict.fromkeys(CONNECTIONS, 1)

    @override
    def _connectors(self, process: Process) -> Mapping[str, type[Connector]]:
        return {name: connector(self._platforms, process, name) for name in CONNECTIONS}

    @override
    def _listen(self, bach: Bach, process: Process) -> None:
        bach.subscribe(MessageEvent, partial(self._note, process))
        bach.subscribe(RecipientMoved, partial(self._met, process))
        self._resting.clear()

    @override
    def _watch(self) -> None:
        if len(self.story.handed) > _MOST_ATTEMPTS * (1 + len(self._sends)):
            raise CirclesError("messages are tried without end")

    def _note(self, process: Process, event: MessageEvent) -> None:
        if process.is_alive and event.message.operation is not Operation.DELETE:
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

    def _met(self, process: Process, event: RecipientMoved) -> None:
        if process.is_alive:
            story, moment = self.story, self.story.moment()
            met = Meeting(connection=event.connection, old=event.old, new=event.new, at=process.now, moment=moment)
            story.known_forms.append(met)

    async def perform(self, step: Step) -> None:
        """One step of the history."""
        match step:
            case Advance() | Jump() | DiskFull() | DiskSlow() | DiskWell() | Crash() | Restart():
                await self._perform(step)
            case Fail(connection, outage):
                self._platforms.outages[connection] = outage
            case Heal(connection):
                self._platforms.outages.pop(connection, None)
            case Send():
                self._send(step)
            case Tell() | Move() | TakeOver() | Limit():
                self._steps_of_places(step)
            case SendNow() | Amend() | Correct() | Discard() | DiscardAll() | Remove() | Add():
                self._steps_by_hand(step)
            case _:
                self._steps_of_people(step)

    def _steps_of_places(self, step: PlaceStep) -> None:
        places = self._platforms.places[step.connection]
        match step:
            case Limit(connection, count, per):
                self.story.limits[connection] = count, per
            case Move(_, place):
                places.move(place)
            case TakeOver(_, name, place):
                places.take_over(name, place)
            case Tell(connection, place):
                sighting = places.sighting(place)
                self._told += 1
                self._platforms.say(self._process, connection, (sighting,), self._told)
                said = _said(f"told {self._told}", sighting)
                self._call("tell", self._told, partial(self._bach.take, connection, said))

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
            case Reload(connection) | Another(connection):
                self._reloads += 1
                self._accounts[connection] += isinstance(step, Another)
                settings = {"reloads": self._reloads, "account": self._accounts[connection]}
                self._call("reload", 0, partial(bach.registry.update, connection, settings=settings))
            case Stop(connection):
                self._resting.add(connection)
                self._call("stop", 0, partial(bach.stop, connection))
            case Start(connection):
                self._resting.discard(connection)
                self._call("start", 0, partial(bach.start, connection))
            case _:
                pass  # about a message that was never sent

    def _steps_by_hand(self, step: HandStep) -> None:
        bach, call = self._bach, partial(self._call, by_hand=step)
        match step:
            case Amend(number, recipient, connection) if number in self._ids:
                new = {"recipient": recipient, "connection": connection}
                changes = cast("Amendment", {field: value for field, value in new.items() if value is not None})
                call("amend", number, partial(bach.amend, self._ids[number], **changes))
            case SendNow(number) if number in self._ids:
                call("send_now", number, partial(bach.send_now, self._ids[number]))
            case Correct(connection, old, new):
                call("correct", 0, partial(bach.move, connection, old, new))
            case Discard(number) if number in self._ids:
                call("discard", number, partial(bach.discard_messages, [self._ids[number]]))
            case DiscardAll(connection):
                call("discard_all", 0, partial(bach.discard_all, connection))
            case Remove(connection):
                call("remove", 0, partial(bach.registry.remove, connection))
            case Add(connection):
                call("add", 0, partial(bach.registry.add, new_connection(connection)))
            case _:
                pass  # about a message that was never sent

    def _send(self, step: Send) -> None:
        if (about := self._sends.get(step.names or 0)) is not None:
            step = replace(step, connection=about.connection, recipient=about.recipient)
        self._sends[step.number] = step
        self._due[step.number] = time_at(self._clock.now(), step.not_before)
        self._platforms.expect(step)
        task = self._call("send", step.number, partial(self._put, step), send=step)
        if step.leaves:
            asyncio.get_running_loop().call_soon(task.cancel)

    async def _put(self, step: Send) -> object:
        named = self._ids.get(step.names or 0)
        if named is not None and step.corrects is not None:
            receipt = await self._bach.edit(named, f"m{step.number}", max_retries=step.max_retries)
        else:
            receipt = await self._bach.send(
                step.connection,
                step.recipient,
                f"m{step.number}",
                priority=step.priority,
                tag=step.tag,
                silent=step.silent,
                not_before=self._due[step.number],
                time_to_live=step.time_to_live,
                delivery="at_most_once" if step.at_most_once else "at_least_once",
                max_retries=step.max_retries,
                idempotency_key=f"key{step.number}" if step.key else None,
                files=[File(name="photo.jpg", content=b"photo")] if step.file else [],
                reply_to=None if named is None else (await self._bach.get(named)).remote_id,
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
        by_hand: HandStep | None = None,
        timeout: float | None = None,
    ) -> asyncio.Task[T]:
        return self._callers.call(self._process, what, number, work, send=send, by_hand=by_hand, timeout=timeout)

    async def heal(self) -> None:
        """Disk, platforms and people are well again; nothing is expected of the clock."""
        self._disk.recover()
        self._platforms.forgive()
        for name in sorted(self._resting):
            self._steps_of_people(Start(name))
        await self._clock.settle()

    async def end(self) -> None:
        """Time passes until nothing waits; then what there is to see is looked at."""
        bach = self._bach
        await wait_until_all_have_ended(bach, self._perform, self._done, self._clock.now)
        await self._clock.advance(700)
        for row in bach.registry.list():
            await self._done(bach.check(row.name))
        await self._done(look(bach, self.story, self._sends.keys()))
        self.story.seen = self.story.moment()
        await self._close(5.0)
        self.story.ended_at = self._process.now
        look_into(self._disk.look, self.story, self._disk.orphans)


def new_connection(name: str) -> Connection:
    """One as it is set up at first."""
    return Connection(name=name, type=name, allowed=FRIENDS)


def _said(remote_id: str, sighting: Sighting) -> Incoming:
    """Somebody writes, and the platform says this of them."""
    return Incoming(
        remote_id=remote_id,
        recipient=sighting.id,
        recipient_title=sighting.id,
        sender_id=sighting.id,
        sender_name=sighting.id,
        kind=Kind.TEXT,
        text="hello",
        sightings=(sighting,),
    )


async def tell(history: History, folder: Path, seed: int) -> Story:
    """The story of a history."""
    async with ClientSession() as session:
        async with World(folder, seed, session) as world:
            await world.start({name: new_connection(name) for name in CONNECTIONS})
            for step in history:
                await world.perform(step)
            await world.heal()
            await world.end()
        return world.story
