"""What was seen of a history from outside: by callers, by the platforms and by those who listen to events.

`at` is the true time, which never jumps and goes on through crashes; `wall` is what the wall clock showed.
"""

from dataclasses import dataclass, field
from functools import cached_property
from math import inf

from bach_lib.events import MessageEvent
from bach_lib.models import Attempt, Fault, Message, Status
from bach_lib.outbound.monitor import STOPPED
from bach_lib.outbound.retry import OTHER_ACCOUNT
from tests.simulation.chronicle import SET_UP, Call, Chronicle
from tests.simulation.hand_steps import Amend, Correct, HandStep
from tests.simulation.steps import Answer, Says, Send


@dataclass(slots=True, kw_only=True)
class Handed:
    """A message was handed to a platform.

    `decided_at`, `decided_wall`: when BACH asked the disk for it; a slow disk may lie between.
    `asked_at`: the same, at the latest. `chosen_at`: when it may
    have been chosen; while the disk is full, the same is asked for again and again. `healthy`: whether a
    check would have been good when the attempt ended. `answered_at`: None if the process did not live to hear it.
    `takes_away`: the platform's id of what goes, where that is all the message is for.
    """

    number: int
    id: int
    process: int
    connection: str
    recipient: str
    priority: int
    nonce: str
    at: float
    wall: float
    decided_at: float
    decided_wall: float
    asked_at: float
    chosen_at: float
    answer: Answer
    expires_at: float | None
    answered_at: float | None = None
    healthy: bool = True
    moment: int = 0
    takes_away: str | None = None

    @property
    def says(self) -> Says:
        """What the platform did with it."""
        return self.answer.says

    @property
    def may_count(self) -> bool:
        """Whether it may have used up a retry: it failed, and not for the connection."""
        if self.answered_at is None:
            return True
        own_words = self.says in {Says.BUSY, Says.CHAT, Says.REFUSED, Says.BROKEN}
        failed = self.says in {Says.LOST, Says.UNSURE, Says.DOWN}
        return own_words or (failed and self.healthy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message that a person got to see, and where."""

    number: int
    nonce: str
    connection: str
    recipient: str


@dataclass(slots=True, kw_only=True)
class Note:
    """An event of a message. `moment` orders notes, hand-overs and calls."""

    number: int
    process: int
    at: float
    wall: float
    moment: int
    event: MessageEvent

    @property
    def name(self) -> str:
        """Such as `MessageSent`."""
        return type(self.event).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two spellings mean one place: the platform said so, or BACH did. `tell`: the number of the call that told it."""

    connection: str
    old: str
    new: str
    at: float
    moment: int
    tell: int = 0


FINISHED = {
    "MessageSent": Status.SENT,
    "MessageDead": Status.DEAD,
    "MessageExpired": Status.EXPIRED,
    "MessageCancelled": Status.CANCELLED,
    "MessageUncertain": Status.UNCERTAIN,
}
"""What is on disk when an event of this name has been told."""


_GONE = {"MessageSent", "MessageExpired", "MessageCancelled"}
"""The ends of messages that no correction of an address concerns."""


@dataclass
class Story(Chronicle):
    """Everything that was seen of a history of sending."""

    handed: list[Handed] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    """Every message that a person got to see."""
    tidied: list[Handed] = field(default_factory=list)
    """What BACH had taken away by itself, when a newer message of its tag was there."""

    told_forms: list[Meeting] = field(default_factory=list)
    """What the platforms said."""
    known_forms: list[Meeting] = field(default_factory=list)
    """What BACH said that it knows."""
    limits: dict[str, tuple[int, float]] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    """What an account was asked to do with a message of another one."""

    # what is found at the end
    forms: dict[tuple[str, str], str] = field(default_factory=dict)
    """The one form of every spelling that was used."""
    messages: dict[int, Message] = field(default_factory=dict)
    rows: dict[int, list[Attempt]] = field(default_factory=dict)
    """The history of every message, as BACH shows it."""
    strangers: list[Message] = field(default_factory=list)
    """Messages on disk that nobody sent."""
    deletions: list[Message] = field(default_factory=list)
    """Those on disk by which BACH takes something away."""
    counted: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Success and error count of each connection."""
    counted_on_disk: dict[str, tuple[int, int]] = field(default_factory=dict)
    queues: dict[str, dict[str, int]] = field(default_factory=dict)
    states: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Health and breaker of each connection."""
    files_left: list[int] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    """Files beside the database that no message needs."""

    def form(self, connection: str, address: str, before: float) -> str:
        """The one form of an address, as BACH had said before that true time."""
        return _followed(self.known_forms, connection, address, before)

    def lane(self, number: int, before: float) -> tuple[str, str]:
        """Where a message stands, as far as was known before that true time; nowhere while somebody changes that."""
        changes = self.changes(number)
        if any(call.at <= before and (call.ended_at is None or call.ended_at >= before) for call in changes):
            return f"m{number}", "is being amended"
        moment = max((call.ended_moment + 1 for call in changes if call.at < before), default=0)
        places = self.standings(number, moment)
        if len(places) > 1:
            return f"m{number}", "may have been amended"
        [(connection, recipient)] = places
        return connection, self.form(connection, recipient, before)

    def lane_of(self, one: Handed) -> tuple[str, str]:
        """Where a message stood that was handed over; nowhere if that was changed since it may have been chosen."""
        for call in self.changes(one.number):
            if call.moment < one.moment and (call.ended_at is None or call.ended_at >= one.chosen_at):
                return f"m{one.number}", "has just been amended"
        return self.lane(one.number, one.chosen_at)

    def standings(self, number: int, moment: float, before: float = inf) -> set[tuple[str, str]]:
        """Through which connection and to whom a message may have had to go at that moment, as people had said.

        `before`: the true time at which BACH asked the disk for it; what was said at the same time may not count.
        """
        send = self.sends[number]
        places = {(send.connection, send.recipient)}
        for call in self.changes(number):
            if call.moment >= moment:
                continue
            new = {_changed(call.by_hand, *place) for place in places}
            sure = call.is_done(moment) and (call.what == "amend" or self._is_sure(number, call, before))
            places = new if sure else places | new
        return places

    def changes(self, number: int) -> list[Call]:
        """Who may have said that a message goes elsewhere, in the order in which they asked."""
        return sorted([*self.amendments.get(number, ()), *self._corrections(number)], key=lambda call: call.moment)

    def _corrections(self, number: int) -> list[Call]:
        """Corrections of addresses that it may have had; what changes another message stays with that."""
        if self.sends[number].corrects:
            return []
        return [call for call in self.calls if call.what == "correct" and call.may_have_worked]

    def _is_sure(self, number: int, call: Call, before: float) -> bool:
        """Whether a correction concerned a message for all to see: it was stored by then, and not at its end."""
        others = (one for one in self.changes(number) if one is not call)
        if any(
            one.moment < call.ended_moment and (one.ended_at is None or one.ended_moment > call.moment)
            for one in others
        ):
            return False  # at the same time
        if (call.ended_at or 0.0) >= before:
            return False
        told = [note for note in self.told(number) if note.moment < call.ended_moment]
        if not told or told[0].moment > call.moment or not self.send_calls[number].is_done(call.moment):
            return False
        last = max((note for note in told if note.moment < call.moment), key=lambda note: note.moment)
        if any(last.at <= end <= (call.ended_at or inf) for end in self.ends):  # its end may have been told to nobody
            return False
        return not any(one.name in _GONE for one in told if one.moment >= last.moment)

    def places(self, number: int) -> set[tuple[str, str]]:
        """All addresses that a message had, as they were known at the end, with their connections."""
        found = set[tuple[str, str]]()
        for moment in (0, *(call.moment + 1 for call in self.changes(number)), inf):
            found |= self.standings(number, moment)
        return {(connection, self.forms.get((connection, to), to)) for connection, to in found}

    def attempts(self, number: int) -> list[Handed]:
        """Of one message, in their order."""
        return [one for one in self.handed if one.number == number]

    def told(self, number: int) -> list[Note]:
        """The events of one message, in their order."""
        return [note for note in self.notes if note.number == number]

    @cached_property
    def send_calls(self) -> dict[int, Call]:
        """Who sent each message, by its number."""
        return {call.number: call for call in self.calls if call.what == "send"}

    @cached_property
    def amendments(self) -> dict[int, list[Call]]:
        """Who amended each message, as far as that may have worked, in the order in which they asked."""
        found = dict[int, list[Call]]()
        for call in self.calls:
            if call.what == "amend" and call.may_have_worked:
                found.setdefault(call.number, []).append(call)
        return found

    @cached_property
    def sends(self) -> dict[int, Send]:
        """What was sent, by its number."""
        return {number: call.send for number, call in self.send_calls.items() if call.send}

    def was_interrupted(self, since: float, until: float) -> bool:
        """Whether a connection was stopped or set up anew in between."""
        calls = (call for call in self.calls if call.what in SET_UP)
        return any(call.at <= until and (call.ended_at is None or call.ended_at >= since) for call in calls)


def is_of_another_account(error: Fault | None) -> bool:
    """Whether it was not even tried, as what it would change was sent by another account."""
    return error is not None and error.code == OTHER_ACCOUNT


def is_untried(story: Story, number: int, row: Attempt) -> bool:
    """Whether an attempt may have ended before the platform saw it: it is about a message, and nobody knew of whose."""
    codes = {"unreachable", "auth_failed", STOPPED.code}
    is_unknown = row.outcome in {"retry", "wait"} and row.error is not None and row.error.code in codes
    return story.sends[number].is_prepared and (is_unknown or is_of_another_account(row.error))


def _changed(step: HandStep | None, connection: str, recipient: str) -> tuple[str, str]:
    """Where a message goes that went there, once somebody has said so."""
    match step:
        case Amend():
            return step.connection or connection, step.recipient or recipient
        case Correct(through, old, new) if (through, old) == (connection, recipient):
            return connection, new
    return connection, recipient


def _followed(meetings: list[Meeting], connection: str, address: str, before: float) -> str:
    chat, slash, topic = address.partition("/")
    for met in meetings:
        if met.connection == connection and met.old == chat and met.at < before:
            chat = met.new
    return chat + slash + topic
