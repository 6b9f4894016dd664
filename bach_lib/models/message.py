"""The things BACH speaks of: connections, messages going out, messages coming in, and what can be asked about them.

All are frozen: a change is a new object from the part that owns the data. Times are seconds since 1970 (UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Category(StrEnum):
    """What a connection leads to."""

    CONNECTOR = "connector"
    AI = "ai"
    MCP = "mcp"
    API = "api"


class Status(StrEnum):
    """Where an outgoing message stands (design: states)."""

    PENDING = "pending"
    SENDING = "sending"
    FAILED = "failed"
    SENT = "sent"
    DEAD = "dead"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"

    @property
    def is_final(self) -> bool:
        """True when nothing more happens by itself."""
        return self not in {Status.PENDING, Status.SENDING, Status.FAILED}


class Delivery(StrEnum):
    """What to do when nobody knows whether an attempt arrived."""

    AT_LEAST_ONCE = "at_least_once"
    AT_MOST_ONCE = "at_most_once"


class Format(StrEnum):
    """How the text is marked up. `JSON`: it is no words, but the fields of an action or event, as a JSON object."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


class Operation(StrEnum):
    """What a message going out does. All but the first concern a message that is on the platform already."""

    SEND = "send"
    EDIT = "edit"
    DELETE = "delete"
    REACT = "react"


class BreakerState(StrEnum):
    """Closed lets everything through, open nothing, half-open one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class ConnectionState(StrEnum):
    """How one direction of a connection stands."""

    STARTING = "starting"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    AUTH_FAILED = "auth_failed"
    DISABLED = "disabled"


class Direction(StrEnum):
    """The two directions of a connection, judged apart."""

    SENDING = "sending"
    RECEIVING = "receiving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A row of the registry: one account or endpoint.

    `auth_config` holds references to secrets (`env:NAME`, `file:/path`, `keyring:service/user`), never a secret.
    `allowed` holds the recipients and senders whose messages are let in; by default nobody's.
    `settings` holds what else its type can be told, as JSON knows it; the page of each type says what.
    The last six fields are kept by BACH; what a caller gives there is ignored.
    """

    name: str
    type: str
    category: Category = Category.CONNECTOR
    endpoint: str | None = None
    is_active: bool = True
    auth_type: str = "token"
    auth_config: Mapping[str, str] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()
    settings: Mapping[str, object] = field(default_factory=dict)
    success_count: int = 0
    error_count: int = 0
    blocked_count: int = 0
    last_used: float | None = None
    consecutive_failures: int = 0
    disabled_until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why something failed.

    A stable `code`, the platform's own words without secrets, and its wish to wait (seconds).
    """

    code: str
    text: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press below a message. A press brings `value` back; people see `text`."""

    text: str
    value: str


type Buttons = tuple[tuple[Button, ...], ...]
"""Rows of buttons, from top to bottom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to send with a message. BACH keeps a copy until it has been sent.

    `size` is in bytes; what is said about it before that is ignored. A message that is only looked at comes without the
    `content`.
    """

    name: str
    content: bytes = field(default=b"", repr=False)
    mime_type: str | None = None
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that a message goes, or went, without.

    `what`: markup, kind (a picture as a document), caption (words and file apart), file, reply, place (a topic),
    buttons (said in words), silent or title. `reason` is for people, often in the platform's words.
    """

    what: str
    reason: str


MAX_NONCE = 25
"""Characters; Discord takes no longer ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message going out, as it is on disk. `nonce` is the same for every attempt and differs between databases.

    `target` is the platform's id of the message that an `operation` other than `send` concerns. `retry_count` beyond
    `max_retries`: it has stepped aside and its lane goes on. `waited`: seconds it was told to wait, in all. `held`: it
    waits for its owner's word, as the database is a restored copy. `lost` is what it goes without, and if it was sent
    so (`degraded`), `error` says it in a sentence. `progress`: what has arrived of it, in the words of its connector.
    """

    id: int
    nonce: str
    connection: str
    recipient: str
    text: str
    title: str | None = None
    format: Format = Format.PLAIN
    silent: bool = False
    reply_to: str | None = None
    priority: int = 0
    tag: str | None = None
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    context: str | None = None
    operation: Operation = Operation.SEND
    target: str | None = None
    buttons: Buttons = ()
    files: tuple[File, ...] = ()
    status: Status = Status.PENDING
    created_at: float = 0.0
    expires_at: float | None = None
    next_retry_at: float | None = None
    retry_count: int = 0
    max_retries: int = 5
    waited: float = 0.0
    attempted_at: float | None = None
    finished_at: float | None = None
    remote_id: str | None = None
    degraded: bool = False
    held: bool = False
    error: Fault | None = None
    lost: tuple[Loss, ...] = ()
    progress: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to hand a message to the platform, as its history keeps it.

    `outcome`: sent, retry, wait, dead or uncertain. `seconds`: how long it took, where that is known.
    """

    number: int
    recipient: str
    outcome: str
    started_at: float | None = None
    seconds: float | None = None
    error: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What `send` returns: the message is on disk under this id.

    `degraded`: some of it cannot go, as `lost` says; the words go.
    """

    id: int
    connection: str
    recipient: str
    status: Status
    degraded: bool = False
    lost: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """How the queue of one connection stands. `oldest` is the time the oldest waiting message was queued.

    `sent` counts every message the connection ever delivered; the other numbers count rows. `held`: they wait for their
    owner's word (`Bach.release`), as the database is a restored copy; no other number counts them.
    """

    connection: str
    pending: int = 0
    sending: int = 0
    failed: int = 0
    sent: int = 0
    dead: int = 0
    uncertain: int = 0
    oldest: float | None = None
    held: int = 0

    @property
    def waiting(self) -> int:
        """Messages that are still to be delivered."""
        return self.pending + self.sending + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Someone who wrote while a person was looking for recipients, and who may be picked.

    `has_code`: they brought the code that is shown to whoever looks, so they are no stranger who happens to write.
    """

    recipient: str
    title: str
    kind: str
    has_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who we are on the platform, and in which `version` it answers if it tells, as a health check learned it.

    `notice`: it works, but not all of it does, and a person can change that. `accepted`: our credentials were; None
    where the check cannot tell, or none are shown.
    """

    id: str
    name: str
    link: str | None = None
    version: str | None = None
    notice: Fault | None = None
    accepted: bool | None = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Identity):
    """What a health check learned of an AI partner, an MCP server or an API.

    `accepted`: None where none are shown. `latency`: seconds to an answer. `offers`: models or tools by name, at most a
    hundred of the `offered` there are.
    """

    accepted: bool | None
    latency: float
    offers: tuple[str, ...] = ()
    offered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one direction of a connection stands, and since when it last worked.

    While it is connected, `fault` names what works less well than it could.
    """

    state: ConnectionState
    last_success: float | None = None
    fault: Fault | None = None
