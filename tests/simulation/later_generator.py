"""Invents histories of messages that wait on purpose: a seed makes one, and the same seed the same one."""

from collections.abc import Callable
from random import Random

from tests.simulation.alarm_steps import LINES, PEOPLE, LineFails, LineWorks, Rests
from tests.simulation.hand_steps import SendNow
from tests.simulation.later_steps import TEXTS, Gathers, LaterHistory, LaterStep, Note, Postpone, PutOff
from tests.simulation.steps import Advance, Again, Cancel, Crash, Cut, DiskFull, DiskSlow, DiskWell, Jump, Restart

_TIMES = (0.0, 1.0, 5.0, 31.0, 61.0, 310.0, 610.0, 1_900.0, 3_601.0, 14_400.0)
_SOON = (5.0, 60.0, 600.0, 3_600.0, 30_000.0)
_LIVES = (None, None, None, 60.0, 1_000.0, 40_000.0)
_SPRING, _AUTUMN = 6_170_400.0, 24_919_200.0
"""Seconds from where a history begins until the evening before a night in which clocks are set."""
_RESTS = (("22:00", "07:00"), ("09:00", "09:30"), ("19:00", "02:30"), ("02:30", "03:30"), ("07:00", "22:00"))


class LaterGenerator:
    """Makes one history."""

    def __init__(self, seed: int) -> None:
        self._random = random = Random(f"later {seed}")
        self._count = 0
        self._is_calm = calm = random.random() < 0.45
        self._with_buttons = list[int]()
        self._people = random.sample(list(PEOPLE), random.choice((1, 1, 2)))
        self._is_plain = random.random() < 0.5
        self._moves: dict[Callable[[], list[LaterStep]], float] = {
            self._note: 20,
            self._burst: 8 if self._is_plain else 4,
            self._advance: 14,
            self._put_off: 5,
            self._postpone: 0.5 if self._is_plain else 4,
            self._now: 0.5 if self._is_plain else 2,
            self._cancel: 2,
            self._again: 2,
            self._line: 0 if calm else 3,
            self._disk: 0 if calm else 2,
            self._crash: 0 if calm else 7,
            self._restart: 0 if calm else 2,
            self._jump: 0 if calm else 1,
        }

    def history(self) -> LaterHistory:
        """The steps."""
        steps, length = [*self._set_up(), *self._note()], self._random.randint(6, 40)
        while len(steps) < length:
            steps += self._random.choices(list(self._moves), list(self._moves.values()))[0]()
        return tuple(steps)

    def _set_up(self) -> list[LaterStep]:
        """Nothing is told at a full second, at which rests end."""
        random = self._random
        start: list[LaterStep] = [Jump(random.choice((_SPRING, _AUTUMN)))] if random.random() < 0.5 else []
        for person in self._people:
            if not self._is_plain and random.random() < 0.6:
                start.append(Rests(person, *random.choice(_RESTS), random.choice((1, 1, 5))))
            if random.random() < 0.8:
                start.append(self._gathers(person))
        return [*start, Advance(1.37)]

    def _gathers(self, person: str) -> Gathers:
        random, below = self._random, self._random.choice((1, 1, 5))
        kinds = (
            Gathers(person=person, below=below, at=random.choice(("09:30", "23:00", "02:30"))),
            Gathers(person=person, below=below, at="18:00", after=random.choice((2, 3))),
            Gathers(person=person, below=below, per_hour=random.choice((1, 2, 3))),
            Gathers(person=person, below=below, same_minutes=random.choice((5, 10, 60))),
        )
        return random.choice(kinds)

    def _note(self) -> list[LaterStep]:
        random, is_plain = self._random, self._is_plain
        self._count += 1
        note = Note(
            number=self._count,
            person=random.choice(self._people),
            text=random.choices(range(len(TEXTS)), (5, 2, 1))[0],
            priority=0 if is_plain else random.choice((0, 0, 0, 3, 5)),
            tag="t" if not is_plain and random.random() < 0.15 else None,
            key=random.random() < 0.3,
            at=random.choice(_SOON) if not is_plain and random.random() < 0.15 else None,
            lives=None if is_plain else random.choice(_LIVES),
            snooze=not is_plain and random.random() < 0.3,
        )
        if note.snooze:
            self._with_buttons.append(note.number)
        return [note, *self._pause()]

    def _burst(self) -> list[LaterStep]:
        return [step for _ in range(self._random.randint(2, 5)) for step in self._note()]

    def _number(self) -> int:
        return max(1, self._count - int(self._random.expovariate(0.5)))

    def _pause(self) -> list[LaterStep]:
        """Mostly a moment, in which what was done is done."""
        return [Advance(self._random.choice((0.0, 0.0, 1.0, 31.0)))] if self._random.random() < 0.9 else []

    def _advance(self) -> list[LaterStep]:
        return [Advance(self._random.choice(_TIMES))]

    def _put_off(self) -> list[LaterStep]:
        return [PutOff(self._random.choice(self._with_buttons[-2:] or [1])), *self._pause()]

    def _postpone(self) -> list[LaterStep]:
        return [Postpone(self._number(), self._random.choice((None, *_SOON))), *self._pause()]

    def _now(self) -> list[LaterStep]:
        return [SendNow(self._number()), *self._pause()]

    def _cancel(self) -> list[LaterStep]:
        return [Cancel(self._number()), *self._pause()]

    def _again(self) -> list[LaterStep]:
        return [Again(self._number()), *self._pause()]

    def _line(self) -> list[LaterStep]:
        return [self._random.choice((LineFails, LineWorks, LineWorks))(self._random.choice(LINES))]

    def _some(self) -> list[LaterStep]:
        return self._random.choice((self._note, self._note, self._put_off, self._postpone, self._cancel))()

    def _disk(self) -> list[LaterStep]:
        return [self._random.choice((DiskFull, DiskSlow))(), *self._some(), *self._advance(), DiskWell()]

    def _crash(self) -> list[LaterStep]:
        """Often just behind what was said, or when something is due."""
        random = self._random
        before = self._some()[:1] if random.random() < 0.5 else []
        crash = Crash(1 + int(random.expovariate(0.5)), random.choice(list(Cut)), random.choice(_TIMES))
        return [*before, crash, *(self._again() if random.random() < 0.4 else [])]

    def _restart(self) -> list[LaterStep]:
        return [Restart(self._random.choice((0.0, 5.0)))]

    def _jump(self) -> list[LaterStep]:
        return [Jump(self._random.choice((1.0, 301.0, 3_600.0, 86_400.0)) * self._random.choice((1, 1, -1)))]


def later_history_of(seed: int) -> LaterHistory:
    """The history that a seed stands for."""
    return LaterGenerator(seed).history()
