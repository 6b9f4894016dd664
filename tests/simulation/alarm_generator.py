"""Invents histories of routes: a seed makes one, and the same seed the same one."""

from collections.abc import Callable
from random import Random

from tests.simulation.alarm_steps import (
    LINES,
    PEOPLE,
    Alarm,
    AlarmHistory,
    AlarmStep,
    CallOff,
    Clear,
    Gather,
    Have,
    Hush,
    Know,
    Later,
    LineFails,
    LineWorks,
    Rests,
)
from tests.simulation.steps import Advance, Again, Crash, Cut, DiskFull, DiskSlow, DiskWell, Jump, Restart

_TIMES = (0.0, 0.0, 1.0, 5.0, 31.0, 60.0, 61.0, 310.0)
_RESTS = (("09:00", "09:05"), ("09:01", "09:31"), ("08:00", "20:00"), ("22:00", "09:04"), ("09:05", "09:00"))
"""Where a history begins, the clock on the wall shows nine."""


class AlarmGenerator:
    """Makes one history."""

    def __init__(self, seed: int) -> None:
        self._random = random = Random(f"alarm {seed}")
        self._count = 0
        self._first: dict[int, tuple[str, ...]] = {}
        self._is_calm = calm = random.random() < 0.3
        self._has_tags, self._has_rests = random.random() < 0.4, random.random() < 0.3
        more = 1 if random.random() < 0.6 else 0
        self._moves: dict[Callable[[], list[AlarmStep]], float] = {
            self._alarm: 8,
            self._have: 4,
            self._advance: 16,
            self._later: 4 * more,
            self._call: 5 * more,
            self._clear: 3 * more,
            self._again: 2,
            self._line: 0 if calm else 4,
            self._disk: 0 if calm else 3,
            self._crash: 0 if calm else 9,
            self._restart: 0 if calm else 3,
            self._jump: 0 if calm else 1,
        }

    def history(self) -> AlarmHistory:
        """The steps."""
        steps, length = [*self._set_up(), *self._alarm()], self._random.randint(5, 30)
        while len(steps) < length:
            steps += self._random.choices(list(self._moves), list(self._moves.values()))[0]()
        return tuple(steps)

    def _set_up(self) -> list[AlarmStep]:
        """Nothing is begun at a full second, at which rests end."""
        random = self._random
        if not self._has_rests:
            return []
        people = random.sample(list(PEOPLE), random.randint(1, 3))
        rests = [Rests(person, *random.choice(_RESTS), random.choice((1, 1, 5))) for person in people]
        gathers = [Gather(name) for name in LINES if random.random() < 0.3]
        return [*rests, *gathers, Advance(1.37)]

    def _alarm(self) -> list[AlarmStep]:
        random = self._random
        self._count += 1
        people = random.sample(list(PEOPLE), random.randint(1, 4))
        cuts = sorted(random.sample(range(1, len(people)), random.randint(0, len(people) - 1)))
        groups = tuple(tuple(people[begin:end]) for begin, end in zip([0, *cuts], [*cuts, len(people)], strict=True))
        self._first[self._count] = groups[0]
        tag = random.choice(("t", "t", "u")) if self._has_tags and random.random() < 0.7 else None
        alarm = Alarm(
            number=self._count,
            groups=groups,
            in_turn=random.random() < 0.3,
            wait=random.choice((1.0, 60.0, 300.0)),
            repeats=random.choice((0, 0, 1, 2)),
            priority=random.choice((0, 0, 5)),
            tag=tag,
            reminds=tag is not None and random.random() < 0.5,
            key=random.random() < 0.4,
            snooze=60.0 if tag else random.choice((None, 60.0, 400.0)),
        )
        return [alarm, Advance(random.choice((0.0, 1.0)))]

    def _number(self) -> int:
        return max(1, self._count - int(self._random.expovariate(0.6)))

    def _have(self) -> list[AlarmStep]:
        number = self._number()
        return [Have(number=number, person=self._whom(number)), *self._pause()]

    def _later(self) -> list[AlarmStep]:
        number = self._number()
        return [Later(number=number, person=self._whom(number)), *self._pause()]

    def _whom(self, number: int) -> str:
        """Mostly somebody who is told at once."""
        return self._random.choice(self._first[number] if self._random.random() < 0.7 else list(PEOPLE))

    def _call(self) -> list[AlarmStep]:
        random, number = self._random, self._number()
        calls: tuple[AlarmStep, ...] = (Know(number), Hush(number, random.choice((60.0, 500.0))), CallOff(number))
        return [random.choices(calls, (2, 3, 1))[0], *self._pause()]

    def _clear(self) -> list[AlarmStep]:
        return [Clear(self._number()), *self._pause()]

    def _again(self) -> list[AlarmStep]:
        return [Again(self._number()), *self._pause()]

    def _pause(self) -> list[AlarmStep]:
        """Mostly a moment, in which what was done is done."""
        return [Advance(0.0)] if self._is_calm or self._random.random() < 0.7 else []

    def _advance(self) -> list[AlarmStep]:
        return [Advance(self._random.choice(_TIMES))]

    def _line(self) -> list[AlarmStep]:
        return [self._random.choice((LineFails, LineWorks))(self._random.choice(LINES))]

    def _some(self) -> list[AlarmStep]:
        kinds = (self._have, self._alarm, self._clear, self._later, self._call)
        return self._random.choices(kinds, (4, 3, 1, 2, 1))[0]()

    def _disk(self) -> list[AlarmStep]:
        during = self._random.choice((self._some, self._advance))()
        return [self._random.choice((DiskFull, DiskSlow))(), *during, *self._advance(), DiskWell()]

    def _crash(self) -> list[AlarmStep]:
        """Often just behind a press, an alarm or when a step is due."""
        random = self._random
        before = self._some()[:1] if random.random() < 0.6 else []
        crash = Crash(1 + int(random.expovariate(0.5)), random.choice(list(Cut)), random.choice(_TIMES))
        return [*before, crash, *(self._again() if random.random() < 0.4 else [])]

    def _restart(self) -> list[AlarmStep]:
        return [Restart(self._random.choice((0.0, 5.0)))]

    def _jump(self) -> list[AlarmStep]:
        return [Jump(self._random.choice((1.0, 301.0, 86_400.0)) * self._random.choice((1, -1)))]


def alarm_history_of(seed: int) -> AlarmHistory:
    """The history that a seed stands for."""
    return AlarmGenerator(seed).history()
