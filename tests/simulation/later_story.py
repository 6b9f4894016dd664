"""What was seen of a history of messages that wait on purpose."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bach_lib.models import Message, Receipt
from tests.simulation.chronicle import Chronicle
from tests.simulation.hand_steps import SendNow
from tests.simulation.later_steps import Gathers, Note, Postpone, PutOff
from tests.simulation.resting import Rest
from tests.simulation.steps import Cancel

TOLD = "told_in"
"""The code of what ended since another message says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Somebody gets a message. Times by the clock on the wall; `decided`: when that it goes was decided."""

    person: str
    wall: float
    decided: float
    remote_id: str
    message: Message


type Deed = Note | Cancel | SendNow | Postpone | PutOff


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Somebody did something. `at`: the true time; `is_calm`: neither disk nor line were ill."""

    deed: Deed
    at: float
    wall: float
    moment: int
    is_calm: bool


@dataclass
class LaterStory(Chronicle):
    """Everything that was seen of it."""

    rests: list[Rest] = field(default_factory=list)
    gathers: list[Gathers] = field(default_factory=list)
    notes: dict[int, Note] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    rough: list[float] = field(default_factory=list)
    """When something went wrong, or was made well."""
    troubles: list[tuple[float, float]] = field(default_factory=list)
    """From when on something was down, and until when."""
    is_exact: bool = True
    """Whether nothing failed and no process ended, so that it can be said to the second what must be."""
    was_set: bool = False
    """Whether the clock on the wall was set after something had been done."""
    answered: dict[str, int] = field(default_factory=dict)
    """How often each platform took something."""
    counted: dict[str, int] = field(default_factory=dict)
    """How often each connection says it did, at the end."""
    messages: dict[int, Message] = field(default_factory=dict)
    """At the end; those that tell something."""
    unfinished: int = 0
    """Messages that still wait at the end."""

    def of(self, number: int) -> list[Message]:
        """All messages that one telling became, oldest first; lists are none of them."""
        lists = self.lists
        return [one for one in self.messages.values() if one.id not in lists and number_of(one) == number]

    @property
    def lists(self) -> dict[int, list[Message]]:
        """What each list says, by its id."""
        found = dict[int, list[Message]]()
        for one in self.messages.values():
            if (told_in := list_of(one)) is not None:
                found.setdefault(told_in, []).append(one)
        return found

    def deeds(self, number: int) -> Iterator[Done]:
        """What was done about it."""
        return (one for one in self.done if one.deed.number == number and not isinstance(one.deed, Note))

    def accepted(self) -> Iterator[tuple[int, Receipt]]:
        """What BACH said that it has."""
        for call in self.calls:
            if call.what in {"note", "again"} and isinstance(call.result, Receipt) and call.ended_at is not None:
                yield call.number, call.result

    def is_smooth(self, since: float, until: float) -> bool:
        """Whether nothing went wrong in between."""
        moments = ((at, at) for at in (*self.rough, *self.ends[:-1]))
        return not any(begin <= until and since <= end for begin, end in (*moments, *self.troubles))


def number_of(message: Message) -> int:
    """Of which telling it is."""
    return int((message.context or "n0").removeprefix("n"))


def list_of(message: Message) -> int | None:
    """The id of the list that says it."""
    if message.error is None or message.error.code != TOLD:
        return None
    return int(str(message.error.text).removeprefix("Message ").removesuffix(" says it."))
