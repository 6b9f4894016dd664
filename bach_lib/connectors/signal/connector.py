"""Connector for Signal: sends through a signal-cli-rest-api, receives through its WebSocket."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, override

from aiohttp import ClientWebSocketResponse

from bach_lib.common_sentences import IT_HAS_MORE_THAN_LIMIT_BYTES, WHAT_ANSWERS_AT_HOST_IS_NO_SIGNAL_CLI_REST_API
from bach_lib.connectors.base import Batch, Connector, Incoming, Setup
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.declaration import Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.endpoint import check_endpoint, same_place
from bach_lib.connectors.file_limits import everywhere
from bach_lib.connectors.json_client import Timeouts
from bach_lib.connectors.ladder import Ladder
from bach_lib.connectors.observations import CallError, Observation
from bach_lib.connectors.own_session import OwnSession
from bach_lib.connectors.rung import Rung, Step
from bach_lib.connectors.signal import codec, rungs
from bach_lib.connectors.signal.change_requests import PINS_IN_GROUPS, change_requests
from bach_lib.connectors.signal.contacts import sightings_of
from bach_lib.connectors.signal.errors import NO_ACCOUNT, NO_ID, WRONG_MODE
from bach_lib.connectors.signal.finding import found
from bach_lib.connectors.signal.group_members import Groups
from bach_lib.connectors.signal.message_requests import post
from bach_lib.connectors.signal.receiver import SocketReceiver
from bach_lib.connectors.signal.recipients import normalize, own_number
from bach_lib.connectors.signal.rest import Rest, ServerInfo
from bach_lib.connectors.signal.styles import MARKS, MAX_FILES, POLL, plan
from bach_lib.models import Candidate, Connection, Extra, Fault, Format, Identity, Message, Operation
from bach_lib.models.incoming import Media
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Dead, Outcome, Sent
from bach_lib.redact import Redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Time-outs of calls, and how long (seconds) an idle poll may be held."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    poll_seconds: float = 25.0


class SignalConnector(Connector):
    """Connector of an account (`settings.number`) on the signal-cli-rest-api at `connection.endpoint`."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        idempotent=False,
        formats=frozenset({Format.PLAIN, Format.MARKDOWN}),
        html_as=MARKS,
        max_text=64_000,
        send_timeout=300.0,
        poll_timeout=60.0,
        operations=frozenset(Operation),
        fetch_bytes=25 << 20,
        finds_recipients=True,
        max_files=MAX_FILES,
        file_bytes=100_000_000,  # of Signal's apps and servers (signalapp/Signal-Android: global.attachments.maxBytes)
        fits_pictures=True,
        extras=frozenset({Extra.LINK_PREVIEW, Extra.VIEW_ONCE, Extra.POLL}),  # it makes no previews
        own_ids=True,
        poll=POLL,
    )

    knows: ClassVar[Knows | None] = DECLARED["signal"]

    def __init__(self, setup: Setup, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        endpoint = setup.connection.endpoint or ""
        check_endpoint(endpoint)
        self._number = own_number(setup.connection.settings.get("number"))
        token = setup.secrets.get("token", "").strip() or None  # of a proxy before it; the server asks for none
        self._redact = Redactor([token] if token else [])
        self._listening_session = OwnSession(setup.new_session)
        self._contacts: tuple[Sighting, ...] = ()
        self._is_in_doubt = False
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        rest = partial(Rest, endpoint=endpoint, headers=headers, timeouts=settings.timeouts, now=setup.clock.now)
        self._rest = rest(lambda: setup.session)
        self._listening = rest(self._listening_session)
        self._groups = Groups(lambda: self._listening.call("GET", "v1", "groups", self._number), setup.clock)
        limits = everywhere("Signal", self.capabilities)
        self._ladder = Ladder(self, setup.course, setup.clock, names_parts=True, limits=limits)
        self._receiver = SocketReceiver(
            name=setup.connection.name,
            connect=self._connect,
            read=lambda frame: codec.read(frame, self._number),
            clock=setup.clock,
            poll_seconds=settings.poll_seconds,
        )

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        return normalize(recipient)

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        """The number at its server. Raises `InvalidValueError`."""
        del secrets  # the server is asked without any
        number = connection.settings.get("number")
        return None if number is None else f"{same_place(connection.endpoint or '')} {own_number(number)}"

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """Signal publishes none; where it has enough, it says so."""
        return {}

    @override
    async def send(self, message: Message) -> Outcome:
        try:
            outcome = await self._deliver(message)
        except CallError as error:
            self._is_in_doubt |= error.seen is Observation.UNCLEAR
            outcome = error.outcome
        if isinstance(outcome, Sent):
            self._is_in_doubt = False
            return outcome
        return replace(outcome, fault=self._redact.within(outcome.fault))

    @override
    async def check(self) -> Identity | Fault:
        """Whether the server knows the account: proves the way to the server, and that somebody registered it.

        After a refusal that did not tell of what, also whether the server reaches Signal, which it does not say then.
        """
        try:
            about = await self._rest.about()
            accounts = await self._rest.call("GET", "v1", "accounts")
            if self._is_in_doubt:
                await self._reach_signal()
        except CallError as error:
            return self._redact.within(error.fault)
        if not isinstance(accounts, list):
            return Fault(code="bad_answer", text=WHAT_ANSWERS_AT_HOST_IS_NO_SIGNAL_CLI_REST_API(host=self._rest.host))
        if self._number not in accounts:
            return Fault(code="auth_failed", text=NO_ACCOUNT(host=self._rest.host, number=self._number))
        return Identity(
            id=self._number.removeprefix("+"),
            name=self._number,
            link=f"https://signal.me/#p/{self._number}",
            version=about.version,
            notice=None if about.can_receive else self._wrong_mode(about).fault,
        )

    @override
    async def whose(self) -> str | Fault | None:
        return self._number

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        """What the WebSocket brought. See `receiver`."""
        answer = await self._receiver.receive(cursor)
        if isinstance(answer, Fault):
            return self._redact.within(answer)
        known, self._contacts = self._contacts, ()
        self._groups.know(known)
        proofs = await self._groups.placed(answer.proofs)
        return replace(answer, sightings=(*answer.sightings, *known), proofs=proofs)

    @override
    async def acknowledge(self, press: Incoming) -> None:
        """Nobody can press anything here."""

    @override
    async def typing(self, recipient: str) -> None:
        """Shows "is typing" for some fifteen seconds, or until a message comes."""
        with suppress(CallError):
            await self._rest.call("PUT", "v1", "typing-indicator", self._number, body={"recipient": recipient})

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        """The server keeps every file it received until somebody deletes it there."""
        try:
            content = await self._rest.download("v1", "attachments", media.reference, limit=limit)
        except CallError as error:
            return self._redact.within(error.fault)
        return Fault(code="too_large", text=IT_HAS_MORE_THAN_LIMIT_BYTES(limit=limit)) if content is None else content

    @override
    async def find(self, query: str) -> list[Candidate] | Fault:
        try:
            return await found(self._rest, self._number, query)
        except CallError as error:
            return self._redact.within(error.fault)

    @override
    async def reset(self) -> None:
        await self._listening_session.close()
        await self._receiver.reset()

    @override
    async def close(self) -> None:
        await self.reset()

    async def _connect(self) -> ClientWebSocketResponse:
        """In other modes the same address would take the messages away and answer with them, to nobody."""
        about = await self._listening.about()
        if not about.can_receive:
            raise self._wrong_mode(about)
        with suppress(CallError):  # an older server: then people tell themselves, with their first message
            contacts = await self._rest.call("GET", "v1", "contacts", self._number, query={"all_recipients": "true"})
            self._contacts = sightings_of(contacts)
        return await self._listening.listen("v1", "receive", self._number)

    async def _reach_signal(self) -> None:
        """Ask what the server must ask Signal: whether our own number has an account there. Raises `CallError`."""
        try:
            await self._rest.call("GET", "v1", "search", self._number, query={"numbers": self._number})
        except CallError as error:
            if error.code not in _SAYS_NOTHING:
                raise
        self._is_in_doubt = False

    def _wrong_mode(self, about: ServerInfo) -> CallError:
        text = WRONG_MODE(host=self._rest.host, mode=about.mode)
        return CallError("wrong_mode", text, Observation.UNCLEAR)

    async def _deliver(self, message: Message) -> Outcome:
        self._groups.written_to(message.recipient)
        match message.operation:
            case Operation.SEND:
                return await self._ladder.send(message)
            case Operation.EDIT:
                return await self._edit(message)
            case Operation.DELETE | Operation.REACT | Operation.PIN | Operation.UNPIN:
                return await self._change(message)

    def plan(self, message: Message) -> list[Message]:
        """The requests that a message becomes (see `Ladder`)."""
        return plan(message)

    async def post(self, step: Step) -> str | None:
        """Send one message, or what takes its place. Raises `CallError`."""
        return await post(self._rest, self._number, step.message)

    def named(self, error: CallError) -> Sequence[Rung] | None:
        """What a refusal minds."""
        return rungs.named(error)

    def above(self, recipient: str) -> str | None:  # noqa: ARG002 - the ladder asks all platforms
        """There are no topics."""
        return None

    def mended(self) -> bool:
        """Nothing changes by being refused."""
        return False

    async def _edit(self, message: Message) -> Outcome:
        """Signal goes on naming the message by its first timestamp."""
        about = codec.MessageRef.parse(message.target, self._number)
        if about is None:
            return _NAMES_NOTHING
        return replace(await self._ladder.send(message), remote_id=message.target)

    async def _change(self, message: Message) -> Outcome:
        about = codec.MessageRef.parse(message.target, self._number)
        if about is None:
            return _NAMES_NOTHING
        requests = list(change_requests(message, about, self._number))
        for one in requests:
            await self._rest.call(one.method, *one.path, body=one.body)
        if requests:
            return Sent(remote_id=message.target)
        return PINS_IN_GROUPS if message.operation in {Operation.PIN, Operation.UNPIN} else _NAMES_NOTHING


_SAYS_NOTHING = frozenset({"bad_answer", "bad_request", "rate_limited"})
"""Answers to the question about ourselves that prove nothing: the server does not know it, or Signal has enough."""
_NAMES_NOTHING = Dead(fault=Fault(code="bad_request", text=NO_ID))
