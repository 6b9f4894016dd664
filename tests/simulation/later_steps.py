"""What can happen in a history of messages that wait on purpose, beside what can happen in every one."""

from dataclasses import dataclass

from tests.simulation.alarm_steps import LineFails, LineWorks, Rests
from tests.simulation.hand_steps import SendNow
from tests.simulation.steps import Advance, Again, Cancel, Crash, DiskFull, DiskSlow, DiskWell, Jump, Restart

TEXTS = ("the washing is done", "the door is open", "the post is there")
"""What there is to say; the same things again and again."""
SNOOZE = 600.0
"""Seconds for which people can put something off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Somebody tells a person something. `at`, `lives`: seconds; `snooze`: it can be put off."""

    number: int
    person: str = "ada"
    text: int = 0
    priority: int = 0
    tag: str | None = None
    key: bool = False
    at: float | None = None
    lives: float | None = None
    snooze: bool = False


@dataclass(frozen=True, slots=True)
class PutOff:
    """Whoever got it wants it later."""

    number: int


@dataclass(frozen=True, slots=True)
class Postpone:
    """Somebody gives what waits another time: so many seconds from now, or none."""

    number: int
    seconds: float | None = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathers:
    """What is not urgent for a person is gathered: until a time or until there are enough, or of an hour, or alike."""

    person: str
    at: str | None = None
    after: int | None = None
    per_hour: int | None = None
    same_minutes: int | None = None
    below: int = 1


type LaterStep = (
    Note
    | Again
    | PutOff
    | Postpone
    | SendNow
    | Cancel
    | Rests
    | Gathers
    | LineFails
    | LineWorks
    | Advance
    | Crash
    | DiskFull
    | DiskSlow
    | DiskWell
    | Jump
    | Restart
)
type LaterHistory = tuple[LaterStep, ...]
