"""Connector for another Home Assistant: sends to what can be notified there, receives its events and BACH's letters.

Notify entities, actions and events know no ids of messages, so an answer that is lost leaves a message uncertain. The
BACH over there does: see `letters`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, override

from bach_lib.common_sentences import THE_CONNECTION_TO_HOST_BROKE
from bach_lib.connectors.backlog import Backlog
from bach_lib.connectors.base import Batch, Incoming, Setup, Unreadable
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.declaration import Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.defaults import Unattended
from bach_lib.connectors.endpoint import check_endpoint
from bach_lib.connectors.homeassistant.codec import context_of, read_event
from bach_lib.connectors.homeassistant.commands import command_of
from bach_lib.connectors.homeassistant.echoes import Echoes
from bach_lib.connectors.homeassistant.errors import (
    INVALID,
    NOT_ACCEPTED,
    NOT_FOUND,
    UNAVAILABLE,
    UNKNOWN_COMMAND,
    answered,
    outcome_for,
)
from bach_lib.connectors.homeassistant.finding import candidates
from bach_lib.connectors.homeassistant.recipients import ACTION, BACH, EVENT, account_of, normalize
from bach_lib.connectors.homeassistant.websocket import Frame, HomeWebSocket, frame_of
from bach_lib.connectors.homeassistant.websocket_client import Timeouts, WebSocketClient
from bach_lib.connectors.ladder import Ladder
from bach_lib.connectors.observations import CallError
from bach_lib.connectors.rung import Rung, Step
from bach_lib.connectors.wakeup import Wakeup
from bach_lib.errors import SecretNotFoundError
from bach_lib.models import Candidate, Connection, Fault, Format, Identity, Loss, Message
from bach_lib.models.incoming import Media
from bach_lib.outcomes import Outcome, Sent
from bach_lib.redact import Redactor
from bach_lib.said import Sentence

_LOOK_SECONDS = 5.0
"""Seconds until an event type that was allowed meanwhile is heard of."""
_NO_ANSWERS = Loss(
    what="reply",
    reason=Sentence(
        "what_home_assistant_is_told_answers_no_message", "What Home Assistant is told answers no message."
    ),
)
_NO_FILES = Fault(
    code="cannot_receive", text=Sentence("home_assistant_sends_no_files", "Home Assistant sends no files.")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Time-outs, and how long (seconds) an idle poll may be held."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    poll_seconds: float = 25.0


class HomeAssistantConnector(Unattended):
    """Connector of the Home Assistant at `connection.endpoint`. Needs the secret `token`, a long-lived access token.

    Receives the events whose types are among `allowed`, as `event:` and the type.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        idempotent=False,
        formats=frozenset(Format),
        max_text=64_000,
        send_timeout=60.0,
        poll_timeout=60.0,
        finds_recipients=True,
    )

    knows: ClassVar[Knows | None] = DECLARED["homeassistant"]

    def __init__(self, setup: Setup, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        endpoint = setup.connection.endpoint or ""
        check_endpoint(endpoint)
        self._address = endpoint.rstrip("/")
        token = setup.secrets.get("token", "").strip()
        if not token:
            raise SecretNotFoundError(reference="token")
        self._redact = Redactor([token])
        self._clock = setup.clock
        self._allowed = setup.allowed
        self._seconds = self._settings.timeouts.command
        self._ladder = Ladder(self, setup.course, setup.clock)
        self._backlog = Backlog(setup.connection.name, setup.clock)
        self._heard_on: HomeWebSocket | None = None
        self._wakeup = Wakeup(setup.clock)
        self._echoes = Echoes(self._hear)
        self._client = WebSocketClient(
            setup.session,
            endpoint=endpoint,
            token=token,
            timeouts=self._settings.timeouts,
            clock=setup.clock,
            told=self._echoes.told,
            unread=self._keep,
            ended=self._wakeup.wake,
        )

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        return normalize(recipient)

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        return account_of(connection.endpoint or "", secrets.get("token", "").strip())

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        """Home Assistant has none."""
        return {}

    @override
    async def send(self, message: Message) -> Outcome:
        lost = [_NO_ANSWERS] if message.reply_to is not None and message.recipient != BACH else []
        try:
            return await self._ladder.send(message, lost)
        except CallError as error:
            outcome = outcome_for(error, message.recipient, may_repeat=message.recipient == BACH)
            return outcome if isinstance(outcome, Sent) else replace(outcome, fault=self._redact.within(outcome.fault))

    def plan(self, message: Message) -> list[Message]:
        """The requests that a message becomes (see `Ladder`): one, for there is no limit."""
        return [message]

    async def post(self, step: Step) -> str | None:
        """Deliver a message, or what takes its place. Raises `CallError`."""
        answer = await self._deliver(step.message)
        return step.message.nonce if step.message.recipient == BACH else context_of(answer)

    def named(self, error: CallError) -> Sequence[Rung] | None:
        """An action that does not take what was sent does not say what; with the others it is the recipient."""
        return None if error.code == INVALID else ()

    def above(self, recipient: str) -> str | None:  # noqa: ARG002 - of others
        """There are no topics."""
        return None

    def mended(self) -> bool:
        """Nothing changes by being refused."""
        return False

    @override
    async def check(self) -> Identity | Fault:
        """Whose token it is, and what answers there."""
        try:
            socket = await self._client.socket()
            config = await socket.call({"type": "get_config"}, self._seconds)
            user = await socket.call({"type": "auth/current_user"}, self._seconds)
            bach, accepts = await self._bach()
        except CallError as error:
            if error.code == UNKNOWN_COMMAND:
                return Fault(
                    code="server_error",
                    text=Sentence("host_has_not_started_yet", "{host} has not started yet.", host=self._client.host),
                )
            return self._redact.within(error.fault)
        match user, config:
            case {"id": str(user_id)}, {"location_name": str(name)}:
                version = f"{socket.version} (BACH {bach})" if bach else socket.version
                title = name.strip()[:100] or "Home Assistant"
                notice = NOT_ACCEPTED if bach and not accepts and BACH in self._allowed() else None
                return Identity(id=user_id, name=title, link=self._address, version=version, notice=notice)
        return Fault(
            code="bad_answer",
            text=Sentence(
                "what_answers_at_host_is_no_home_assistant",
                "What answers at {host} is no Home Assistant.",
                host=self._client.host,
            ),
        )

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        """Events of the types that are allowed. The first poll on a socket does not wait for messages."""
        self._backlog.confirm(cursor)
        if self._backlog:
            return self._backlog.batch()
        deadline = self._clock.monotonic() + self._settings.poll_seconds
        while True:
            try:
                socket = await self._client.socket()
                notice = await self._subscribe(socket)
            except CallError as error:
                return self._redact.within(error.fault)
            left = deadline - self._clock.monotonic()
            if self._backlog or socket is not self._heard_on or left <= 0:
                self._heard_on = socket
                return replace(self._backlog.batch(), notice=self._redact.within(notice) if notice else None)
            await self._until_incoming(socket, min(left, _LOOK_SECONDS))
            if not socket.is_open and not self._backlog:
                return Fault(code="unreachable", text=THE_CONNECTION_TO_HOST_BROKE(host=self._client.host))

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        return _NO_FILES

    @override
    async def find(self, query: str) -> list[Candidate] | Fault:
        """Notify entities, notify actions and scripts there, and the BACH there if there is one."""
        if query:
            return []
        try:
            states = await self._client.call({"type": "get_states"})
            actions = await self._client.call({"type": "get_services"})
            bach, _ = await self._bach()
        except CallError as error:
            return self._redact.within(error.fault)
        return candidates(states, actions, has_bach=bach is not None)

    @override
    async def reset(self) -> None:
        await self._client.reset()
        self._wakeup.wake()

    @override
    async def close(self) -> None:
        await self.reset()

    async def _deliver(self, message: Message) -> Frame:
        """What Home Assistant answers to the command for a message. Raises `CallError`."""
        command, recipient = command_of(message, self._clock.now()), message.recipient
        try:
            if recipient.startswith(EVENT):
                return await self._echoes.fire(recipient.removeprefix(EVENT), partial(self._client.call, command))
            if recipient != BACH and not recipient.startswith(ACTION):
                await self._require(recipient)
            return frame_of(await self._client.call(command))
        except CallError as error:
            if error.code == NOT_FOUND and await self._is_starting():
                raise answered(UNAVAILABLE, "") from None
            raise

    async def _require(self, entity_id: str) -> None:
        """Home Assistant passes over an entity that does not exist or is not available, and says that all is well."""
        state = await self._client.state(entity_id)
        if state is None:
            raise answered(NOT_FOUND, "")
        if state == "unavailable":
            raise answered(UNAVAILABLE, "")

    async def _is_starting(self) -> bool:
        """What is not there yet may come while Home Assistant starts."""
        with suppress(CallError):
            return frame_of(await self._client.call({"type": "get_config"})).get("state") != "RUNNING"
        return True

    async def _bach(self) -> tuple[str | None, bool]:
        """The version of the BACH there, if there is one, and whether it takes our letters. Raises `CallError`."""
        try:
            answer = frame_of(await self._client.call({"type": "bach/hello"}))
        except CallError as error:
            if error.code == UNKNOWN_COMMAND:
                return None, False
            raise
        return str(answer.get("version") or "?")[:50], answer.get("accepts") is True

    async def _subscribe(self, socket: HomeWebSocket) -> Fault | None:
        """Hear of what is allowed; what Home Assistant does not let us hear of, if anything. Raises `CallError`."""
        wanted = {place.removeprefix(EVENT) for place in self._allowed() if place.startswith(EVENT)}
        return await socket.hear_only(wanted, self._seconds)

    async def _until_incoming(self, socket: HomeWebSocket, seconds: float) -> None:
        """Wait until something came, the socket ended or the time is over."""
        if socket.is_open:
            await self._wakeup.once(seconds)

    def _hear(self, event: object) -> None:
        self._keep(read_event(event))

    def _keep(self, found: Incoming | Unreadable) -> None:
        self._backlog.offer(found)
        self._wakeup.wake()
