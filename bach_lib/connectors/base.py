"""Connector interface: the contract between BACH and the code that speaks a platform's protocol.

A connector turns one message into one `Outcome`, one poll into one `Batch` or `Fault`, and never raises for what a
platform or a network does. It keeps no queue, counts no attempts and sleeps for nobody: that is the dispatcher's work.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol

from aiohttp import ClientSession

from bach_lib.clock import Clock
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.course import Course
from bach_lib.connectors.declaration import UNDECLARED, Knows
from bach_lib.errors import PushRefusedError
from bach_lib.models import Candidate, Connection, Fault, Identity, Message
from bach_lib.models.incoming import Content, Kind, Media
from bach_lib.models.proof import ProofKind
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Outcome
from bach_lib.said import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message as the connector read it, before anybody decided about it.

    `sender_id` and `recipient` are what `allowed` is held against. `origin` is the nonce of the message of ours that it
    is about, where the platform brings it back. `handle` is what `acknowledge` needs for a press; it is never stored.

    `sent_at` is by the platform's clock, and `told_at` what that said when the message was handed over (else that of
    the batch counts). `not_before`: it is about something of that time, so it cannot be older.
    `recurs`: the id may name something that goes on, such as an alarm, rather than what is said about it; then it is a
    repetition only if the newest with this id says the same (`says`, or the text), at most `reminds_after` seconds ago.
    `undated`: it is proved who sent it, but not when, so the same once more may be an old one that somebody overheard.
    `sightings`: what the platform itself says with it of place and sender; it is known before anybody decides.
    `poll`: of a vote the platform's id of what it is about, as `Sent.parts` has it. Place, words and `reply_to` are
    found by it, so `recipient` may be empty; a vote in a poll that is not ours is no message.
    `language`: what the sender's app is set to, as "de" or "pt-br", where the platform tells it; it is never stored.
    """

    remote_id: str
    """The platform's id of the message; by it repetitions are known."""
    recipient: str
    recipient_title: str
    """The name of the place."""
    sender_id: str
    sender_name: str
    """As they call themselves."""
    kind: Kind
    """What it is."""
    text: str
    """The words."""
    content: Content = field(default_factory=Content)
    """What it holds beside them."""
    reply_to: str | None = None
    """The platform's id of the message that it is about."""
    origin: str | None = None
    poll: str | None = None
    handle: str | None = field(default=None, repr=False)
    sent_at: float | None = None
    told_at: float | None = field(default=None, compare=False)
    not_before: float | None = None
    recurs: bool = False
    reminds_after: float | None = None
    says: str | None = field(default=None, repr=False, compare=False)
    undated: bool = field(default=False, compare=False)
    metadata: Mapping[str, object] = field(default_factory=dict)
    """What else the platform says of it, for programs."""
    sightings: tuple[Sighting, ...] = field(default=(), compare=False)
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A part of a poll that the connector could not understand: set aside, so that it neither stops nor returns."""

    raw: str
    """As it came, for who wants to mend the connector."""
    reason: str
    """What was wrong with it, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the platform tells of messages of ours that it has: `sender_id` got them, or has seen them.

    `places`: the recipients at which this person can have got them: they themselves, and the groups they are in. What
    went elsewhere is not proven by it. `sent_at` and `told_at` are as in `Incoming`.
    """

    kind: ProofKind
    """What it proves."""
    remote_ids: tuple[str, ...]
    """The platform's ids of the messages, as `Sent.parts` has them."""
    sender_id: str
    sender_name: str
    """As they call themselves."""
    places: tuple[str, ...]
    sent_at: float | None = None
    told_at: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one poll brought, and the cursor to store with it.

    The platform learns of the cursor with the next poll only. `is_complete`: nothing more was waiting anywhere when it
    was read, so whatever comes later is newer. `notice`: receiving works, but not all of it does, and a person can
    change that. `told_at`: what the platform's clock said when it handed this over; `platform_time.UNKNOWN` if it
    should have told and did not, None if dates are by our own clock. `sightings`: what it said of places besides.
    `proofs`: what it said of messages of ours that it has.
    """

    messages: tuple[Incoming, ...]
    """In the order in which they came."""
    cursor: str | None
    """Where the next poll goes on; None: the same as before."""
    unreadable: tuple[Unreadable, ...] = ()
    """What could not be understood."""
    is_complete: bool = True
    notice: Fault | None = None
    told_at: float | None = field(default=None, compare=False)
    sightings: tuple[Sighting, ...] = field(default=(), compare=False)
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """How somebody brings a `code` that is shown to whoever looks for a recipient: they write it to the account.

    `link` opens a chat with the account and hands the code over; `group_link` lets the account into a group with it.
    """

    code: str = field(repr=False)
    link: str | None = field(default=None, repr=False)
    group_link: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a connector is made from. `secrets` are the resolved values of `connection.auth_config`.

    `session` is shared and not the connector's to close. `new_session` makes one of its own, which it closes. `allowed`
    returns whose messages are let in at this moment. `course` is for messages that take more than one request.
    """

    connection: Connection
    secrets: Mapping[str, str] = field(repr=False)
    session: ClientSession
    new_session: Callable[[], ClientSession]
    clock: Clock
    """The only one that a connector may look at."""
    allowed: Callable[[], frozenset[str]] = frozenset
    course: Course = field(default_factory=Course)


