"""Routes: who is told, one after the other, until somebody knows; and a run, which is one such telling.

A run keeps the steps it began with: whoever changes or removes a route changes no alarm that is under way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bach_lib.models.file import File, Loss


class Reached(StrEnum):
    """What is enough to say that somebody knows. Each includes those below it."""

    SENT = "sent"
    """The platform has it. Nobody may have looked."""
    DELIVERED = "delivered"
    """It is on a device of somebody. Only some platforms tell."""
    SEEN = "seen"
    """Somebody has looked at it. Only some platforms tell."""
    ANSWERED = "answered"
    """Somebody has replied to it, whatever they said."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody has pressed the button, or said its words, or `Bach.acknowledge` was called for them."""

    @property
    def includes(self) -> "tuple[Reached, ...]":
        """What is true as well, and itself as the last."""
        kinds = tuple(Reached)
        return kinds[: kinds.index(self) + 1]


class RouteStatus(StrEnum):
    """How a run stands."""

    UNDER_WAY = "under_way"
    """Somebody is told, or is about to be."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody knows; nobody is told any more."""
    EXHAUSTED = "exhausted"
    """All were told and nobody has acknowledged; whoever still does so ends it after all."""
    CANCELLED = "cancelled"
    """It was called off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is asked or told."""

    connection: str
    """The name of the connection."""
    recipient: str
    """As the platform writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Whom a route tells, and how long it waits for them. Times in seconds.

    They are told at once; `in_turn`, each is waited for before the next is told. Nobody is told again unless `repeats`
    says how often at most; then it waits `repeat_every` between two times, and `wait` after the last.
    """

    places: tuple[Place, ...]
    """Whom."""
    wait: float = 300.0
    in_turn: bool = False
    reached: Reached = Reached.ACKNOWLEDGED
    """What ends the run."""
    repeats: int = 0
    repeat_every: float = 60.0
    but_cause: bool = False
    """Whoever caused what is told of (`RouteRun.caused_by`) is left out, as long as somebody else can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteWords:
    """What people read of a run, in their language."""

    button: str = "I have it"
    """On the button. Where a platform has none, whoever writes this acknowledges."""
    acknowledged: str = "{name} has it, {time}"
    """Below a message when somebody knows, with `{name}` and `{time}`."""
    over: str = "This is over"
    """Below a message of a run that ended without a name."""
    snooze: str = "Not now"
    """On the button that quiets it for a while, where a run has one."""
    snoozed: str = "{name}: quiet until {time}"
    """Below a message of a run that is quiet, with `{name}` and `{time}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Steps that are taken one after the other until somebody knows."""

    name: str
    """1 to 100 letters, digits, "_", "-" or "."."""
    steps: tuple[Step, ...]
    """In the order in which they are taken."""
    words: RouteWords = RouteWords()
    """What people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One message of a run: who was told, and when."""

    place: Place
    """Whom it went to."""
    stage: int
    """The number of the stage; see `RouteRun.stages`."""
    at: float
    """When it was put into the queue."""
    message_id: int
    """The message; `Bach.get` says what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Those who are told together: a step, or one of its places where they are told in turn."""

    step: int
    """The number of the step, from 0."""
    places: tuple[Place, ...]
    """Whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a run tells everybody, as `Bach.send` takes it."""

    text: str
    """The words."""
    title: str | None = None
    """A line above them."""
    format: str = "plain"
    """`plain`, `markdown` or `html`."""
    silent: bool = False
    """Without a sound, where the platform can."""
    priority: int = 0
    """-10 to 10; higher goes first."""
    snooze: float | None = None
    """Seconds for which a second button quiets it; None: there is none."""
    files: tuple[File, ...] = ()
    """What goes with each message, without what is in it."""
    lost: tuple[Loss, ...] = ()
    """What each message goes without, as was known when it was started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRun:
    """A route that was started, as it stands."""

    id: int
    """In this database."""
    route: str
    """The name of its route, which may have changed or gone since."""
    said: Said
    """What people are told."""
    steps: tuple[Step, ...]
    """As the route had them when it was started."""
    words: RouteWords
    """The same."""
    started_at: float
    """When."""
    status: RouteStatus = RouteStatus.UNDER_WAY
    """How it stands."""
    ended_at: float | None = None
    """When it was acknowledged, exhausted or cancelled."""
    left: tuple[int, ...] = ()
    """The stages that are still to come, in their order."""
    stage: int | None = None
    """The one that is waited for."""
    told: int = 0
    """How often those of this stage were told."""
    due_at: float | None = None
    """When it goes on if nobody is heard of."""
    tried: tuple[Tried, ...] = ()
    """Who was told when, in order."""
    by: str | None = None
    """Who knows, as they are called; None where nobody tells."""
    reached: Reached | None = None
    """What was enough to end it."""
    tag: str | None = None
    """Of runs with the same tag only the newest goes on."""
    caused_by: tuple[Place, ...] = ()
    """Where whoever caused it is told: whom a step with `but_cause` leaves out."""
    reminds: bool = False
    """It tells what the one before with its tag told: who says of that one that they have it has this one."""
    superseded_by: int | None = None
    """The newer run with its tag that ended it."""
    cleared_at: float | None = None
    """When all who had been told were told that it is over."""
    snoozed_by: str | None = None
    """Who wants to hear no more of it until `due_at`, while it is quiet."""
    snoozed_for: float | None = None
    """Seconds for which it is quiet; None: it is not."""
    snoozed_at: float | None = None
    """When it was quieted for the last time, also after that is over."""
    version: int = 0
    """Counts up with each change, so that of two processes only one goes on with it."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Those who are told together, in order."""
        return tuple(_stages(self.steps))

    @property
    def message_ids(self) -> tuple[int, ...]:
        """Its messages."""
        return tuple(one.message_id for one in self.tried)


def _stages(steps: tuple[Step, ...]) -> Iterator[Stage]:
    for number, step in enumerate(steps):
        if step.in_turn:
            yield from (Stage(step=number, places=(place,)) for place in step.places)
        else:
            yield Stage(step=number, places=step.places)
