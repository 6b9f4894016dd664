"""Invents histories of questions: a seed makes one, and the same seed the same one."""

from collections.abc import Callable
from random import Random

from tests.simulation.asking_steps import Ask, AskingHistory, AskingStep, Press, Say, SendsFail, SendsWork
from tests.simulation.asking_story import CHOICES, LESSER
from tests.simulation.incoming_steps import Account, PollsFail, PollsHang, PollsWork
from tests.simulation.steps import Advance, Crash, Cut, DiskFull, DiskSlow, DiskWell, Jump, Move, Reload, Restart

_TIMES = (0.0, 0.0, 1.0, 1.0, 5.0, 31.0, 130.0, 310.0, 1_600.0)
_TIMEOUTS = (5.0, 60.0, 300.0, 3_600.0, 3_600.0)
_STEPS = (0.0, 5.0, 30.0, 250.0, 1_000.0)
_SPELLINGS = ("ada", "@ada", "bob", "@bob", "den", "den/7", LESSER)
_PLACES = ("ada", "bob", "den", LESSER)
_PEOPLE = ("ada", "ada", "bob", "bob", LESSER, "eve")


class AskingGenerator:
    """Makes one history."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"asking {seed}")
        self._steps = Random(f"steps {seed}")  # of its own, so that the others stay what they were
        self._count = 0
        self._places: dict[int, tuple[str, ...]] = {}
        calm = self._random.random() < 0.5
        self._moves: dict[Callable[[], list[AskingStep]], float] = {
            self._ask: 12,
            self._press: 14,
            self._both: 4,
            self._say: 10,
            self._advance: 12,
            self._polls: 0 if calm else 3,
            self._sends: 0 if calm else 3,
            self._disk: 0 if calm else 3,
            self._crash: 0 if calm else 3,
            self._restart: 0 if calm else 2,
            self._jump: 0 if calm else 1,
            self._place: 2,
        }

    def history(self) -> AskingHistory:
        """The steps."""
        steps, length = self._ask(), self._random.randint(5, 40)
        while len(steps) < length:
            steps += self._random.choices(list(self._moves), list(self._moves.values()))[0]()
        return tuple(steps)

    def _ask(self) -> list[AskingStep]:
        random = self._random
        self._count += 1
        takes_text = random.random() < 0.4
        self._places[self._count] = places = tuple(random.sample(_SPELLINGS, random.choice((1, 1, 2, 3))))
        asked = Ask(
            number=self._count,
            places=places,
            timeout=random.choice(_TIMEOUTS),
            takes_text=takes_text,
            has_buttons=not takes_text or random.random() < 0.6,
            leaves=random.choice((0.0, 3.0, 40.0)) if random.random() < 0.15 else None,
            after=self._steps.choice(((), tuple(self._steps.choice(_STEPS) for _ in places))),
        )
        return [asked, Advance(random.choice((0.0, 1.0)))]

    def _press(self) -> list[AskingStep]:
        random = self._random
        number, choice = self._some_number(), random.randrange(len(CHOICES))
        place = self._some_place(number)
        sender = random.choice(_PEOPLE) if place == "den" or random.random() < 0.1 else place
        return [Press(number=number, place=place, sender=sender, choice=choice)]

    def _some_place(self, number: int) -> str:
        """Mostly one where it was asked."""
        spelling = self._random.choice(self._places[number] if self._random.random() < 0.8 else _PLACES)
        return spelling.removeprefix("@").partition("/")[0]

    def _both(self) -> list[AskingStep]:
        """Two at the same moment."""
        return [*self._press(), *self._press(), Advance(self._random.choice(_TIMES))]

    def _say(self) -> list[AskingStep]:
        random = self._random
        number = self._some_number() if random.random() < 0.6 else 0
        place = self._some_place(number or self._some_number())
        sender = random.choice(_PEOPLE) if place == "den" else place
        return [Say(place=place, sender=sender, text=random.choice((*CHOICES, "perhaps")), number=number)]

    def _some_number(self) -> int:
        return max(1, self._count - int(self._random.expovariate(0.6)))

    def _advance(self) -> list[AskingStep]:
        return [Advance(self._random.choice(_TIMES))]

    def _polls(self) -> list[AskingStep]:
        return [self._random.choice((PollsFail, PollsHang, PollsWork, PollsWork))()]

    def _sends(self) -> list[AskingStep]:
        return [self._random.choice((SendsFail, SendsWork, SendsWork))()]

    def _disk(self) -> list[AskingStep]:
        during = self._random.choice((self._press, self._ask, self._say, self._advance))()
        return [self._random.choice((DiskFull, DiskSlow))(), *during, *self._advance(), DiskWell()]

    def _crash(self) -> list[AskingStep]:
        """Often just behind an answer."""
        random = self._random
        before = self._press() if random.random() < 0.6 else []
        return [*before, Crash(1 + int(random.expovariate(0.5)), random.choice(list(Cut)), random.choice(_TIMES))]

    def _restart(self) -> list[AskingStep]:
        return [self._random.choice((Restart(0.0), Restart(5.0), Reload("line"), Account()))]

    def _jump(self) -> list[AskingStep]:
        return [Jump(self._random.choice((1.0, 301.0, 86_400.0)) * self._random.choice((1, -1)))]

    def _place(self) -> list[AskingStep]:
        return [Move("line", self._random.choice(_PLACES))]


def asking_history_of(seed: int) -> AskingHistory:
    """The history that a seed stands for."""
    return AskingGenerator(seed).history()
