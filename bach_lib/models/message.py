"""Outgoing messages, with all that they may carry, their attempts, and the status of a queue."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from bach_lib.models.extras import NO_EXTRAS, Extras
from bach_lib.models.fault import Fault
from bach_lib.models.file import File, Loss
from bach_lib.models.forwarding import Forwarding
from bach_lib.models.proof import Proven


class Status(StrEnum):
    """Where an outgoing message stands (design: states)."""

    PENDING = "pending"
    """Waits for its turn."""
    SENDING = "sending"
    """An attempt is under way."""
    FAILED = "failed"
    """An attempt did not deliver it; it is tried again."""
    SENT = "sent"
    """The platform has it."""
    DEAD = "dead"
    """Failed for good; waits for a person."""
    EXPIRED = "expired"
    """Its time to live was over before it could go."""
    CANCELLED = "cancelled"
    """A person cancelled it, or a newer one with its tag replaced it."""
    UNCERTAIN = "uncertain"
    """It may have arrived; its `delivery` forbids to repeat it."""

    @property
    def is_final(self) -> bool:
        """True when nothing more happens by itself."""
        return self not in {Status.PENDING, Status.SENDING, Status.FAILED}


class Delivery(StrEnum):
    """What to do when nobody knows whether an attempt arrived."""

    AT_LEAST_ONCE = "at_least_once"
    """Repeat it, so it may arrive twice."""
    AT_MOST_ONCE = "at_most_once"
    """Do not; it ends as `uncertain`."""


class Format(StrEnum):
    """How the text is marked up. `JSON`: it is no words, but the fields of an action or event, as a JSON object."""

    PLAIN = "plain"
    """As it is written."""
    MARKDOWN = "markdown"
    """`**bold**` and the like."""
    HTML = "html"
    """`<b>bold</b>` and the like."""
    JSON = "json"


class Operation(StrEnum):
    """What a message going out does. All but the first concern a message that is on the platform already."""

    SEND = "send"
    """A new message."""
    EDIT = "edit"
    """Another text for one that was sent."""
    DELETE = "delete"
    """Take one back that was sent."""
    REACT = "react"
    """An emoji below one that was sent or came in."""
    PIN = "pin"
    """Keep one in sight, at the top of its chat."""
    UNPIN = "unpin"
    """No longer."""

    @property
    def has_words(self) -> bool:
        """Whether it is something that is said, and not only done."""
        return self not in {Operation.DELETE, Operation.PIN, Operation.UNPIN}


class ButtonStyle(StrEnum):
    """How a button is set off, where the platform can: as the one to take, as what is well, as what is dangerous."""

    PRIMARY = "primary"
    """Blue."""
    SUCCESS = "success"
    """Green."""
    DANGER = "danger"
    """Red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press below a message. People see `text`. A press brings `value` back, or opens `url`."""

    text: str
    value: str = ""
    url: str | None = field(default=None, repr=False)
    """An address that a press opens; then it brings nothing back."""
    style: ButtonStyle | None = field(default=None, repr=False)
    """None: as the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """A button with which people put a message off: whoever presses it gets the message again so many seconds later."""

    seconds: float
    """1 second to 7 days, from the press on."""
    button: str = "Not now"
    """What stands on it. Where a platform has no buttons, whoever writes this has pressed it."""


type Buttons = tuple[tuple[Button, ...], ...]
"""Rows of buttons, from top to bottom."""


