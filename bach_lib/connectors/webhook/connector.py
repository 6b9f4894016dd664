"""Connector for webhooks: sends each message as one request to an address, and receives posts of others.

Whether a repeated request is recognised depends on who receives it: every attempt of a message has the same
`webhook-id`, but nobody promises to look at it. So an answer that is lost leaves a message uncertain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, override

from aiohttp import ClientError, ClientResponse, ClientTimeout
from yarl import URL

from bach_lib.common_sentences import A_WEBHOOK_CANNOT_ANSWER_MESSAGES
from bach_lib.connectors.base import Incoming, Setup, Unreadable
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.declaration import Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.defaults import SendOnly
from bach_lib.connectors.endpoint import same_place
from bach_lib.connectors.network import broken, read_body
from bach_lib.connectors.request_body import NoBody
from bach_lib.connectors.webhook.codec import PostDecoder
from bach_lib.connectors.webhook.errors import Answer, outcome_for, reachable
from bach_lib.connectors.webhook.refusals import Refusals
from bach_lib.connectors.webhook.settings import Options, recipient_of
from bach_lib.connectors.webhook.signature import signatures
from bach_lib.connectors.webhook.whole_head import WaryBody
from bach_lib.models import Connection, Fault, Format, Identity, Loss, Message
from bach_lib.outcomes import Dead, Outcome, Sent
from bach_lib.redact import Redactor
from bach_lib.said import Sentence

_BEGINNING = 4_096
"""Bytes of an answer that are looked at."""
_NO_ADDRESS = Fault(
    code="cannot_do",
    text=Sentence(
        "this_webhook_has_no_address_to_send_to_it_only",
        "This webhook has no address to send to; it only takes what comes in.",
    ),
)
_LEFT_OUT = "application/json"
"""aiohttp wants a body to have a type, and is told not to send it where there is none."""
_NO_ANSWERS = Loss(what="reply", reason=A_WEBHOOK_CANNOT_ANSWER_MESSAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds for the phases of one request: until it is connected, the longest silence after that, all of it."""

    connect: float = 10.0
    read: float = 20.0
    total: float = 30.0


