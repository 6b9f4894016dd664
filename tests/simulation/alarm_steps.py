"""What can happen in a history of routes, beside what can happen in every one."""

from dataclasses import dataclass

from tests.simulation.steps import Advance, Crash, DiskFull, DiskSlow, DiskWell, Jump, Restart

LINES = ("line", "radio")
PEOPLE = {"ada": "line", "bob": "line", "cyd": "radio", "den": "radio"}
"""Who there is, and the connection that leads to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Somebody starts a route that tells these, one group after the other."""

    number: int
    groups: tuple[tuple[str, ...], ...] = (("ada",), ("cyd",))
    in_turn: bool = False
    wait: float = 60.0
    repeats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Have:
    """Somebody presses the button of an alarm, as they see it."""

    number: int
    person: str = "ada"


@dataclass(frozen=True, slots=True)
class LineFails:
    """Nothing reaches these people."""

    connection: str = "line"


@dataclass(frozen=True, slots=True)
class LineWorks:
    """All is well again."""

    connection: str = "line"


type AlarmStep = (
    Alarm | Have | LineFails | LineWorks | Advance | Crash | DiskFull | DiskSlow | DiskWell | Jump | Restart
)
type AlarmHistory = tuple[AlarmStep, ...]