MAX_NONCE = 25
"""Characters; Discord takes no longer ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message going out, as it is on disk. `nonce` is the same for every attempt and differs between databases.

    Who amends it gives it another one. `target` is the platform's id of the message that an `operation` other than
    `send` concerns, or says what is passed on (`forwarding`). `retry_count` beyond `max_retries`: it has stepped aside
    and its lane goes on. `waited`: seconds it was told to wait, in all. `held`: it waits for its owner's word, as the
    database is a restored copy. `lost` is what it goes without, and if it was sent so (`degraded`), `error` says it in
    a sentence. `progress`: what has arrived of it, in the words of its connector. `parts`: of a deletion on its way,
    all ids of what it takes away, if those are several, as of an album. `proven`: what is known of it since it was
    sent, from delivered to answered. `awake`: quiet hours do not concern it. `asked_at`: the moment that it was meant
    for, where BACH let it wait. `confidential`: its words are shown nowhere here, and not kept beyond its end.
    """

    id: int
    """In this database."""
    nonce: str
    connection: str
    """The name of the connection it goes through."""
    recipient: str
    """Where it goes, as the platform writes it."""
    text: str
    """The words, in `format`."""
    title: str | None = None
    """A line above the text."""
    format: Format = Format.PLAIN
    """How the text is marked up."""
    silent: bool = False
    """Without a sound, where the platform can."""
    reply_to: str | None = None
    """The platform's id of the message that it answers."""
    priority: int = 0
    """-10 to 10; higher goes first."""
    tag: str | None = None
    """A newer message with it replaces one that waits."""
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    """What to do when nobody knows whether an attempt arrived."""
    context: str | None = None
    """Kept for whoever sent it; BACH does not read it."""
    operation: Operation = Operation.SEND
    target: str | None = None
    buttons: Buttons = ()
    """Rows of buttons below it."""
    files: tuple[File, ...] = ()
    """What goes with it; without the contents when it is only looked at."""
    status: Status = Status.PENDING
    """Where it stands."""
    created_at: float = 0.0
    """When it was queued."""
    expires_at: float | None = None
    """When it is no longer sent; None: never."""
    next_retry_at: float | None = None
    """When it is tried next; of a scheduled message, when it is to be sent."""
    retry_count: int = 0
    max_retries: int = 5
    waited: float = 0.0
    attempted_at: float | None = None
    """When the last attempt began."""
    finished_at: float | None = None
    """When it ended."""
    remote_id: str | None = None
    """The platform's id, once it has been sent."""
    degraded: bool = False
    held: bool = False
    error: Fault | None = None
    lost: tuple[Loss, ...] = ()
    progress: str | None = field(default=None, repr=False)
    parts: tuple[str, ...] = field(default=(), repr=False)
    proven: tuple[Proven, ...] = ()
    awake: bool = field(default=False, repr=False)
    asked_at: float | None = None
    confidential: bool = False
    extras: Extras = NO_EXTRAS
    """What it has beside words, files and buttons."""

    def shown(self) -> Self:
        """The same for whoever is not its recipient: without the words, if it is confidential."""
        return replace(self, text="", title=None, extras=NO_EXTRAS) if self.confidential else self

    @property
    def forwarding(self) -> Forwarding | None:
        """What it passes on, if it does; its text says the same in words, where the platform does not take it."""
        return Forwarding.read(self.target) if self.operation is Operation.SEND and self.target else None

    @property
    def scheduled_for(self) -> float | None:
        """When it is to be sent at the earliest (`not_before`), as long as that is still to come; else None."""
        is_new = self.status is Status.PENDING and self.attempted_at is None
        return self.next_retry_at if is_new else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to hand a message to the platform, as its history keeps it.

    `outcome`: sent, retry, wait, dead or uncertain. `seconds`: how long it took, where that is known.
    """

    number: int
    """The first is 1."""
    recipient: str
    """Where it was tried; the platform may move a place."""
    outcome: str
    started_at: float | None = None
    """When it began."""
    seconds: float | None = None
    error: Fault | None = None
    """Why it did not deliver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What `send` returns: the message is on disk under this id.

    `degraded`: some of it cannot go, as `lost` says; the words go.
    """

    id: int
    """Of the message, for `wait` and `get`."""
    connection: str
    """The name of the connection."""
    recipient: str
    """As the platform writes it."""
    status: Status
    """Where it stood when this returned: `sending` already, where nothing is before it."""
    degraded: bool = False
    lost: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """How the queue of one connection stands. `oldest` is the time the oldest waiting message was queued.

    `sent` counts every message the connection ever delivered; the other numbers count rows. `held`: they wait for their
    owner's word (`Bach.release`), as the database is a restored copy; `scheduled`: their time has not come. No other
    number counts these two.
    """

    connection: str
    """The name of the connection."""
    pending: int = 0
    """Not tried yet."""
    sending: int = 0
    """Under way."""
    failed: int = 0
    """To be tried again."""
    sent: int = 0
    dead: int = 0
    """Failed for good."""
    uncertain: int = 0
    """May have arrived."""
    oldest: float | None = None
    held: int = 0
    scheduled: int = 0
    file_bytes: int = 0
    """What the files of its messages take on the disk."""

    @property
    def waiting(self) -> int:
        """Messages that are still to be delivered."""
        return self.pending + self.sending + self.failed

    @property
    def needs_person(self) -> int:
        """Messages to which nothing more happens until a person decides."""
        return self.dead + self.uncertain + self.held
