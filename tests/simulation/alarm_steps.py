"""What can happen in a history of routes, beside what can happen in every one."""

from dataclasses import dataclass

from tests.simulation.steps import Advance, Again, Crash, DiskFull, DiskSlow, DiskWell, Jump, Restart

LINES = ("line", "radio")
PEOPLE = {"ada": "line", "bob": "line", "cyd": "radio", "den": "radio"}
"""Who there is, and the connection that leads to them. On the radio there are no buttons, and people write words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Somebody starts a route that tells these, one group after the other. `key`: so that it can be started again."""

    number: int
    groups: tuple[tuple[str, ...], ...] = (("ada",), ("cyd",))
    in_turn: bool = False
    wait: float = 60.0
    repeats: int = 0
    priority: int = 0
    tag: str | None = None
    reminds: bool = False
    key: bool = False
    snooze: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Have:
    """Somebody presses the button of an alarm, as they see it, or writes its words."""

    number: int
    person: str = "ada"


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """Somebody presses the button that quiets it, or writes its words."""

    number: int
    person: str = "ada"


@dataclass(frozen=True, slots=True)
class Know:
    """Somebody says elsewhere that they have it."""

    number: int


@dataclass(frozen=True, slots=True)
class Hush:
    """Somebody says elsewhere that it is to be quiet for so many seconds."""

    number: int
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class CallOff:
    """Nobody needs to know any more."""

    number: int


@dataclass(frozen=True, slots=True)
class Clear:
    """All is well again, and who was told hears so."""

    number: int


@dataclass(frozen=True, slots=True)
class Rests:
    """Somebody rests every day between two times, as their connection is told."""

    person: str
    begins: str
    ends: str
    below: int = 1


@dataclass(frozen=True, slots=True)
class Gather:
    """Messages of low priority through this connection are to be gathered; an alarm never is."""

    connection: str = "line"


@dataclass(frozen=True, slots=True)
class LineFails:
    """Nothing reaches these people."""

    connection: str = "line"


@dataclass(frozen=True, slots=True)
class LineWorks:
    """All is well again."""

    connection: str = "line"


type CallStep = Know | Hush | CallOff | Clear
"""What is asked of a run."""
type AlarmStep = (
    Alarm
    | Again
    | Have
    | Later
    | CallStep
    | Rests
    | Gather
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
type AlarmHistory = tuple[AlarmStep, ...]


def picture_of(number: int) -> bytes:
    """What an alarm carries; every other one carries nothing."""
    return f"what alarm {number} saw".encode() if number % 2 else b""
