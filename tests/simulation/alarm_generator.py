"""Invents histories of routes: a seed makes one, and the same seed the same one."""

from collections.abc import Callable
from random import Random

from tests.simulation.alarm_steps import LINES, PEOPLE, Alarm, AlarmHistory, AlarmStep, Have, LineFails, LineWorks
from tests.simulation.steps import Advance, Crash, Cut, DiskFull, DiskSlow, DiskWell, Jump, Restart

_TIMES = (0.0, 0.0, 1.0, 5.0, 31.0, 60.0, 61.0, 310.0)


class AlarmGenerator:
    """Makes one history."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"alarm {seed}")
        self._count = 0
        calm = self._random.random() < 0.3
        self._moves: dict[Callable[[], list[AlarmStep]], float] = {
            self._alarm: 8,
            self._have: 6,
            self._advance: 16,
            self._line: 0 if calm else 4,
            self._disk: 0 if calm else 3,
            self._crash: 0 if calm else 9,
            self._restart: 0 if calm else 3,
            self._jump: 0 if calm else 1,
        }

    def history(self) -> AlarmHistory:
        """The steps."""
        steps, length = self._alarm(), self._random.randint(5, 30)
        while len(steps) < length:
            steps += self._random.choices(list(self._moves), list(self._moves.values()))[0]()
        return tuple(steps)

    def _alarm(self) -> list[AlarmStep]:
        random = self._random
        self._count += 1
        people = random.sample(list(PEOPLE), random.randint(1, 4))
        cuts = sorted(random.sample(range(1, len(people)), random.randint(0, len(people) - 1)))
        groups = tuple(tuple(people[begin:end]) for begin, end in zip([0, *cuts], [*cuts, len(people)], strict=True))
        alarm = Alarm(
            number=self._count,
            groups=groups,
            in_turn=random.random() < 0.3,
            wait=random.choice((1.0, 60.0, 300.0)),
            repeats=random.choice((0, 0, 1, 2)),
        )
        return [alarm, Advance(random.choice((0.0, 1.0)))]

    def _have(self) -> list[AlarmStep]:
        number = max(1, self._count - int(self._random.expovariate(0.6)))
        return [Have(number=number, person=self._random.choice(list(PEOPLE)))]

    def _advance(self) -> list[AlarmStep]:
        return [Advance(self._random.choice(_TIMES))]

    def _line(self) -> list[AlarmStep]:
        return [self._random.choice((LineFails, LineWorks))(self._random.choice(LINES))]

    def _disk(self) -> list[AlarmStep]:
        during = self._random.choice((self._have, self._alarm, self._advance))()
        return [self._random.choice((DiskFull, DiskSlow))(), *during, *self._advance(), DiskWell()]

    def _crash(self) -> list[AlarmStep]:
        """Often just behind a press, an alarm or when a step is due."""
        before = self._random.choice((list, self._have, self._alarm))()
        random = self._random
        return [*before, Crash(1 + int(random.expovariate(0.5)), random.choice(list(Cut)), random.choice(_TIMES))]

    def _restart(self) -> list[AlarmStep]:
        return [Restart(self._random.choice((0.0, 5.0)))]

    def _jump(self) -> list[AlarmStep]:
        return [Jump(self._random.choice((1.0, 301.0, 86_400.0)) * self._random.choice((1, -1)))]


def alarm_history_of(seed: int) -> AlarmHistory:
    """The history that a seed stands for."""
    return AlarmGenerator(seed).history()
