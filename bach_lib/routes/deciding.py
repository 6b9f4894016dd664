"""Decides how a run of a route goes on. Pure: no clock, no disk, no platform.

    under_way ── somebody knows ──> acknowledged
    under_way ── no stage is left ──> exhausted ── somebody knows after all ──> acknowledged
    under_way ── it is called off ──> cancelled
    under_way, exhausted ── somebody wants quiet for a while ──> under_way
    exhausted ── it is called off ──> cancelled
    under_way, exhausted ── a newer one has its tag, or all is clear ──> cancelled

A stage whose connections are all known to be down is passed over in favour of one that is not, and comes behind the
others. Where all that are left are down, the next of them is told all the same: its messages wait in the queue, and
arrive when they can. So a run ends because nobody was heard of in time, and never because everything was away.

A place may stand for a person, or for whoever is at home: whom that means is asked when a stage begins, and again with
each repetition. A stage that means nobody at that moment comes behind the others; if no other is left, nobody is there
to be told, and the run is exhausted.

A step may leave out whoever caused what is told of. It never leaves an alarm with nobody: where all others who are left
are down or cannot be told, whoever caused it is told with them.

A run that is quiet stands at no stage. When that time has passed, those who were told last are told again, and it goes
on from there; of one that was exhausted, from the beginning. Stages before, whose messages still waited and are not
sent any more, come behind the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bach_lib.models.route import Place, Reached, RouteRun, RouteStatus, Step

type IsDown = Callable[[Place], bool]
"""Whether what goes there is known to wait."""
type WhoIs = Callable[[Place, Sequence[Place]], Sequence[Place]]
"""Whom a place means at this moment, without those: itself, or where a person is reached now."""
OPEN = frozenset({RouteStatus.UNDER_WAY, RouteStatus.EXHAUSTED})
"""Somebody can have it yet."""


@dataclass(frozen=True, slots=True)
class Begun:
    """It was started. `key`: who starts it again under the same key means the same run."""

    key: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """The time it waited for has come. `due_at` names it; `waiting`: messages that are not sent yet."""

    due_at: float
    waiting: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """So much is known of one of its messages, and of whom."""

    message_id: int
    reached: Reached
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """These messages will not arrive."""

    message_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody has it."""

    by: str


@dataclass(frozen=True, slots=True)
class Snoozed:
    """Somebody wants to hear no more of it for so many seconds."""

    by: str
    seconds: float
    waiting: frozenset[int] = frozenset()
    """Messages that are not sent yet, and are not to be sent now."""


@dataclass(frozen=True, slots=True)
class CalledOff:
    """Nobody needs to know any more."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer run with its tag was started."""

    by: int


@dataclass(frozen=True, slots=True)
class AllClear:
    """It is over, and those who were told hear so once."""

    text: str
    told: tuple[Place, ...]


type Happening = Begun | Due | Known | Lost | Acknowledged | Snoozed | CalledOff | Superseded | AllClear


@dataclass(frozen=True, slots=True)
class Decision:
    """The run as it stands from now on, and who is told at once; `text`: what else than its words."""

    run: RouteRun
    tell: tuple[Place, ...] = ()
    text: str | None = None


def itself(place: Place, without: Sequence[Place] = ()) -> Sequence[Place]:
    """Whom a place means where no place stands for others."""
    return () if place in without else (place,)


def decide(run: RouteRun, happening: Happening, now: float, is_down: IsDown, who_is: WhoIs = itself) -> Decision | None:
    """What follows from what happened; None: nothing."""
    match happening:
        case Acknowledged(by) if run.status in OPEN:
            return Decision(_ended(run, RouteStatus.ACKNOWLEDGED, now, by=by, reached=Reached.ACKNOWLEDGED))
        case Known(message_id, reached, by) if run.status in OPEN and _is_enough(run, message_id, reached):
            return Decision(_ended(run, RouteStatus.ACKNOWLEDGED, now, by=by, reached=reached))
        case Snoozed() if run.status in OPEN:
            return Decision(_quiet(run, happening, now))
        case CalledOff() if run.status in OPEN:
            return Decision(_ended(run, RouteStatus.CANCELLED, now))
        case Superseded(newer) if run.status in OPEN:
            return Decision(replace(_ended(run, RouteStatus.CANCELLED, now), superseded_by=newer))
        case AllClear(text, told) if run.cleared_at is None:
            ended = _ended(run, RouteStatus.CANCELLED, now) if run.status in OPEN else run
            return Decision(replace(ended, cleared_at=now), told, text)
        case Begun() if run.status is RouteStatus.UNDER_WAY and run.stage is None:
            return _go_on(replace(run, left=tuple(range(len(run.stages)))), now, is_down, who_is)
        case Due(due_at, waiting) if run.status is RouteStatus.UNDER_WAY and due_at == run.due_at:
            again = run.stage is not None and run.told <= step_of(run, run.stage).repeats
            return _tell_again(run, now, waiting, is_down, who_is) if again else _go_on(run, now, is_down, who_is)
        case Lost(message_ids) if run.status is RouteStatus.UNDER_WAY and _is_lost(run, message_ids):
            return _go_on(run, now, is_down, who_is, spared=_left_out(run, who_is))
    return None


