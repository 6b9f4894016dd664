"""Listens for what becomes of a run's messages, and for who acknowledges it. What counts as that, questions decide.

A run is asked as a question: who presses its button, or writes its words where there is none, has it. So a
reply and the next words in a private chat are told apart here as there, and words that could be meant for two are for
none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bach_lib.models import Button, Message, ProofKind, Status
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.models.route import Place, Reached, RouteRun, RouteStatus
from bach_lib.outbound.putting import receipt_of
from bach_lib.questions.open_questions import Questions
from bach_lib.questions.question import Answer, Asked, Question
from bach_lib.routes.deciding import Acknowledged, Happening, Known, Lost, Snoozed

_PROVEN = {
    ProofKind.DELIVERED: Reached.DELIVERED,
    ProofKind.SEEN: Reached.SEEN,
    ProofKind.ANSWERED: Reached.ANSWERED,
}
_MINE: Final = "yes"
_SNOOZE: Final = "later"
_NEVER = frozenset({Status.DEAD, Status.EXPIRED, Status.CANCELLED})
"""What is uncertain may have arrived."""


@dataclass(slots=True, eq=False)
class Watched:
    """A run of which something is to be heard yet. `deadline`: when it goes on, on the clock that never jumps."""

    run: RouteRun
    asked: Asked
    messages: dict[int, Message] = field(default_factory=dict)
    deadline: float | None = None
    gone: frozenset[int] = frozenset()
    """Messages that went with their connection."""
    before: dict[int, tuple[Place, Message]] = field(default_factory=dict)
    """Messages of those that it reminds of: what is said of these is said of it."""
    told_of: set[int] = field(default_factory=set)
    """Messages of which an event has told since they were read."""

    @property
    def waiting(self) -> frozenset[int]:
        """Its messages that are still to be sent."""
        return frozenset(number for number, one in self.messages.items() if not one.status.is_final)

    def heard(self) -> Iterator[Happening]:
        """What is known of its messages, as far as it may matter."""
        for number, message in self.messages.items():
            if message.status is Status.SENT:
                yield Known(number, Reached.SENT)
            for proof in message.proven:
                yield Known(number, _PROVEN[proof.kind], proof.name or proof.person or None)
        never = (number for number, message in self.messages.items() if message.status in _NEVER)
        yield Lost(self.gone.union(never))


def choices(run: RouteRun) -> tuple[Button, ...]:
    """What somebody can say of a run: that they have it, and where it offers that, that they want quiet for a while."""
    mine = Button(text=run.words.button, value=_MINE)
    return (mine,) if run.said.snooze is None else (mine, Button(text=run.words.snooze, value=_SNOOZE))


def meant(run: RouteRun, answer: Answer) -> Happening | None:
    """What an answer says of a run; None: nothing, as whoever had it quieted is heard once."""
    if answer.value == _SNOOZE and run.said.snooze is not None:
        is_news = run.snoozed_at is None or answer.message.received_at > run.snoozed_at
        return Snoozed(answer.name, run.said.snooze) if is_news else None
    return Acknowledged(answer.name)


def may_be_news(run: RouteRun, message: IncomingMessage) -> bool:
    """Whether what came in can have been meant for the run as it stands.

    Of words from before a quiet nobody can say for which run they were; a press is for one, and who had it by then has
    it, if they were not heard.
    """
    if run.snoozed_at is not None and message.kind is not Kind.BUTTON:
        return message.received_at > run.snoozed_at
    return message.received_at >= run.started_at


class Listener:
    """All runs of which something is to be heard.

    `answered` is told who said what of which run, and below which message; `meant` says what follows. `normal` is as in
    `Asked`. `name_of`: what somebody is called who answers; None: they may not.
    """

    name_of: Callable[[IncomingMessage], str | None] | None = None

    def __init__(
        self,
        questions: Questions,
        normal: Callable[[str, str], str],
        answered: Callable[[int, Answer, int | None], None],
    ) -> None:
        self._questions, self._normal, self._answered = questions, normal, answered
        self._watched: dict[int, Watched] = {}
        self._run_of: dict[int, int] = {}
        """The runs of messages."""

    def __iter__(self) -> Iterator[Watched]:
        return iter(tuple(self._watched.values()))

    def get(self, run_id: int) -> Watched | None:
        """One run."""
        return self._watched.get(run_id)

    def of_message(self, message_id: int) -> Watched | None:
        """The run to which a message belongs."""
        return self._watched.get(self._run_of.get(message_id, 0))

    def is_news(self, message: IncomingMessage) -> bool:
        """Whether none of those that it can be meant for has heard it: what is looked through for one reaches all."""
        return all(may_be_news(one.run, message) for one in self if one.asked.is_addressed(message))

    def watch(self, run: RouteRun, messages: Sequence[Message]) -> Watched:
        """Follow a run as it stands now. `messages`: those of its that were put just now."""
        watched = self._watched.get(run.id)
        if watched is None:
            watched = self._watched[run.id] = Watched(run, self._asked(run))
            self._questions.open(watched.asked)
        watched.run = run
        self._run_of |= dict.fromkeys(run.message_ids, run.id)
        for message in messages:
            self._stands(watched, message)
        if run.status in (RouteStatus.ACKNOWLEDGED, RouteStatus.CANCELLED):
            self._questions.close(watched.asked)
        return watched

    def take_over(self, watched: Watched, older: Watched) -> None:
        """What is said of an older one from now on is said of this, which tells the same."""
        self._questions.close(older.asked)
        places = {one.message_id: one.place for one in older.run.tried}
        new = {number: (places[number], one) for number, one in older.messages.items() if number in places}
        new = {number: one for number, one in (older.before | new).items() if number not in watched.before}
        watched.before |= new
        self._put_before(watched, new)

    def _put_before(self, watched: Watched, those: Mapping[int, tuple[Place, Message]]) -> None:
        for place, message in those.values():
            watched.asked.put(place, receipt_of(message))
            watched.asked.happened(message)

    def learn(self, watched: Watched, messages: Sequence[Message]) -> None:
        """Its messages, as they were read; one that is not there is gone."""
        watched.gone = frozenset(watched.run.message_ids).difference(message.id for message in messages)
        for message in messages:
            if message.id not in watched.told_of:
                self._stands(watched, message)

    def happened(self, watched: Watched, message: Message) -> None:
        """One of its messages stands like this now."""
        watched.told_of.add(message.id)
        self._stands(watched, message)

    def _stands(self, watched: Watched, message: Message) -> None:
        if message.id not in watched.messages:
            self._puts(watched, message)
        watched.messages[message.id] = message
        watched.asked.happened(message)

    def _puts(self, watched: Watched, message: Message) -> None:
        place = next(one.place for one in watched.run.tried if one.message_id == message.id)
        watched.asked.put(place, receipt_of(message))
        watched.asked.happened(message)

    def forget(self, watched: Watched) -> None:
        """Nothing is to be heard of it any more."""
        self._questions.close(watched.asked)
        self._watched.pop(watched.run.id, None)
        for number in watched.run.message_ids:
            self._run_of.pop(number, None)

    def _asked(self, run: RouteRun) -> Asked:
        places: tuple[Place, ...] = ()
        answers = (choices(run),)
        question = Question(text=run.said.text, places=places, answers=answers, timeout=1.0, name_of=self.name_of)
        return Asked(question, lambda asked: self._ended(run.id, asked), self._normal)

    def _ended(self, run_id: int, asked: Asked) -> None:
        if asked.answer is None:
            return
        if asked.answer.value == _SNOOZE and (watched := self._watched.get(run_id)):
            self._ask_again(watched)
        self._answered(run_id, asked.answer, asked.answered_id)

    def _ask_again(self, watched: Watched) -> None:
        """A question has one answer; who wants quiet may still say that they have it."""
        self._questions.close(watched.asked)
        watched.asked = self._asked(watched.run)
        self._questions.open(watched.asked)
        for message in watched.messages.values():
            self._puts(watched, message)
        self._put_before(watched, watched.before)
