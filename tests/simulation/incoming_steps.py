"""What can happen in a history of receiving, beside what can happen in every one."""

from dataclasses import dataclass

from bach_lib.models.incoming import InboxStatus, Kind
from tests.simulation.steps import (
    Advance,
    Crash,
    DiskFull,
    DiskSlow,
    DiskWell,
    Jump,
    Move,
    Reload,
    Restart,
    TakeOver,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Somebody writes. `age`: how old it is when it comes, in seconds; None: the platform does not say.

    `edits`: it is another text for the message of this number.
    """

    number: int
    sender: str = "ada"
    kind: Kind = Kind.TEXT
    text: str = "hello"
    age: float | None = 0.0
    edits: bool = False
    place: str = ""
    """The group it is written in; none: to the account alone."""
    tells: bool = False
    """Whether the platform says with it what sender and place are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """The same by another way: the application brings it."""

    number: int
    sender: str = "ada"
    kind: Kind = Kind.TEXT
    text: str = "hello"
    age: float | None = 0.0
    edits: bool = False
    place: str = ""
    tells: bool = False


@dataclass(frozen=True, slots=True)
class Repeat:
    """The platform brings a message once more, as if it were new."""

    number: int


@dataclass(frozen=True, slots=True)
class Garbage:
    """Something comes that the connector cannot read."""


@dataclass(frozen=True, slots=True)
class PollsFail:
    """The platform cannot be reached."""


@dataclass(frozen=True, slots=True)
class PollsHang:
    """The connection stands, and nothing comes through it any more."""


@dataclass(frozen=True, slots=True)
class PollsWork:
    """All is well again."""


@dataclass(frozen=True, slots=True)
class SetRule:
    """A person keeps a rule with this phrase, or removes it (None)."""

    name: str
    phrase: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A person gives a message a status."""

    number: int
    status: InboxStatus


@dataclass(frozen=True, slots=True)
class Discard:
    """A person throws a message away."""

    number: int


@dataclass(frozen=True, slots=True)
class LetIn:
    """A person lets these in, as they are written."""

    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """Another account is set for the connection; what people write from now on, they write to that."""


type IncomingStep = (
    Write
    | Push
    | Repeat
    | Garbage
    | PollsFail
    | PollsHang
    | PollsWork
    | SetRule
    | Mark
    | Discard
    | Advance
    | Jump
    | DiskFull
    | DiskSlow
    | DiskWell
    | Crash
    | Restart
    | Reload
    | LetIn
    | Account
    | Move
    | TakeOver
)
type IncomingHistory = tuple[IncomingStep, ...]