def step_of(run: RouteRun, stage: int) -> Step:
    """The step to which a stage belongs."""
    return run.steps[run.stages[stage].step]


def longest_wait(run: RouteRun) -> float:
    """Seconds that it can have to wait from now on, whatever a clock says that was set."""
    if run.stage is None:
        return run.snoozed_for or 0.0
    step = step_of(run, run.stage)
    return step.repeat_every if run.told <= step.repeats else step.wait


def _go_on(run: RouteRun, now: float, is_down: IsDown, who_is: WhoIs, *, spared: tuple[Place, ...] = ()) -> Decision:
    """To the first stage that is not down, or to the first with anybody in it; those passed over come last.

    `spared`: who is told where no stage is left.
    """
    chosen = _chosen(run, run.left, is_down, who_is)
    if chosen is None and spared:
        return Decision(_told(run, now), spared)
    if chosen is None:
        return Decision(_ended(run, RouteStatus.EXHAUSTED, now))
    first, those = chosen
    stage, left = run.left[first], run.left[first + 1 :] + run.left[:first]
    run = replace(run, stage=stage, left=left, told=0, snoozed_by=None, snoozed_for=None)
    return Decision(_told(run, now), those)


def _chosen(
    run: RouteRun, stages: Sequence[int], is_down: IsDown, who_is: WhoIs
) -> tuple[int, tuple[Place, ...]] | None:
    """Which of these stages comes next, and whom it means; None: they mean nobody.

    Rather one that can be reached without whoever caused it, and rather them than nobody.
    """
    others = [_meant(run, stage, who_is, run.caused_by) for stage in stages]
    everybody = [_meant(run, stage, who_is) for stage in stages]
    reached = [(meant, place) for meant in (others, everybody) for place, those in enumerate(meant) if those]
    up = [(meant, place) for meant, place in reached if not all(map(is_down, meant[place]))]
    meant, place = next(iter([*up, *reached]), (everybody, None))
    return None if place is None else (place, meant[place])


def _quiet(run: RouteRun, wish: Snoozed, now: float) -> RouteRun:
    here = () if run.stage is None else (run.stage,)
    unheard = (one.stage for one in run.tried if one.message_id in wish.waiting)
    is_over = run.status is RouteStatus.EXHAUSTED
    left = range(len(run.stages)) if is_over else dict.fromkeys((*here, *run.left, *unheard))
    return replace(
        run,
        status=RouteStatus.UNDER_WAY,
        ended_at=None,
        left=tuple(left),
        stage=None,
        told=0,
        due_at=now + wish.seconds,
        snoozed_by=wish.by,
        snoozed_for=wish.seconds,
        snoozed_at=now,
    )


def _tell_again(run: RouteRun, now: float, waiting: frozenset[int], is_down: IsDown, who_is: WhoIs) -> Decision:
    """But those for whom a message still waits, who would get both at once."""
    spared = {one.place for one in run.tried if one.stage == run.stage and one.message_id in waiting}
    _, places = _chosen(run, (run.stage or 0,), is_down, who_is) or (0, ())
    return Decision(_told(run, now), tuple(place for place in places if place not in spared))


def _meant(run: RouteRun, stage: int, who_is: WhoIs, cause: Sequence[Place] = ()) -> tuple[Place, ...]:
    """Whom a stage means at this moment, each once. `cause`: without those, if its step leaves them out."""
    without = cause if step_of(run, stage).but_cause else ()
    return tuple(dict.fromkeys(one for place in run.stages[stage].places for one in who_is(place, without)))


def _left_out(run: RouteRun, who_is: WhoIs) -> tuple[Place, ...]:
    """Those of the present stage who were left out because they have caused it.

    Nobody once more: where a message to them is refused, that they are left is no news.
    """
    if run.stage is None or not (step := step_of(run, run.stage)).but_cause or run.told > step.repeats + 1:
        return ()
    told = {one.place for one in run.tried if one.stage == run.stage}
    return tuple(place for place in _meant(run, run.stage, who_is) if place not in told)


def _told(run: RouteRun, now: float) -> RouteRun:
    run = replace(run, told=run.told + 1)
    return replace(run, due_at=now + longest_wait(run))


def _is_enough(run: RouteRun, message_id: int, reached: Reached) -> bool:
    wanted = (step_of(run, one.stage).reached for one in run.tried if one.message_id == message_id)
    return any(one in reached.includes for one in wanted)


def _is_lost(run: RouteRun, message_ids: frozenset[int]) -> bool:
    """Whether nothing that was sent to those of the present stage can still arrive."""
    return run.stage is not None and all(one.message_id in message_ids for one in run.tried if one.stage == run.stage)


def _ended(
    run: RouteRun, status: RouteStatus, now: float, *, by: str | None = None, reached: Reached | None = None
) -> RouteRun:
    run = replace(run, status=status, ended_at=now, by=by, reached=reached, snoozed_by=None, snoozed_for=None)
    return replace(run, left=(), stage=None, told=0, due_at=None)
