"""What was seen of a history of routes: who was shown what, and what people said and asked."""

from dataclasses import dataclass, field

from bach_lib import RouteRun
from bach_lib.models import Message, Operation
from tests.simulation.alarm_steps import Alarm
from tests.simulation.chronicle import Chronicle
from tests.simulation.resting import Rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Somebody sees a message, or how it was changed. `wall`: what the clock showed when that was decided."""

    alarm: int
    is_clear: bool
    person: str
    at: float
    wall: float
    remote_id: str
    message: Message

    @property
    def is_alarm(self) -> bool:
        """Whether it tells of the alarm, and is no change of what does."""
        return self.message.operation is Operation.SEND and not self.is_clear


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Somebody did something about an alarm: `have` or `later` below a message, or a call. `is_calm`: no disk was ill.

    `below`: the message it was said of, as that was seen.
    """

    what: str
    alarm: int
    person: str
    at: float
    is_calm: bool
    seconds: float = 0.0
    below: Seen | None = None


@dataclass
class AlarmStory(Chronicle):
    """Everything that was seen of a history of routes."""

    alarms: dict[int, Alarm] = field(default_factory=dict)
    happened: list[tuple[float, int | Act]] = field(default_factory=list)
    """Which alarm was started when, and what was done, in order."""
    rests: list[Rest] = field(default_factory=list)
    seen_by: list[Seen] = field(default_factory=list)
    rough: list[float] = field(default_factory=list)
    """When a disk was ill or well again, or the clock was set."""
    is_exact: bool = True
    """Whether nothing failed and no process ended, so that it can be said to the second what must be."""
    runs: dict[int, list[RouteRun]] = field(default_factory=dict)
    """At the end, by alarm."""
    sent: set[int] = field(default_factory=set)
    """Messages of runs of which BACH says so at the end."""
    left_open: int = 0
    """Runs of which BACH thinks that something is to be done yet, though they are over and nobody need be heard."""
    unfinished: int = 0
    """Messages that still wait at the end."""

    @property
    def acts(self) -> list[Act]:
        """What people did."""
        return [what for _, what in self.happened if isinstance(what, Act)]
