"""State machine of questions, pure: what counts as an answer, and which one is first.

A press belongs to the question whose message it names by our own id, and its value is only a number in the list of
answers. So no press can be taken for the answer to another question, whatever the platform brings back and however
old the button is. A question ends once; what comes later changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bach_lib.models import Button, Loss, Message, Place, Receipt, Status
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.outbound.draft import SendOptions
from bach_lib.questions.wording import Wording
from bach_lib.said import Sentence

_ROUNDED = 2.0
"""Seconds: platforms cut off the fractions of their times."""
_REMOVED = Sentence("the_connection_was_removed", "The connection was removed.")
_HANDED_OVER = Sentence(
    "another_account_took_the_connection_over",
    "Another account took the connection over, and cannot be given the answer.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, where, and for how long (`timeout`, in seconds).

    `answers` are rows of buttons, as of `Bach.send`; what an answer brings is their value. With `takes_text` people may
    write what they like, with or without `answers`: as a reply to the question, or as the next message in a private
    chat. `name_of` returns what to call the sender, or None for somebody who may not answer; without it everybody may
    whose messages are let in. `options` are those of `Bach.send`. `after`: seconds after which some of the places are
    asked, if nobody has answered by then; at once where none of those asked before can be reached.
    """

    text: str
    """What is asked."""
    places: Sequence[Place]
    """Where; the first answer counts for all."""
    timeout: float
    answers: Sequence[Sequence[Button]] = ()
    takes_text: bool = False
    name_of: Callable[[IncomingMessage], str | None] | None = None
    wording: Wording = field(default_factory=Wording)
    """What stands below it when it is over."""
    wordings: Mapping[Place, Wording] = field(default_factory=dict)
    """The same for places where another language is spoken."""
    options: SendOptions = field(default_factory=SendOptions)
    after: Mapping[Place, float] = field(default_factory=dict)

    @property
    def steps(self) -> list[tuple[float, tuple[Place, ...]]]:
        """Who is asked when, each once: seconds from the beginning, and the places."""
        steps = dict[float, list[Place]]()
        for place in dict.fromkeys(self.places):
            steps.setdefault(max(float(self.after.get(place, 0.0)), 0.0), []).append(place)
        return [(seconds, tuple(places)) for seconds, places in sorted(steps.items())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody answered: the `value`, the `text` as people see it, and the `message` that brought it.

    `waited` is in seconds. `unreached` says why some of those asked got nothing.
    """

    value: str
    text: str
    name: str
    """Of who answered."""
    message: IncomingMessage
    waited: float = 0.0
    unreached: Mapping[Place, str] = field(default_factory=dict)


class Ending(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    UNDELIVERED = "undelivered"
    INTERRUPTED = "interrupted"


@dataclass(slots=True)
class _Delivery:
    """One message of a question. `shown_at`: since when it may have been seen. `failure`: why it will not arrive."""

    place: Place
    has_buttons: bool
    recipient: str
    shown_at: float | None = None
    remote_id: str | None = None
    status: Status = Status.PENDING
    failure: str | None = None
    is_heard_of: bool = False
    """An event has told of it, so what is looked up may be older."""


class Asked:
    """One question on its way. `on_end` is called once, when it is over.

    `normal(connection, recipient)` returns the one form of an address, as far as it is known.
    """

    def __init__(
        self,
        question: Question,
        on_end: Callable[[Asked], None],
        normal: Callable[[str, str], str] = lambda _, recipient: recipient,
    ) -> None:
        self._normal = normal
        self.question = question
        self.ending: Ending | None = None
        self.answer: Answer | None = None
        self.answered_id: int | None = None
        self.refused: dict[Place, Exception] = {}
        self.ends_at: float = 0.0
        self._on_end = on_end
        self._choices = [button for row in question.answers for button in row]
        self._deliveries: dict[int, _Delivery] = {}
        self._is_put = False
        self.on_nobody: Callable[[], None] = lambda: None
        """Called when nobody who was asked so far can be reached, while others are still to be asked."""

    @property
    def is_anybody_asked(self) -> bool:
        """Whether somebody who was asked can be reached."""
        return any(one.failure is None for one in self._deliveries.values())

    def is_waited_for(self, is_down: Callable[[Place], bool], left: Sequence[tuple[float, Sequence[Place]]]) -> bool:
        """Whether the next, of those who are left, have to wait for those asked so far.

        Where these are known to be down, what they are asked waits in the queue, and the next are asked, if one of
        those can be reached.
        """
        there = [one.place for one in self._deliveries.values() if one.failure is None]
        return bool(there) and (
            not all(map(is_down, there)) or all(is_down(place) for _, places in left for place in places)
        )

    @property
    def message_ids(self) -> tuple[int, ...]:
        """The messages that were put for it."""
        return tuple(self._deliveries)

    @property
    def unreached(self) -> dict[Place, str]:
        """Why some of those asked got nothing."""
        failures = {one.place: one.failure for one in self._deliveries.values() if one.failure is not None}
        return {place: str(error) for place, error in self.refused.items()} | failures

    def wording(self, message_id: int) -> Wording:
        """What stands below one of its messages when it is over."""
        return self.question.wordings.get(self._deliveries[message_id].place, self.question.wording)

    def put(self, place: Place, receipt: Receipt) -> None:
        """A message for one of the places is on disk."""
        has_buttons = bool(self._choices) and not _lacks_buttons(receipt.lost, degraded=receipt.degraded)
        self._deliveries[receipt.id] = _Delivery(place=place, has_buttons=has_buttons, recipient=receipt.recipient)

    def all_put(self, refused: Mapping[Place, Exception]) -> None:
        """There will be no further message; for some places there is none."""
        self.refused = dict(refused)
        self._is_put = True
        self._end_if_nobody_is_reached()

    def found(self, message: Message) -> None:
        """One of its messages was looked up. What was read before it ended must not undo what an event told since."""
        one = self._deliveries.get(message.id)
        if one is not None and not one.is_heard_of:
            self._stands(one, message)

    def happened(self, message: Message) -> None:
        """Something happened to one of its messages, which stands like this now."""
        if (one := self._deliveries.get(message.id)) is not None:
            one.is_heard_of = True
            self._stands(one, message)

    def _stands(self, one: _Delivery, message: Message) -> None:
        if one.failure == _HANDED_OVER:
            return
        one.recipient, one.status = message.recipient, message.status
        one.has_buttons = one.has_buttons and not _lacks_buttons(message.lost)
        one.remote_id = message.remote_id or one.remote_id
        one.shown_at = message.attempted_at if one.shown_at is None else one.shown_at
        ended_unsent = message.status.is_final and message.status is not Status.SENT
        one.failure = (message.error.text if message.error else message.status.value) if ended_unsent else None
        self._end_if_nobody_is_reached()

    def removed(self, connection: str) -> None:
        """A connection is gone, with all that waited for it."""
        for one in self._deliveries.values():
            if one.place.connection == connection:
                one.status, one.failure = Status.CANCELLED, _REMOVED
        self._end_if_nobody_is_reached()

    def handed_over(self, connection: str) -> None:
        """Another account is behind a connection: it takes no answer to what the one before it asked."""
        for one in self._deliveries.values():
            if one.place.connection == connection and one.status is Status.SENT:
                one.failure = _HANDED_OVER
        self._end_if_nobody_is_reached()

    def end(self, ending: Ending) -> None:
        """It is over, unless it was over before."""
        if self.ending is None:
            self.ending = ending
            self._on_end(self)

    def is_addressed(self, message: IncomingMessage) -> bool:
        """Whether a message answers this question, if it answers any. Says nothing about who may."""
        return self._addressed(message) is not None

    def take(self, message: IncomingMessage) -> None:
        """Let a message be the answer if it is one, its sender may answer, and nobody did before."""
        one = self._addressed(message)
        chosen = self._read(message, one) if one and self.ending is None else None
        name = (self.question.name_of or _anybody)(message) if chosen else None
        if chosen and name is not None:
            self.answer = Answer(value=chosen.value, text=chosen.text, name=name, message=message)
            self.answered_id = next(number for number, found in self._deliveries.items() if found is one)
            self.end(Ending.ANSWERED)

    def _addressed(self, message: IncomingMessage) -> _Delivery | None:
        if message.kind is Kind.BUTTON:
            one = self._deliveries.get(message.message_id or 0)
            return one if one and one.place.connection == message.connection else None
        if message.kind is not Kind.TEXT or not message.is_own:
            return None
        here = (one for one in self._deliveries.values() if self._is_asked_in_words(one, message))
        if message.reply_to is not None:
            return next((one for one in here if one.remote_id == message.reply_to), None)
        return next((one for one in here if _follows_in_private(one, message)), None)

    def _is_asked_in_words(self, one: _Delivery, message: IncomingMessage) -> bool:
        takes_words = self.question.takes_text or not one.has_buttons
        if not takes_words or one.place.connection != message.connection:
            return False
        here, there = (self._normal(message.connection, place) for place in (message.recipient, one.recipient))
        return here == there

    def _read(self, message: IncomingMessage, one: _Delivery) -> Button | None:
        """The choice that somebody made, or the words of their own."""
        if message.kind is Kind.BUTTON:
            return self._numbered(message.content.value, first=0) if one.has_buttons else None
        words = message.text.strip()
        by_text = next((choice for choice in self._choices if choice.text.casefold() == words.casefold()), None)
        by_number = None if one.has_buttons else self._numbered(words, first=1)
        own = Button(text=words, value=words) if self.question.takes_text and words else None
        return by_text or by_number or own

    def _numbered(self, written: str | None, first: int) -> Button | None:
        choices = enumerate(self._choices, start=first)
        return next((choice for number, choice in choices if str(number) == written), None)

    def _end_if_nobody_is_reached(self) -> None:
        ones = self._deliveries.values()
        if self.is_anybody_asked:
            return
        if not self._is_put:
            self.on_nobody()
        else:
            is_late = any(one.status is Status.EXPIRED for one in ones)
            self.end(Ending.TIMED_OUT if is_late else Ending.UNDELIVERED)


def _follows_in_private(one: _Delivery, message: IncomingMessage) -> bool:
    """Whether somebody who is alone with us wrote after the question could be seen."""
    is_alone = message.recipient in (message.sender_id, f"@{message.sender_id}") and not message.metadata.get(
        "speaks_as"
    )
    if not is_alone or one.shown_at is None:  # a group in whose own name somebody writes is not alone
        return False
    return message.written_at >= int(one.shown_at) - _ROUNDED


def _anybody(message: IncomingMessage) -> str:
    return message.sender_name or message.sender_id


def _lacks_buttons(lost: Sequence[Loss], *, degraded: bool = False) -> bool:
    """Whether what there is to choose was said in words. `degraded`: something is missing, and nobody said what."""
    return any(loss.what == "buttons" for loss in lost) or (degraded and not lost)
