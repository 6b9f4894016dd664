"""The other side: platforms that answer each attempt as the history says, whole outages included."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import override

from bach_lib.connectors.base import Connector
from bach_lib.connectors.capabilities import Rate
from bach_lib.models import Connection, Fault, Identity, Message, Operation
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Dead, Outcome, Retry, Scope, Sent, Uncertain, Wait
from bach_lib.testing import FakePlatform, fake_connector
from tests.simulation.places import Places
from tests.simulation.process import Process
from tests.simulation.steps import NONCE, Answer, Outage, Says, Send
from tests.simulation.story import Handed, Meeting, Shown, Story

_NO_ROUTE = Fault(code="unreachable", text="No route to host")
_PAGE = Fault(code="unreachable", text="A page of somebody else")
_LOGGED_OUT = Fault(code="auth_failed", text="The account is logged out")
_CHECKS: dict[Outage, Fault] = {
    Outage.UNREACHABLE: _NO_ROUTE,
    Outage.PAGE: _PAGE,
    Outage.LOGGED_OUT: _LOGGED_OUT,
    Outage.BLIND: _PAGE,
}
_ATTEMPTS = {
    Outage.UNREACHABLE: Answer(Says.UNREACHED),
    Outage.PAGE: Answer(Says.UNSURE),
    Outage.SILENT: Answer(Says.LOST),
    Outage.LOGGED_OUT: Answer(Says.DOWN),
}


class Platforms:
    """All platforms of a history; they outlive every process."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.outages: dict[str, Outage] = {}
        self.places: defaultdict[str, Places] = defaultdict(Places)
        self._answers: dict[int, deque[Answer]] = {}
        self._always: dict[int, Answer] = {}
        self._remote_ids: dict[tuple[str, str], str] = {}  # by connection and nonce
        self._issued: dict[str, tuple[str, int]] = {}  # remote ids, by whose account

    def expect(self, send: Send) -> None:
        """Know how to answer the attempts of a message."""
        self._answers[send.number] = deque(send.answers)
        if send.always:
            self._always[send.number] = send.always

    def forgive(self) -> None:
        """Everything heals but what is always answered so."""
        self.outages.clear()
        self._answers.clear()

    def answer(self, connection: str, number: int) -> Answer:
        """What becomes of the next attempt."""
        outage = self.outages.get(connection)
        if outage in _ATTEMPTS:
            return _ATTEMPTS[outage]
        if answers := self._answers.get(number):
            return answers.popleft()
        return self._always.get(number, Answer())

    def check(self, connection: str) -> Identity | Fault:
        """What a health check finds."""
        outage = self.outages.get(connection)
        fault = _CHECKS.get(outage) if outage else None
        return fault or Identity(id=connection, name=connection)

    def whose(self, connection: str, account: int) -> str | Fault:
        """Whose account it is. Of one that takes messages and never tells, nobody could know that it is another one."""
        found = None if self.outages.get(connection) is Outage.BLIND else self.check(connection)
        return found if isinstance(found, Fault) else str(account)

    def rates(self, connection: str, recipient: str) -> Mapping[str, Rate]:
        """What it takes of messages to one chat."""
        if connection not in self.story.limits:
            return {}
        count, per = self.story.limits[connection]
        return {f"chat:{recipient.partition('/')[0]}": Rate(count=count, per=per)}

    def sent(self, process: Process, connection: str, recipient: str, outcome: Sent) -> Sent:
        """A good answer, with what it says of the place."""
        sightings, moved_to = self.places[connection].answer(recipient)
        if moved_to is not None:
            told = Sighting(id=moved_to.partition("/")[0], was=(recipient.partition("/")[0],))
            self.say(process, connection, (told,))
        self.say(process, connection, sightings)
        return replace(outcome, sightings=sightings, moved_to=moved_to)

    def say(self, process: Process, connection: str, sightings: tuple[Sighting, ...], tell: int = 0) -> None:
        """It tells what places are called."""
        for one in sightings:
            for old in (*one.names, *one.was):
                where = {"connection": connection, "old": old, "new": one.id}
                met = Meeting(**where, at=process.now, moment=self.story.moment(), tell=tell)
                self.story.told_forms.append(met)

    def show(self, connection: str, number: int, message: Message, account: int) -> str:
        """A person gets to see a message; its number there."""
        known = connection, message.nonce
        if connection == NONCE and known in self._remote_ids:
            return self._remote_ids[known]
        self.story.shown.append(
            Shown(number=number, nonce=message.nonce, connection=connection, recipient=message.recipient)
        )
        self._remote_ids[known] = remote_id = message.target or str(len(self.story.shown))
        self._issued.setdefault(remote_id, (connection, account))
        return remote_id

    def look_for(self, connection: str, number: int, message: Message, account: int) -> None:
        """Whether what a message names is of the account that names it; to another, that number is another message."""
        for named in filter(None, (message.target, message.reply_to)):
            if self._issued.get(named) != (connection, account):
                self.story.foreign.append(f"m{number} of {connection}'s account {account} names {named}")


