"""Connector for Discord webhooks: sends to one channel and its threads, with an address and no bot.

Discord recognises no repetition here, so an answer that is lost leaves a message uncertain. A webhook cannot answer a
message; what was to be an answer arrives as a message of its own, and the result says so (`degraded`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, override

from bach_lib.common_sentences import A_WEBHOOK_CANNOT_ANSWER_MESSAGES
from bach_lib.connectors.base import Setup
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.declaration import Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.defaults import SendOnly
from bach_lib.connectors.discord import compose, rungs
from bach_lib.connectors.discord.errors import expect_message, expect_nothing
from bach_lib.connectors.discord.log_filter import be_discreet
from bach_lib.connectors.discord.rest import Rest, Timeouts
from bach_lib.connectors.discord.webhooks import Address, WebhookCalls
from bach_lib.connectors.discord_webhook.forum import Forum
from bach_lib.connectors.discord_webhook.settings import Appearance, thread_of
from bach_lib.connectors.endpoint import same_place
from bach_lib.connectors.file_limits import everywhere
from bach_lib.connectors.ladder import Ladder
from bach_lib.connectors.observations import CallError, unless_repeated
from bach_lib.connectors.rung import Rung, Step
from bach_lib.errors import InvalidValueError, SecretNotFoundError
from bach_lib.models import Connection, Fault, Format, Identity, Loss, Message, Operation
from bach_lib.outcomes import Dead, Outcome, Scope, Sent, Wait
from bach_lib.redact import Redactor
from bach_lib.said import Sentence

_ABOVE = "above"
"""The channel itself, where "channel" means the thread that the address names. Only the ladder leads there."""
_NO_ANSWERS = Loss(what="reply", reason=A_WEBHOOK_CANNOT_ANSWER_MESSAGES)


class DiscordWebhookConnector(SendOnly):
    """Connector of a Discord webhook. Needs the secret `url`.

    `connection.settings` may have `username` and `avatar_url`, under which it writes. With `connection.endpoint`, calls
    go there, whatever host the address names.
    """

    never: ClassVar[Fault] = Fault(
        code="cannot_receive", text=Sentence("a_webhook_only_sends", "A webhook only sends.")
    )

    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=False,
        idempotent=False,
        formats=frozenset({Format.PLAIN, Format.MARKDOWN}),
        html_as=compose.MARKS,
        max_text=compose.MAX_TEXT,
        send_timeout=300.0,  # many messages may become of one, the last with files; and a check of a refusal
        operations=frozenset({Operation.SEND, Operation.EDIT, Operation.DELETE}),
        max_files=compose.MAX_FILES,
        file_bytes=compose.FILE_BYTES,  # nobody tells a webhook how far its server is boosted
        fits_pictures=True,
        extras=compose.EXTRAS,
        poll=compose.POLL,
    )

    knows: ClassVar[Knows | None] = DECLARED["discord_webhook"]

    def __init__(self, setup: Setup, timeouts: Timeouts | None = None) -> None:
        url = setup.secrets.get("url", "").strip()
        if not url:
            raise SecretNotFoundError(reference="url")
        be_discreet()
        endpoint = setup.connection.endpoint
        address = Address.parse(url, any_host=endpoint is not None)
        self._thread = address.thread
        self._appearance = Appearance.read(setup.connection.settings)
        self._redact = Redactor([url, address.token])
        self._forum = Forum(setup.connection.settings)
        limits = everywhere("Discord", self.capabilities)
        self._ladder = Ladder(self, setup.course, setup.clock, limits=limits)
        rest = Rest(
            lambda: setup.session,
            endpoint=endpoint,
            token=None,
            clock=setup.clock,
            timeouts=timeouts or Timeouts(),
        )
        self._calls = WebhookCalls(rest, address)

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        thread = thread_of(recipient)
        return "channel" if thread is None else str(thread)

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        """The webhook by its number, however its address is written, and whoever passes it on."""
        del connection
        url = secrets.get("url", "").strip()
        try:
            return str(Address.parse(url, any_host=True).id)
        except InvalidValueError:  # what it cannot do it will say itself
            return same_place(url) if url else None

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """Discord publishes none for webhooks, but tells them with every answer."""
        return {}

    @override
    async def send(self, message: Message) -> Outcome:
        thread = self._place(message.recipient)
        try:
            match message.operation:
                case Operation.SEND:
                    lost = [_NO_ANSWERS] if message.reply_to is not None else []
                    return await self._ladder.send(message, lost)
                case Operation.EDIT:
                    return await self._edit(message, thread)
                case Operation.DELETE:
                    return await self._delete(message, thread)
                case Operation.REACT | Operation.PIN | Operation.UNPIN:
                    return Dead(
                        fault=Fault(
                            code="cannot_do",
                            text=Sentence("a_webhook_cannot_react_to_messages", "A webhook cannot react to messages."),
                        )
                    )
        except CallError as error:
            return await unless_repeated(self._outcome(error), self.check)

    @override
    async def check(self) -> Identity | Fault:
        """What Discord knows of the webhook: proves that it is still there."""
        try:
            answer = await self._calls.get()
        except CallError as error:
            return self._redact.within(error.fault)
        match answer:
            case {"id": str(own_id), **rest}:
                return Identity(id=own_id, name=str(rest.get("name") or own_id))
        return Fault(
            code="bad_answer", text=Sentence("the_answer_describes_no_webhook", "The answer describes no webhook.")
        )

    def plan(self, message: Message) -> list[Message]:
        """The requests that a message becomes (see `Ladder`)."""
        return compose.plan(replace(message, reply_to=None))

    async def post(self, step: Step) -> str | None:
        """Send one message. Raises `CallError`."""
        message = step.message
        body = compose.anonymous(message) | self._appearance.fields()
        thread = self._place(message.recipient) or self._forum.post_of(message.nonce)
        if thread is None:
            body |= self._forum.fields(message)
        try:
            answer = await self._calls.send(body, thread, message.files)
        except CallError as error:
            self._forum.refused(rungs.number_of(error))
            raise
        self._forum.opened(message.nonce, answer, asked="thread_name" in body)
        return expect_message(answer)

    def named(self, error: CallError) -> Sequence[Rung] | None:
        """What a refusal minds."""
        return rungs.named(error)

    def above(self, recipient: str) -> str | None:
        """The channel of a thread."""
        if self._place(recipient) is None:
            return None
        return "channel" if self._thread is None else _ABOVE

    def mended(self) -> bool:
        """A channel that turned out to be a forum gets posts from then on, and one that is none gets none."""
        return self._forum.mended()

    def _place(self, recipient: str) -> int | None:
        """The thread of a recipient, or None for the channel itself."""
        return None if recipient == _ABOVE else thread_of(recipient) or self._thread

    async def _edit(self, message: Message, thread: int | None) -> Outcome:
        content = compose.only_one(message)
        body = compose.change(message, content)
        expect_message(await self._calls.edit(compose.target(message), body, thread))
        return Sent(remote_id=message.target)

    async def _delete(self, message: Message, thread: int | None) -> Outcome:
        """With all that it became. A message that is gone already is what was wanted."""
        for target in compose.targets(message):
            try:
                expect_nothing(await self._calls.delete(target, thread))
            except CallError as error:
                if error.code != "message_not_found":
                    raise
        return Sent(remote_id=message.target)

    def _outcome(self, error: CallError) -> Outcome:
        """Channel and threads share what Discord lets a webhook do."""
        outcome = error.outcome
        if isinstance(outcome, Sent):
            return outcome
        outcome = replace(outcome, fault=self._redact.within(outcome.fault))
        if isinstance(outcome, Wait) and outcome.scope is not Scope.MESSAGE:
            return replace(outcome, scope=Scope.CONNECTION)
        return outcome
