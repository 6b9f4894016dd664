"""Connector for ntfy: publishes notifications to topics, and receives from topics through a stream.

The server recognises no repetition, so an answer that is lost leaves a message uncertain. What was sent can be neither
answered nor changed. What buttons of ntfy's do, they do elsewhere; a press does not come back, so they are words here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, override

from bach_lib.common_sentences import IT_HAS_MORE_THAN_LIMIT_BYTES, NO_NTFY_SERVER
from bach_lib.connectors.base import Batch, Setup
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.declaration import Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.defaults import Unattended
from bach_lib.connectors.endpoint import check_endpoint, same_place
from bach_lib.connectors.json_client import Timeouts
from bach_lib.connectors.ladder import Ladder
from bach_lib.connectors.network import not_theirs
from bach_lib.connectors.ntfy import codec
from bach_lib.connectors.ntfy.authorization import authorization, hidden
from bach_lib.connectors.ntfy.errors import named_by
from bach_lib.connectors.ntfy.grants import Grants
from bach_lib.connectors.ntfy.publishing import CAPTION, MARKS, plan
from bach_lib.connectors.ntfy.receiver import StreamReceiver
from bach_lib.connectors.ntfy.recipients import DEFAULT_ENDPOINT, account_of, as_id, is_topic, normalize
from bach_lib.connectors.ntfy.rest import Rest
from bach_lib.connectors.observations import CallError
from bach_lib.connectors.own_session import OwnSession
from bach_lib.connectors.rung import Rung, Step
from bach_lib.models import MOST_OF_FILE, Connection, Extra, Fault, Format, Identity, Loss, Message
from bach_lib.models.incoming import Media
from bach_lib.outcomes import Outcome, Sent
from bach_lib.redact import Redactor
from bach_lib.said import Sentence

_NO_ANSWERS = Loss(what="reply", reason=Sentence("ntfy_cannot_answer_messages", "ntfy cannot answer messages."))
_VISITOR = Rate(count=12, per=60, burst=60)
"""What servers grant one address or account unless somebody sets something else: 60 at once, then one in 5 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Time-outs of calls, and how long (seconds) an idle poll may be held."""

    timeouts: Timeouts = field(default_factory=partial(Timeouts, read=30.0))
    poll_seconds: float = 25.0


class NtfyConnector(Unattended):
    """Connector of the server that `connection.endpoint` names, or ntfy.sh; with secrets, as the user whose they are.

    They are a `token`, or `username` and `password`. Listens to the topics that are among `allowed`.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        idempotent=False,
        formats=frozenset({Format.PLAIN, Format.MARKDOWN}),
        html_as=MARKS,
        max_text=64_000,
        send_timeout=600.0,
        poll_timeout=90.0,
        fetch_bytes=25 << 20,
        max_files=1,
        file_bytes=MOST_OF_FILE,
        fits_pictures=True,
        extras=frozenset({Extra.LINK_PREVIEW}),  # it makes none
        max_caption=CAPTION,
    )

    knows: ClassVar[Knows | None] = DECLARED["ntfy"]

    def __init__(self, setup: Setup, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        endpoint = setup.connection.endpoint or DEFAULT_ENDPOINT
        check_endpoint(endpoint)
        headers = authorization(setup.secrets)
        self._endpoint = endpoint
        self._is_somebody = bool(headers)
        self._redact = Redactor(hidden(setup.secrets, headers))
        self._allowed = setup.allowed
        self._listening_session = OwnSession(setup.new_session)
        rest = partial(Rest, endpoint=endpoint, headers=headers, timeouts=settings.timeouts, now=setup.clock.now)
        self._rest = rest(lambda: setup.session)
        self._ladder = Ladder(self, setup.course, setup.clock, limits=Grants(self._rest, setup.clock).limits)
        self._hearing = StreamReceiver(
            rest(self._listening_session), topics=self._topics, clock=setup.clock, poll_seconds=settings.poll_seconds
        )

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        return normalize(recipient)

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        return account_of(connection.endpoint, (secrets.get("token") or secrets.get("username", "")).strip())

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """A server counts all requests of one address, or of one account."""
        return {"visitor": _VISITOR}

    @override
    async def send(self, message: Message) -> Outcome:
        try:
            return await self._ladder.send(message, [_NO_ANSWERS] if message.reply_to is not None else [])
        except CallError as error:
            outcome = error.outcome
            return outcome if isinstance(outcome, Sent) else replace(outcome, fault=self._redact.within(outcome.fault))

    @override
    async def check(self) -> Identity | Fault:
        """Whether the server is well; with credentials, also whose they are."""
        try:
            health = await self._rest.get("v1", "health")
            account = await self._rest.get("v1", "account") if self._is_somebody else None
        except CallError as error:
            return self._redact.within(error.fault)
        match health, account:
            case {"healthy": True}, {"username": str(name)} if name.strip() and name != "*":
                return Identity(id=as_id(name, self._rest.host), name=name, link=self._endpoint)
            case {"healthy": True}, _:
                return Identity(id=as_id(self._rest.host), name=self._rest.host, link=self._endpoint)
            case {"healthy": False}, _:
                return Fault(
                    code="server_error",
                    text=Sentence(
                        "host_says_that_it_is_not_well", "{host} says that it is not well.", host=self._rest.host
                    ),
                )
        return Fault(
            code="bad_answer",
            text=Sentence(
                "what_answers_at_host_is_no_ntfy_server",
                "What answers at {host} is no ntfy server.",
                host=self._rest.host,
            ),
        )

    @override
    async def whose(self) -> str | Fault | None:
        """Ids mean something to their server only."""
        return same_place(self._endpoint)

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        """What others published to the topics that are let in."""
        answer = await self._hearing.receive(cursor)
        if isinstance(answer, Fault):
            return self._redact.within(answer)
        return answer if answer.notice is None else replace(answer, notice=self._redact.within(answer.notice))

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        """The server keeps every file for a few hours."""
        try:
            content = await self._rest.download("file", media.reference, limit=limit)
        except CallError as error:
            return self._redact.within(error.fault)
        return Fault(code="too_large", text=IT_HAS_MORE_THAN_LIMIT_BYTES(limit=limit)) if content is None else content

    @override
    async def reset(self) -> None:
        await self._listening_session.close()
        await self._hearing.reset()

    @override
    async def close(self) -> None:
        await self.reset()

    def plan(self, message: Message) -> list[Message]:
        """The requests that a message becomes (see `Ladder`)."""
        return plan(message)

    async def post(self, step: Step) -> str | None:
        """Publish one message, and do not take it for somebody's when it comes back. Raises `CallError`."""
        message = step.message
        if not self._hearing.listens_to(message.recipient):
            return await self._publish(message)
        with self._hearing.own.publishing(message.recipient, codec.mark_of(message)) as answered:
            await self._hearing.note()
            named = await self._publish(message)
            answered(named)
            return named

    def named(self, error: CallError) -> Sequence[Rung] | None:
        """What a refusal minds."""
        return named_by(error)

    def above(self, recipient: str) -> str | None:  # noqa: ARG002 - the ladder asks all platforms
        """Nothing is above a topic."""
        return None

    def mended(self) -> bool:
        """Nothing changes by being refused."""
        return False

    async def _publish(self, message: Message) -> str:
        """The id of what is there then. Raises `CallError`."""
        if message.files:
            [file] = message.files
            headers = codec.headers_of(message, file)
            answer = await self._rest.upload(message.recipient, headers, file.content)
        else:
            answer = await self._rest.publish(codec.body_of(message))
        named = codec.published(answer)
        if named is None:
            raise not_theirs(200, self._rest.host, NO_NTFY_SERVER)
        return named

    def _topics(self) -> frozenset[str]:
        return frozenset(filter(is_topic, self._allowed()))
