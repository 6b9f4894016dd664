"""What can happen in a history of questions, beside what can happen in every one."""

from dataclasses import dataclass

from tests.simulation.incoming_steps import Account, PollsFail, PollsHang, PollsWork
from tests.simulation.steps import Advance, Crash, DiskFull, DiskSlow, DiskWell, Jump, Move, Reload, Restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Somebody asks, at these addresses. `leaves`: after so many seconds they wait no longer."""

    number: int
    places: tuple[str, ...] = ("ada",)
    timeout: float = 300.0
    takes_text: bool = False
    has_buttons: bool = True
    leaves: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody presses a button below a question, as they see it at a place."""

    number: int
    place: str = "ada"
    sender: str = "ada"
    choice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Somebody writes words at a place; as a reply to a question, if it has a number."""

    place: str = "ada"
    sender: str = "ada"
    text: str = "Yes"
    number: int = 0


@dataclass(frozen=True, slots=True)
class SendsFail:
    """Nothing reaches the platform."""


@dataclass(frozen=True, slots=True)
class SendsWork:
    """All is well again."""


type AskingStep = (
    Ask
    | Press
    | Say
    | SendsFail
    | SendsWork
    | PollsFail
    | PollsHang
    | PollsWork
    | Advance
    | Jump
    | DiskFull
    | DiskSlow
    | DiskWell
    | Crash
    | Restart
    | Reload
    | Account
    | Move
)
type AskingHistory = tuple[AskingStep, ...]
