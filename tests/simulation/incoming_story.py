"""The platform of a history of receiving, and what was seen of that history from outside.

The platform is as strict as a real one: a poll's cursor tells it what has been read, and that never comes again, unless
the platform itself repeats a message under a new number, as they do.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from bach_lib.connectors.base import Batch, Incoming, Unreadable
from bach_lib.models import ConnectionState, Fault
from bach_lib.models.incoming import InboxStatus, IncomingMessage
from tests.simulation.chronicle import Chronicle
from tests.simulation.process import Process

CONNECTION = "line"
FRIENDS = frozenset({"ada", "bob"})
_POLL = 50.0
"""Seconds after which the platform answers that there is nothing."""
RARELY = 20_000.0
"""The same where days pass: each answer costs time here."""
_AT_ONCE = 3
_NO_ROUTE = Fault(code="unreachable", text="No route to host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message was announced."""

    process: int
    at: float
    moment: int
    message: IncomingMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The platform said with a message that two spellings mean one place or person."""

    moment: int
    account: int
    old: str
    new: str


@dataclass
class IncomingStory(Chronicle):
    """Everything that was seen of a history of receiving."""

    allowed: frozenset[str] = FRIENDS
    written: dict[str, Incoming] = field(default_factory=dict)
    """What people wrote, by the number that it has here, with an "e" where it is an edit."""
    account_of: dict[str, int] = field(default_factory=dict)
    """To which account each was written."""
    told: list[Told] = field(default_factory=list)
    """What the platform said of places and people."""
    written_at: dict[str, int] = field(default_factory=dict)
    """The moment of that."""
    came_at: dict[str, float] = field(default_factory=dict)
    """The true time at which it came to the platform last."""
    garbage: Counter[int] = field(default_factory=Counter)
    """How often something unreadable came, for each account."""
    came: list[str] = field(default_factory=list)
    """Every message that the platform brought or the application pushed, as often as it came."""
    resets: int = 0
    """How often receiving was set up anew because nothing came; a batch may then be stored twice."""
    heard: list[Heard] = field(default_factory=list)
    rules: list[tuple[int, str, str | None]] = field(default_factory=list)
    """The moment a rule was asked for, its name and its phrase (None: removed)."""

    # what is found at the end
    inbox: list[IncomingMessage] = field(default_factory=list)
    unreadable: int = 0
    blocked: int = 0
    account: int = 1
    """That of the connection."""
    state: ConnectionState = ConnectionState.DISABLED


class Line:
    """The platform: its updates, by number; those below what it was told as read are forgotten."""

    def __init__(self, poll: float = _POLL) -> None:
        self._poll = poll
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
        cancel = process.clock.call_later(self._poll, self._news.set)
        try:
            await self._news.wait()
        finally:
            cancel()


def key_of(message: IncomingMessage) -> str:
    """The number that a message has here; the platform's own come again with another account."""
    return message.sender_name


def marks(story: IncomingStory) -> dict[str, InboxStatus]:
    """The status that a person gave each message last, as far as BACH said that it did."""
    found: dict[str, InboxStatus] = {}
    for call in story.calls:
        what, _, status = call.what.partition(" ")
        if what == "mark" and isinstance(call.result, int) and call.ended_at is not None:
            found[f"{call.number}"] = InboxStatus(status)
    return found
