"""What was seen of a history of questions: where they were shown, who answered what, and what the askers got."""

from dataclasses import dataclass, field

from bach_lib.models import Message, Operation
from tests.simulation.asking_steps import Ask, Press, Say
from tests.simulation.chronicle import Chronicle

LESSER = "cyd"
"""Who is heard, and may not answer."""
CHOICES = ("Yes", "No")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A person sees a message, or how it was changed."""

    question: int
    place: str
    account: int
    at: float
    remote_id: str
    message: Message

    @property
    def is_question(self) -> bool:
        """Whether it is no change of one."""
        return self.message.operation is Operation.SEND


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Somebody answered, or wrote something. `below`: the question, as they saw it. `is_calm`: all was well."""

    key: str
    at: float
    process: int
    account: int
    step: Press | Say
    below: Shown | None
    is_calm: bool

    @property
    def value(self) -> str:
        """What it brings, if it is an answer."""
        return CHOICES[self.step.choice] if isinstance(self.step, Press) else self.step.text


@dataclass
class AskingStory(Chronicle):
    """Everything that was seen of a history of questions."""

    asks: dict[int, Ask] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    given: dict[str, Given] = field(default_factory=dict)
    rough: list[float] = field(default_factory=list)
    """When something went wrong, or was made well."""
    moved: set[str] = field(default_factory=set)
    account: int = 1
    unfinished: int = 0
    """Messages that still wait at the end."""

    def is_smooth(self, since: float, until: float) -> bool:
        """Whether nothing went wrong in between."""
        return not any(since <= at <= until for at in (*self.rough, *self.ends[:-1]))