class Connector(Protocol):
    """One platform's protocol for one connection. Who forgets a part is told which, when the first one is made."""

    capabilities: ClassVar[Capabilities]
    """What the platform can do; the same for every connection of this type."""
    if not TYPE_CHECKING:  # a type checker knows by itself that it must be said
        capabilities = UNDECLARED
    knows: ClassVar[Knows | None] = None
    """The secrets and settings of a connection of this type; None: anything is taken."""

    def __init__(self, setup: Setup) -> None:
        """Raises an `InputError` if the set-up is not complete. Does no I/O."""

    @classmethod
    @abstractmethod
    def normalize_recipient(cls, recipient: str) -> str:
        """The one way to write this recipient that its form alone tells. Raises `InvalidRecipientError`.

        What only the platform knows, it learns from a `Sighting`.
        """

    @classmethod
    def normalize_sender(cls, person: str) -> str:
        """The `sender_id` of a person, however they are written. Raises `InvalidRecipientError`."""
        return cls.normalize_recipient(person)

    @classmethod
    def account(
        cls,
        connection: Connection,  # noqa: ARG003 - for those who can
        secrets: Mapping[str, str],  # noqa: ARG003 - for those who can
    ) -> str | None:
        """Whose account a connection has, as far as what is set tells it; no two connections may have the same.

        `secrets` are resolved. It may be or hold a secret: nobody keeps or shows it. None: nobody knows, so nothing is
        compared. Raises an `InputError` for what can be no account.
        """
        return None

    @classmethod
    def capabilities_of(cls, connection: Connection) -> Capabilities:  # noqa: ARG003 - for those who can
        """What the platform can do through this connection, as far as its settings tell; else `capabilities`."""
        return cls.capabilities

    @classmethod
    def invitation(cls, code: str, link: str | None) -> Invitation | None:  # noqa: ARG003 - for those who can
        """How somebody brings a code; None where nobody writes. `link`: of the account, as `Identity` has it."""
        return Invitation(code=code) if cls.capabilities.receives else None

    @abstractmethod
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """The platform's published limits that a message to `recipient` falls under.

        The key names who shares the limit.
        """

    @abstractmethod
    async def send(self, message: Message) -> Outcome:
        """Try once. Only `CancelledError` may be raised for what happens outside of this process."""

    @abstractmethod
    async def check(self) -> Identity | Fault:
        """Ask the platform the cheapest question that proves route and credentials."""

    async def whose(self) -> str | Fault | None:
        """The id of the account that things come in for, by which it is known to the platform.

        Asked before the first poll, as no cursor means anything to another account. None: none ever depends on it.
        """
        return None

    @abstractmethod
    async def receive(self, cursor: str | None) -> Batch | Fault:
        """Wait for what came after `cursor`, at most `poll_timeout` seconds; an empty batch is a success.

        Only if `capabilities.receives`.
        """

    @abstractmethod
    async def acknowledge(self, press: Incoming) -> None:
        """Show the person who pressed that the press has come in. Best effort: raises nothing, is not repeated."""

    @abstractmethod
    async def typing(self, recipient: str) -> None:
        """Show there that an answer is on its way, for a few seconds. Best effort: raises nothing, is not repeated."""

    async def preview(self, recipient: str, number: int, text: str) -> bool:  # noqa: ARG002 - for those who can
        """Show there what an answer will say, as far as it is known; the next of its `number` takes its place.

        It is no message: lost without harm, gone by itself, raises nothing, is not repeated. Called once a second at
        most. False: no more of it can be shown, or the platform asks to wait.
        """
        return False

    @abstractmethod
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        """The bytes of a file that somebody sent, if they are no more than `limit`."""

    async def find(self, query: str) -> list[Candidate] | Fault:  # noqa: ARG002 - for those who can
        """All places that can be written to, or with a `query` the one of this id, or whose names begin so.

        Only if `capabilities.finds_recipients`.
        """
        return []

    @property
    def is_open(self) -> bool:
        """Whether anybody can bring it messages in requests, as it is set up now."""
        return False

    def pushed(
        self,
        headers: Mapping[str, str],  # noqa: ARG002 - for those who can
        body: bytes,  # noqa: ARG002 - for those who can
        address: str | None = None,  # noqa: ARG002 - for those who can
    ) -> Incoming | Sequence[Incoming | Unreadable]:
        """The message, or all of them, in a request that somebody made to us from this IP address.

        One that cannot be read stands among the others as `Unreadable`. Raises `PushRefusedError` where nothing can be;
        its `is_proven` is set where the sender may and only the message cannot be read. Only if
        `capabilities.takes_pushes`.
        """
        raise PushRefusedError(
            name=type(self).__name__, reason=Sentence("nothing_is_taken_here", "nothing is taken here")
        )

    @abstractmethod
    async def reset(self) -> None:
        """Give up what receiving holds open (session, socket); the next `receive` starts afresh."""

    @abstractmethod
    async def close(self) -> None:
        """Release what the connector made itself."""
