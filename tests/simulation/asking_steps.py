"""What can happen in a history of questions, beside what can happen in every one."""

from dataclasses import dataclass

from tests.simulation.incoming_steps import Account, PollsFail, PollsHang, PollsWork
from tests.simulation.steps import Advance, Crash, DiskFull, DiskSlow, DiskWell, Jump, Move, Reload, Restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Somebody asks, at these addresses. `leaves`: after so many seconds they wait no longer.

    `after`: seconds after which each of them is asked.
    """

    number: int
    places: tuple[str, ...] = ("ada",)
    timeout: float = 300.0
    takes_text: bool = False
    has_buttons: bool = True
    leaves: float | None = None
    after: tuple[float, ...] = ()

    def asked_after(self, place: str) -> float:
        """After how many seconds they are asked at a place, by any of its addresses. The first are asked at once."""
        times = list(zip(self.places, self.after or (0.0,) * len(self.places), strict=False))
        here = min(after for one, after in times if one.removeprefix("@").partition("/")[0] == place)
        return 0.0 if here == min(after for _, after in times) else here


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
