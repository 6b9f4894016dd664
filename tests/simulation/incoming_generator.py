"""Invents histories of receiving: a seed makes one, and the same seed the same one."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from bach_lib.models.incoming import InboxStatus, Kind
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
from tests.simulation.steps import (
    Advance,
    Crash,
    Cut,
    DiskFull,
    DiskSlow,
    DiskWell,
    Jump,
    Move,
    Reload,
    Restart,
    TakeOver,
)

_TIMES = (0.0, 0.5, 1.0, 5.0, 31.0, 65.0, 130.0, 310.0, 700.0)
_AGES = (0.0, 0.0, 1.0, 60.0, 299.0, 301.0, 86_400.0, None)
_JUMPS = (1.0, 30.0, 301.0, 3600.0, 86_400.0)
_WORDS = ("hello", "open the door", "the light is on", "dinner")
_LET_IN = ("ada", "@bob", "home", "den#@cyd")
"""A person by id and one by name, a group, and a person by name in a group."""
_PHRASES = ("door", "light", "dinner")


class IncomingGenerator:
    """Makes one history."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._count = 0
        weights: dict[Callable[[], list[IncomingStep]], float] = {
            self._write: 30,
            self._push: 4,
            self._advance: 20,
            self._repeat: 5,
            self._edit: 4,
            self._garbage: 2,
            self._polls: 8,
            self._rule: 5,
            self._mark: 4,
            self._discard: 2,
            self._disk: 5,
            self._crash: 6,
            self._restart: 2,
            self._jump: 4,
        }
        temper = self._random.choice((0.0, 0.5, 1.5))
        self._names = Random(f"names {seed}")  # of its own, so that the others stay what they were
        self._has_names = self._names.random() < 0.4
        self._moves = list(weights)
        self._weights = [weight * self._random.lognormvariate(0.0, temper) for weight in weights.values()]

    def history(self) -> IncomingHistory:
        """The steps."""
        steps: list[IncomingStep] = [LetIn(_LET_IN)] if self._has_names else []
        length = self._random.randint(5, 45)
        while len(steps) < length:
            some = self._random.choices(self._moves, self._weights)[0]()
            steps += [self._somewhere(step) for step in some] if self._has_names else some
            if self._has_names and self._names.random() < 0.1:
                steps.append(self._place())
        return tuple(steps)

    def _somewhere(self, step: IncomingStep) -> IncomingStep:
        """A message, perhaps in a group, and perhaps with what sender and group are called."""
        random = self._names
        if not isinstance(step, Write | Push) or step.edits:
            return step
        place = random.choices(("", "home", "den"), (4, 1, 2))[0]
        sender = random.choices((step.sender, "bob", "cyd"), (2, 2, 2))[0]
        return replace(step, sender=sender, place=place, tells=isinstance(step, Write) and random.random() < 0.4)

    def _place(self) -> IncomingStep:
        """Something happens to what a place is called, or to whom people write."""
        random = self._names
        name, to = random.choice(("@bob", "@cyd")), random.choice(("eve", "eve", "bob"))
        moves = Move("line", random.choice(("ada", "bob", "cyd", "home", "den")))
        return random.choices((moves, TakeOver("line", name, to), Account()), (4, 1, 1))[0]

    def _some_number(self) -> int:
        return max(1, self._count - int(self._random.expovariate(0.4)))

    def _write(self) -> list[IncomingStep]:
        random = self._random
        self._count += 1
        kind = random.choices((Kind.TEXT, Kind.COMMAND, Kind.BUTTON), (3, 2, 2))[0]
        text = "/open" if kind is Kind.COMMAND else "" if kind is Kind.BUTTON else random.choice(_WORDS)
        sender = random.choices(("ada", "bob", "eve"), (4, 2, 2))[0]
        return [Write(number=self._count, sender=sender, kind=kind, text=text, age=random.choice(_AGES))]

    def _push(self) -> list[IncomingStep]:
        (written,) = self._write()
        assert isinstance(written, Write)
        return [
            Push(
                number=written.number,
                sender=written.sender,
                kind=written.kind,
                text=written.text,
                age=written.age,
            )
        ]

    def _edit(self) -> list[IncomingStep]:
        return [Write(number=self._some_number(), text=self._random.choice(("/open", *_WORDS)), edits=True)]

    def _repeat(self) -> list[IncomingStep]:
        return [Repeat(self._some_number())]

    def _garbage(self) -> list[IncomingStep]:
        return [Garbage()]

    def _advance(self) -> list[IncomingStep]:
        return [Advance(self._random.choice(_TIMES))]

    def _jump(self) -> list[IncomingStep]:
        return [Jump(self._random.choice(_JUMPS) * self._random.choice((1, 1, -1)))]

    def _polls(self) -> list[IncomingStep]:
        return [self._random.choice((PollsFail, PollsHang, PollsWork, PollsWork))()]

    def _rule(self) -> list[IncomingStep]:
        phrase = self._random.choice((*_PHRASES, None))
        return [SetRule(self._random.choice(("a", "b")), phrase), Advance()]

    def _mark(self) -> list[IncomingStep]:
        return [Mark(self._some_number(), self._random.choice(list(InboxStatus)))]

    def _discard(self) -> list[IncomingStep]:
        return [Discard(self._some_number())]

    def _disk(self) -> list[IncomingStep]:
        """It fails for a while, in which something happens."""
        moves = (self._write, self._push, self._repeat, self._advance, self._mark)
        during = [self._random.choice(moves)()[0] for _ in range(self._random.randint(0, 3))]
        trouble = self._random.choice((DiskFull, DiskSlow))()
        return [trouble, *during, Advance(self._random.choice(_TIMES)), DiskWell()]

    def _crash(self) -> list[IncomingStep]:
        random = self._random
        return [Crash(1 + int(random.expovariate(0.5)), random.choice(list(Cut)), random.choice(_TIMES))]

    def _restart(self) -> list[IncomingStep]:
        return [self._random.choice((Restart(0.0), Restart(5.0), Reload("line")))]


def incoming_history_of(seed: int) -> IncomingHistory:
    """The history that a seed stands for."""
    return IncomingGenerator(seed).history()
