"""What must be true of alarms, said from the history alone: whom each tells when, and how it ends.

It knows steps, times, what people did and when they rest, and nothing of BACH. It holds to the second where nothing
failed; so it is asked only of such histories.
"""

from dataclasses import dataclass, field
from typing import Final

from tests.simulation.alarm_steps import Alarm
from tests.simulation.alarm_story import Act, AlarmStory
from tests.simulation.resting import awake_at
from tests.simulation.stage import START

_ENDLESS: Final = 10.0**9
_EXACT: Final = 1e-6

type Told = tuple[float, str]
"""When, and whom."""


@dataclass(kw_only=True)
class Expected:
    """How an alarm stands."""

    alarm: Alarm
    left: list[tuple[str, ...]]
    stage: tuple[str, ...] | None = None
    rounds: int = 0
    due: float | None = None
    status: str = "under_way"
    by: str | None = None
    overtaken_by: int | None = None
    told: list[Told] = field(default_factory=list)
    read: list[Told] = field(default_factory=list)
    waits: list[Told] = field(default_factory=list)
    """When it arrives, at whom: they rest."""
    cleared: list[Told] | None = None
    quieted: int = 0

    @property
    def is_open(self) -> bool:
        """Whether somebody can have it yet."""
        return self.status in {"under_way", "exhausted"}


class Model:
    """Goes through a history as people saw it."""

    def __init__(self, story: AlarmStory) -> None:
        self._story = story
        self._runs: dict[int, Expected] = {}

    def expected(self) -> dict[int, Expected]:
        """How everything must be at the end, by alarm."""
        for at, what in self._story.happened:
            self._pass(at)
            if isinstance(what, Act):
                self._act(what)
            elif what not in self._runs:
                self._start(self._story.alarms[what], at)
        self._pass(_ENDLESS)
        return self._runs

    def _start(self, alarm: Alarm, at: float) -> None:
        run = self._runs[alarm.number] = Expected(alarm=alarm, left=_stages(alarm))
        self._go_on(run, at)
        for other in self._runs.values():
            if other is not run and alarm.tag is not None and other.alarm.tag == alarm.tag and other.is_open:
                other.overtaken_by = alarm.number
                _end(other, "cancelled")

    def _act(self, act: Act) -> None:
        run = self._runs[act.alarm] if act.below is None else self._meant(act.alarm)
        if act.what == "clear" and run and run.cleared is None:
            heard = dict.fromkeys(person for _, person in run.read)
            run.cleared = [(self._arrives(run, person, act.at), person) for person in heard]
        if run is None or not run.is_open:
            return
        if act.what in {"have", "know"}:
            run.by = act.person.title()
            _end(run, "acknowledged")
        elif act.what in {"calloff", "clear"}:
            _end(run, "cancelled")
        elif run.alarm.snooze is not None or act.below is None:
            run.left, run.stage, run.rounds, run.waits = _left_in_quiet(run), None, 0, []
            run.status, run.due, run.quieted = "under_way", act.at + act.seconds, run.quieted + 1

    def _meant(self, number: int) -> Expected | None:
        """Of which alarm it is said that is said below a message of this one."""
        run = self._runs[number]
        while run.overtaken_by is not None:
            run = self._runs[run.overtaken_by]
            if not run.alarm.reminds:
                return None
        return run

    def _pass(self, until: float) -> None:
        """Time goes on."""
        while due := [run for run in self._runs.values() if run.due is not None and run.due <= until + _EXACT]:
            run = min(due, key=lambda one: one.due or 0.0)
            at, run.due = run.due or 0.0, None
            self._arrive(at)
            if run.stage is not None and run.rounds <= run.alarm.repeats:
                self._tell(run, run.stage, at)
            else:
                self._go_on(run, at)
        self._arrive(until)

    def _arrive(self, until: float) -> None:
        for run in self._runs.values():
            run.read += [one for one in run.waits if one[0] <= until]
            run.waits = [one for one in run.waits if one[0] > until]

    def _go_on(self, run: Expected, at: float) -> None:
        if not run.left:
            run.status, run.stage = "exhausted", None
            return
        run.stage, run.rounds = run.left.pop(0), 0
        self._tell(run, run.stage, at)

    def _tell(self, run: Expected, stage: tuple[str, ...], at: float) -> None:
        for person in stage:
            if any(waits == person for _, waits in run.waits):
                continue
            run.told.append((at, person))
            arrives = self._arrives(run, person, at)
            (run.read if arrives <= at else run.waits).append((arrives, person))
        run.rounds += 1
        run.due = at + (run.alarm.wait / 2 if run.rounds <= run.alarm.repeats else run.alarm.wait)

    def _arrives(self, run: Expected, person: str, at: float) -> float:
        return awake_at(self._story.rests, person, run.alarm.priority, START + at) - START


def _end(run: Expected, status: str) -> None:
    run.status, run.due, run.stage, run.left, run.waits = status, None, None, [], []


def _left_in_quiet(run: Expected) -> list[tuple[str, ...]]:
    """Whoever was told last, those who come next, and those before who rest: they have not heard of it."""
    if run.status == "exhausted":
        return _stages(run.alarm)
    resting = {person for _, person in run.waits}
    here = [] if run.stage is None else [run.stage]
    unheard = [stage for stage in _stages(run.alarm) if resting.intersection(stage)]
    return list(dict.fromkeys([*here, *run.left, *unheard]))


def _stages(alarm: Alarm) -> list[tuple[str, ...]]:
    if alarm.in_turn:
        return [(person,) for group in alarm.groups for person in group]
    return list(alarm.groups)