def connector(platforms: Platforms, process: Process, name: str) -> type[Connector]:
    """The connector class of one platform for one process."""
    base = fake_connector(FakePlatform(), idempotent=name == NONCE)

    class Simulated(base):  # type: ignore[misc,valid-type] # the class is made by a function
        capabilities = replace(base.capabilities, takes_pushes=True)
        is_open = True

        @override
        def rates(self, recipient: str) -> Mapping[str, Rate]:
            return platforms.rates(name, recipient)

        @override
        async def send(self, message: Message) -> Outcome:
            return await _send(platforms, process, name, message, account_of(self.setup.connection))

        @override
        async def whose(self) -> str | Fault | None:
            return platforms.whose(name, account_of(self.setup.connection))

        @override
        async def check(self) -> Identity | Fault:
            return platforms.check(name)

    return Simulated


def account_of(connection: Connection) -> int:
    """Which account is behind a connection."""
    return int(str(connection.settings.get("account", 1)))


async def _send(platforms: Platforms, process: Process, name: str, message: Message, account: int) -> Outcome:
    story = platforms.story
    if not process.is_alive:
        await asyncio.Event().wait()
    number = number_of(message)
    answer = platforms.answer(name, number)
    decided = process.disk.decided()
    handed = Handed(
        number=number,
        id=message.id,
        process=process.number,
        connection=name,
        recipient=message.recipient,
        priority=message.priority,
        nonce=message.nonce,
        at=process.now,
        wall=process.clock.now(),
        decided_at=process.true_time(decided.first),
        decided_wall=decided.wall,
        asked_at=process.true_time(decided.last),
        chosen_at=process.true_time(process.disk.chosen_at()),
        answer=answer,
        expires_at=message.expires_at,
        moment=story.moment(),
        takes_away=message.target if message.operation is Operation.DELETE else None,
    )
    (story.handed if handed.takes_away is None else story.tidied).append(handed)
    remote_id = None
    platforms.look_for(name, number, message, account)
    if answer.says in {Says.SENT, Says.LOST} and handed.takes_away is None:
        remote_id = platforms.show(name, number, message, account)
    if answer.after:
        await process.clock.sleep(answer.after)
    if not process.is_alive:
        await asyncio.Event().wait()
    handed.answered_at = process.now
    handed.healthy = isinstance(platforms.check(name), Identity)
    outcome = _OUTCOMES[answer.says](answer, remote_id, platforms.outages.get(name))
    return platforms.sent(process, name, message.recipient, outcome) if isinstance(outcome, Sent) else outcome


def number_of(message: Message) -> int:
    """The history's number of a message; 0 for one that no history sent."""
    digits = message.text.removeprefix("m")
    return int(digits) if digits.isdecimal() else 0


def _broken(_: Answer, __: str | None, ___: Outage | None) -> Outcome:
    raise RuntimeError("a mistake in the connector")


def _down(_: Answer, __: str | None, outage: Outage | None) -> Outcome:
    fault = _LOGGED_OUT if outage is Outage.LOGGED_OUT else Fault(code="http_502", text="Bad gateway")
    return Retry(fault=fault, scope=Scope.CONNECTION)


def _fault(says: Says) -> Fault:
    return Fault(code=says, text=f"The platform: {says}")


_OUTCOMES: dict[Says, Callable[[Answer, str | None, Outage | None], Outcome]] = {
    Says.SENT: lambda _, remote_id, __: Sent(remote_id=remote_id),
    Says.LOST: lambda _, __, ___: Uncertain(fault=_fault(Says.LOST)),
    Says.UNSURE: lambda _, __, ___: Uncertain(fault=_fault(Says.UNSURE)),
    Says.BROKEN: _broken,
    Says.BUSY: lambda _, __, ___: Retry(fault=_fault(Says.BUSY), scope=Scope.MESSAGE),
    Says.CHAT: lambda _, __, ___: Retry(fault=_fault(Says.CHAT), scope=Scope.RECIPIENT),
    Says.DOWN: _down,
    Says.UNREACHED: lambda _, __, ___: Retry(fault=_NO_ROUTE, scope=Scope.CONNECTION, written=False),
    Says.WAIT_CHAT: lambda answer, _, __: Wait(
        seconds=answer.wait, fault=_fault(Says.WAIT_CHAT), scope=Scope.RECIPIENT
    ),
    Says.WAIT_ALL: lambda answer, _, __: Wait(seconds=answer.wait, fault=_fault(Says.WAIT_ALL), scope=Scope.CONNECTION),
    Says.REFUSED: lambda _, __, ___: Dead(fault=_fault(Says.REFUSED)),
}
