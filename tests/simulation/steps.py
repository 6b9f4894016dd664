"""What can happen in a history: small frozen steps, so that a failing history is a list that can be printed and cut.

A step names messages by a number of the history's own (`m7` is the text of number 7). A step about a message that was
never sent, because the sending step was cut away, does nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from tests.simulation.hand_steps import HandStep

PLAIN = "plain"
"""A connection whose platform recognises nothing."""
NONCE = "nonce"
"""A connection whose platform recognises a message that comes again."""
CONNECTIONS = (PLAIN, NONCE)


class Says(StrEnum):
    """What a platform does with one attempt."""

    SENT = "sent"
    LOST = "lost"
    """It arrived; the answer did not."""
    UNSURE = "unsure"
    """It did not arrive, and nobody knows."""
    BROKEN = "broken"
    """The connector itself has a mistake in it."""
    BUSY = "busy"
    """The platform's own words: not this message, not now."""
    CHAT = "chat"
    """The platform's own words: nothing for this recipient now."""
    DOWN = "down"
    """It answered, and not as itself."""
    UNREACHED = "unreached"
    """Nothing was written."""
    WAIT_CHAT = "wait_chat"
    WAIT_ALL = "wait_all"
    REFUSED = "refused"
    """The platform's own words: never."""


class Outage(StrEnum):
    """How a whole connection fails until it heals."""

    UNREACHABLE = "unreachable"
    """No route: nothing is written, and checks fail."""
    PAGE = "page"
    """Somebody else's page answers everything, checks too."""
    SILENT = "silent"
    """Messages are read and never answered; checks are good."""
    LOGGED_OUT = "logged_out"
    """The account is refused, by attempts and by checks."""
    BLIND = "blind"
    """Only the checks fail."""


class Cut(StrEnum):
    """Where in a commit the power goes."""

    BEFORE = "before"
    AFTER = "after"
    """It is on disk, and nobody was told."""
    TORN = "torn"
    """The last commit is on disk only in part."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform does with one attempt, `after` so many seconds. `wait`: for how long it says to wait."""

    says: Says = Says.SENT
    after: float = 0.0
    wait: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Somebody sends, perhaps for later (`not_before`). `answers`: to its attempts; then `always`, or it is taken.

    `leaves`: the caller is cancelled before it is on disk. `answers_to`, `corrects`: the message that it is about.
    """

    number: int
    connection: str = PLAIN
    recipient: str = "ada"
    priority: int = 0
    tag: str | None = None
    time_to_live: float | None = None
    at_most_once: bool = False
    max_retries: int | None = None
    key: bool = False
    file: bool = False
    leaves: bool = False
    not_before: float | None = None
    answers: tuple[Answer, ...] = ()
    always: Answer | None = None
    answers_to: int | None = None
    corrects: int | None = None
    silent: bool = False

    @property
    def is_prepared(self) -> bool:
        """Whether an attempt begins with what may end it: the files are read, or whose message it is about is asked."""
        return self.file or bool(self.names) or (self.silent and self.tag is not None)

    @property
    def names(self) -> int | None:
        """The message that it is about."""
        return self.corrects or self.answers_to


@dataclass(frozen=True, slots=True)
class Again:
    """The caller of a message with a key did not hear the answer, and asks again."""

    number: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """A person takes a message back."""

    number: int


@dataclass(frozen=True, slots=True)
class Retry:
    """A person sends an ended message again."""

    number: int


@dataclass(frozen=True, slots=True)
class RetryAll:
    """A person sends all dead letters of a connection again."""

    connection: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody waits for a message to end."""

    number: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    """Time passes, and everything happens that can."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Jump:
    """The wall clock is set."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fail:
    """A connection fails."""

    connection: str
    outage: Outage


@dataclass(frozen=True, slots=True)
class Heal:
    """A connection works again."""

    connection: str


@dataclass(frozen=True, slots=True)
class DiskFull:
    """Writes are refused until `DiskWell`."""


@dataclass(frozen=True, slots=True)
class DiskSlow:
    """Nothing is answered by the disk until `DiskWell`."""


@dataclass(frozen=True, slots=True)
class DiskWell:
    """The disk works again."""


@dataclass(frozen=True, slots=True)
class Crash:
    """The process ends with its commit number `commits` from now, at the latest after some seconds.

    The files as they are then are opened anew.
    """

    commits: int = 1
    cut: Cut = Cut.BEFORE
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Restart:
    """BACH is closed and opened again."""

    grace: float = 5.0


@dataclass(frozen=True, slots=True)
class Reload:
    """A person changes the settings of a connection."""

    connection: str


@dataclass(frozen=True, slots=True)
class Another:
    """A person puts another account behind a connection."""

    connection: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A connection rests."""

    connection: str


@dataclass(frozen=True, slots=True)
class Start:
    """A connection works again."""

    connection: str


@dataclass(frozen=True, slots=True)
class Check:
    """A person asks how a connection stands."""

    connection: str


@dataclass(frozen=True, slots=True)
class Tell:
    """Somebody writes from a place, and the platform says with it what that is called."""

    connection: str
    place: str


@dataclass(frozen=True, slots=True)
class Move:
    """A place gets another id. Who listens is told with what comes from there, who sends when they send there."""

    connection: str
    place: str


@dataclass(frozen=True, slots=True)
class TakeOver:
    """A name is another place's from now on."""

    connection: str
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Limit:
    """The platform takes so many messages to one place in so many seconds."""

    connection: str
    count: int
    per: float


type PlaceStep = Tell | Move | TakeOver | Limit
type Step = (
    Send
    | Again
    | Cancel
    | Retry
    | RetryAll
    | Wait
    | Advance
    | Jump
    | Fail
    | Heal
    | DiskFull
    | DiskSlow
    | DiskWell
    | Crash
    | Restart
    | Reload
    | Another
    | Stop
    | Start
    | Check
    | PlaceStep
    | HandStep
)
type History = tuple[Step, ...]