class WebhookConnector(SendOnly):
    """Connector of an address. Needs the secret `url`, or `connection.endpoint` if nothing about the address is secret.

    Further secrets: `secret` signs, and `old_secret` too while they change; `authorization` is the header of that name,
    `username` and `password` are basic auth, `api_key` is the header that the setting `api_key_header` names. Settings:
    `method`, `body_type`, `body` (a template) and `headers`.

    With the secret `incoming_token` or `incoming_secret` it takes requests, then it needs no `url`. `incoming` finds
    their fields, or `incoming_from` knows them; `incoming_proof` adds ways to prove, and `incoming_addresses` says from
    where they may come.
    """

    never: ClassVar[Fault] = Fault(
        code="cannot_receive",
        text=Sentence("a_webhook_cannot_be_asked_for_messages", "A webhook cannot be asked for messages."),
    )

    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=False,
        idempotent=False,
        formats=frozenset(Format) - {Format.JSON},
        max_text=64_000,
        send_timeout=45.0,
        takes_pushes=True,
        shared_lanes=True,
    )

    knows: ClassVar[Knows | None] = DECLARED["webhook"]

    def __init__(self, setup: Setup, timeouts: Timeouts | None = None) -> None:
        timeouts = timeouts or Timeouts()
        self._decoder = PostDecoder.read(setup)
        self._options = Options.read(setup, may_only_receive=self._decoder.is_there)
        self._session = setup.session
        self._clock = setup.clock
        self._was_redirected = False
        self._refusals = Refusals(setup.clock)
        url = self._options.url or URL()
        self._redact = Redactor([*setup.secrets.values(), *self._options.hidden, str(url), url.raw_path_qs])
        self._host = url.host_port_subcomponent or "nowhere"
        self._timeout = ClientTimeout(
            total=timeouts.total, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.read
        )

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        return recipient_of(recipient)

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        """The address to send to, and who we are there: at many, that stands in a header or in the body.

        What only comes in has an address of its own for each connection.
        """
        address = secrets.get("url", "").strip() or (connection.endpoint or "").strip()
        shown = [secrets.get(name, "") for name in ("api_key", "authorization", "username", "password")]
        told = [connection.settings.get(name) for name in ("headers", "body")]
        return f"{same_place(address)} {shown} {told}" if address else None

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """Nobody knows the other side's; it says when it has enough."""
        return {}

    @override
    async def send(self, message: Message) -> Outcome:
        if self._options.url is None:
            return Dead(fault=_NO_ADDRESS)
        request, now = self._options.posting.write(self._options.url, message), self._clock.now()
        body = WaryBody(request.raw, content_type=request.content_type or _LEFT_OUT)
        headers = {**self._options.headers, "webhook-id": message.nonce, "webhook-timestamp": str(int(now))}
        if self._options.keys:
            headers["webhook-signature"] = signatures(self._options.keys, message.nonce, int(now), request.raw)
        try:
            async with self._session.request(
                request.method,
                request.url,
                data=body,
                headers=headers,
                skip_auto_headers=None if request.content_type else NoBody.SKIP,
                timeout=self._timeout,
                allow_redirects=False,
                raise_for_status=False,
            ) as response:
                answer = await _read(response)
        except (ClientError, OSError, ValueError, RuntimeError) as error:  # RuntimeError: the session is closed
            outcome = broken(error, self._host, written=body.written, ended=body.ended).outcome
        else:
            self._was_redirected = answer.is_redirect
            self._refusals.note(message.nonce, answer.status)
            outcome = outcome_for(answer, self._host, message.nonce, now)
        if isinstance(outcome, Sent):
            return replace(outcome, degraded=True, losses=(_NO_ANSWERS,)) if message.reply_to is not None else outcome
        return replace(outcome, fault=self._redact.within(outcome.fault))

    @override
    async def check(self) -> Identity | Fault:
        """HEAD. It proves that somebody is there, and never that the credentials are right (`accepted` is None).

        Where the last message was led elsewhere, this must not be: a portal on the way does so with everything.
        """
        if self._options.url is None:
            return Identity(id="incoming", name="incoming", accepted=None)
        found = Identity(id=self._host, name=self._host, accepted=None)
        try:
            if self._options.posting.method == "GET":
                await self._ask(self._options.url.origin(), {})  # any answer will do: there may be no page at all
                return found
            status = await self._ask(self._options.url, self._options.headers)
        except (ClientError, OSError, ValueError, RuntimeError) as error:
            return self._redact.within(broken(error, self._host, written=False).fault)
        may_redirect, is_refused = not self._was_redirected, self._refusals.agree(status)
        fault = reachable(status, self._host, may_redirect=may_redirect, is_refused=is_refused)
        return self._redact.within(fault) if fault else found

    async def _ask(self, url: URL, headers: Mapping[str, str]) -> int:
        """The status of a question that changes nothing. Many addresses that act on GET would act on HEAD, too."""
        async with self._session.head(
            url, headers=headers, timeout=self._timeout, allow_redirects=False, raise_for_status=False
        ) as response:
            return response.status

    @override
    @property
    def is_open(self) -> bool:
        """If there is a secret by which those who post can be known."""
        return self._decoder.is_there

    @override
    def pushed(
        self, headers: Mapping[str, str], body: bytes, address: str | None = None
    ) -> tuple[Incoming | Unreadable, ...]:
        """What a request brought, if it proves that it may."""
        return self._decoder.admit(headers, body, self._clock.now(), address)


async def _read(response: ClientResponse) -> Answer:
    """What came back. The body of a success proves nothing more, and may break off."""
    answer = Answer(status=response.status, headers=response.headers, content_type=response.content_type)
    return answer if answer.is_success else replace(answer, body=await read_body(response, _BEGINNING))
