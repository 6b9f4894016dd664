"""Connector for Discord bots: sends over HTTP, receives through the gateway. Each works while the other does not."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import ClassVar, override

from discord.http import Route

from bach_lib.connectors.base import Batch, Connector, Incoming, Setup
from bach_lib.connectors.bounds import Cut
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.declaration import Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.discord import changes, compose, rungs
from bach_lib.connectors.discord.backfill import Backfill
from bach_lib.connectors.discord.boosts import Boosts
from bach_lib.connectors.discord.channel_cache import ChannelCache
from bach_lib.connectors.discord.codec import Reader
from bach_lib.connectors.discord.direct_channels import DirectChannels
from bach_lib.connectors.discord.errors import expect_message
from bach_lib.connectors.discord.finding import found
from bach_lib.connectors.discord.gateway import HEARTBEAT_TIMEOUT, Gateway, Hear
from bach_lib.connectors.discord.json_fields import items, may_read_texts, number, text
from bach_lib.connectors.discord.log_filter import be_discreet
from bach_lib.connectors.discord.message_text import original
from bach_lib.connectors.discord.receiver import GatewayReceiver
from bach_lib.connectors.discord.recipients import Target
from bach_lib.connectors.discord.references import body_of
from bach_lib.connectors.discord.rest import Rest, Timeouts, as_json
from bach_lib.connectors.discord.session_starts import SessionStarts
from bach_lib.connectors.ladder import Ladder
from bach_lib.connectors.observations import CallError, unless_repeated
from bach_lib.connectors.rung import Rung, Step
from bach_lib.errors import SecretNotFoundError
from bach_lib.models import MAX_NONCE, MOST_OF_FILE, Candidate, Connection, Fault, Format, Identity, Message, Operation
from bach_lib.models.incoming import Media
from bach_lib.models.spellings import Sighting
from bach_lib.outcomes import Outcome, Sent
from bach_lib.redact import Redactor
from bach_lib.said import Sentence

PERMISSIONS = 0x8_0040_0001_8C40
"""What an invitation asks for: see channels, write in them and in threads, read history, react, attach files, pin."""

_RATE = Rate(count=45, per=1, burst=5)
"""50 a second for a bot (https://discord.com/developers/docs/topics/rate-limits#global-rate-limit), so 5 at once and 45
in the second that follows. What a channel bears is told with every answer, see `waiting`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Time-outs of calls, how long a session may take to begin, and how long an idle poll may be held."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    connect_seconds: float = 25.0
    poll_seconds: float = 25.0
    heartbeat_timeout: float = HEARTBEAT_TIMEOUT


class DiscordConnector(Connector):
    """Connector of a bot, on Discord or on what `connection.endpoint` names. Needs the secret `bot_token`."""

    # a call for the channel of a person, one for each of the four or five messages that may become of one, and one for
    # who we are if it is refused
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        idempotent=True,
        formats=frozenset({Format.PLAIN, Format.MARKDOWN}),
        html_as=compose.MARKS,
        max_text=compose.MAX_TEXT,
        send_timeout=300.0,
        poll_timeout=60.0,
        operations=frozenset(Operation),
        adds_reactions=True,
        max_buttons=25,
        button_value=compose.MAX_CUSTOM_ID - MAX_NONCE - 1,
        button_url=compose.MAX_URL,
        fetch_bytes=25 << 20,
        finds_recipients=True,
        max_files=compose.MAX_FILES,
        file_bytes=MOST_OF_FILE,  # where a server is boosted most; see `boosts`
        fits_pictures=True,
        forwards=True,
        extras=compose.EXTRAS,
        poll=compose.POLL,
    )

    knows: ClassVar[Knows | None] = DECLARED["discord"]

    def __init__(self, setup: Setup, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        token = setup.secrets.get("bot_token", "").strip().removeprefix("Bot ")
        if not token:
            raise SecretNotFoundError(reference="bot_token")
        be_discreet()
        self._redact = Redactor([token])
        self._rest = Rest(
            lambda: setup.session,
            endpoint=setup.connection.endpoint,
            token=token,
            clock=setup.clock,
            timeouts=settings.timeouts,
            gateway_session=setup.new_session,
        )
        self._starts = SessionStarts(setup.clock)
        self._heartbeat_timeout = settings.heartbeat_timeout
        self._directs = DirectChannels(self._rest)
        boosts = Boosts(self._rest, self._directs, setup.clock)
        self._ladder = Ladder(self, setup.course, setup.clock, limits=boosts.limits)
        self._channels = ChannelCache()
        channels, cut = self._channels, Cut(setup.connection.name, setup.clock)
        reader = Reader(channels=channels, own_id=lambda: self._receiver.own_id, allowed=setup.allowed)
        self._receiver = GatewayReceiver(
            connect=self._connect,
            history=Backfill(self._rest, reader, allowed=setup.allowed, direct=self._directs.channel, cut=cut),
            channels=channels,
            reader=reader,
            clock=setup.clock,
            time=self._rest.time,
            cut=cut,
            starts=self._starts,
            may_read=self._may_read,
            connect_seconds=settings.connect_seconds,
            poll_seconds=settings.poll_seconds,
        )

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        return str(Target.parse(recipient))

    @override
    @classmethod
    def normalize_sender(cls, person: str) -> str:
        return str(Target.parse(person)).removeprefix("@")

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        """The bot, whose number its token begins with; it is the same behind a proxy."""
        del connection
        return secrets.get("bot_token", "").strip().removeprefix("Bot ").partition(".")[0] or None

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        return {"bot": _RATE}

    @override
    async def send(self, message: Message) -> Outcome:
        """Whatever the message does; repeating is safe, for its nonce is the same each time."""
        try:
            if message.operation is Operation.SEND:
                sent = await self._ladder.send(message)
                return replace(sent, sightings=self._seen(Target.parse(message.recipient)))
            place = await self._directs.place(Target.parse(message.recipient))
            match message.operation:
                case Operation.EDIT:
                    await changes.edit(self._rest, place, message)
                case Operation.DELETE:
                    await changes.delete(self._rest, place, message)
                case Operation.REACT:
                    await changes.react(self._rest, place, message)
                case Operation.PIN | Operation.UNPIN:
                    await changes.pin(self._rest, place, message, is_on=message.operation is Operation.PIN)
        except CallError as error:
            return await unless_repeated(self._clean(error.outcome), self.check)
        return Sent(remote_id=message.target)

    @override
    async def check(self) -> Identity | Fault:
        """Who we are: costs the platform nothing and proves route and token."""
        try:
            answer = await self._rest.request(Route("GET", "/users/@me"))
        except CallError as error:
            return self._redact.within(error.fault)
        match answer:
            case {"id": str(own_id), "username": str(name)}:
                link = f"https://discord.com/oauth2/authorize?client_id={own_id}&scope=bot&permissions={PERMISSIONS}"
                return Identity(id=own_id, name=f"@{name}", link=link)
        return Fault(
            code="bad_answer",
            text=Sentence("the_answer_to_users_me_describes_no_bot", "The answer to users/@me describes no bot."),
        )

    @override
    async def find(self, query: str) -> list[Candidate] | Fault:
        try:
            return await found(self._rest, query)
        except CallError as error:
            return self._redact.within(error.fault)

    @override
    async def whose(self) -> str | Fault | None:
        """What another bot has read says nothing of what this one has."""
        answer = await self.check()
        return answer if isinstance(answer, Fault) else answer.id

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        """What the gateway brought. See `receiver`."""
        answer = await self._receiver.receive(cursor)
        return self._redact.within(answer) if isinstance(answer, Fault) else answer

    @override
    async def acknowledge(self, press: Incoming) -> None:
        """Discord shows "This interaction failed" three seconds after a press that nobody acknowledged."""
        interaction, _, token = (press.handle or "").partition("/")
        path = "/interactions/{webhook_id}/{webhook_token}/callback"
        await _quietly(self._rest, Route("POST", path, webhook_id=interaction, webhook_token=token), {"type": 6})

    @override
    async def typing(self, recipient: str) -> None:
        """Shows "is typing" for ten seconds at most."""
        with suppress(CallError):
            await self._rest.send_typing(await self._directs.place(Target.parse(recipient)))

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        """Ask for the message again: the addresses of files expire within a day."""
        try:
            channel, message, attachment = (int(one) for one in media.reference.split("/"))
        except ValueError:
            return Fault(
                code="not_found", text=Sentence("the_file_is_not_one_of_discord", "The file is not one of Discord's.")
            )
        try:
            answer = await self._rest.get_message(channel, message)
            for file in items(original(answer if isinstance(answer, dict) else {}), "attachments"):
                if number(file, "id") == attachment:
                    content = await self._rest.download(text(file, "url"), limit)
                    if content is not None:
                        return content
                    return Fault(code="too_large", text=Sentence("the_file_is_too_large", "The file is too large."))
        except CallError as error:
            return self._redact.within(error.fault)
        return Fault(
            code="not_found",
            text=Sentence("the_file_is_not_in_its_message_any_more", "The file is not in its message any more."),
        )

    @override
    async def reset(self) -> None:
        await self._receiver.reset()
        await self._rest.close()

    @override
    async def close(self) -> None:
        await self.reset()

    def _connect(self, hear: Hear, texts: bool) -> Gateway:
        return Gateway(self._rest, hear, self._starts, texts=texts, heartbeat_timeout=self._heartbeat_timeout)

    async def _may_read(self) -> bool:
        """Whether the intent for texts is switched on. Raises `CallError`."""
        return may_read_texts(await self._rest.request(Route("GET", "/applications/@me")))

    def _seen(self, target: Target) -> tuple[Sighting, ...]:
        """What the gateway told of a thread that was written to by its id alone."""
        known = self._channels.get(target.channel) if target.channel is not None and target.thread is None else None
        if known is None or known.parent is None:
            return ()
        return (Sighting(id=f"{known.parent}/{known.id}", names=(str(known.id),)),)

    def plan(self, message: Message) -> list[Message]:
        """The requests that a message becomes (see `Ladder`)."""
        return compose.plan(message)

    async def post(self, step: Step) -> str | None:
        """Send one message. Raises `CallError`."""
        message = step.message
        place, body = await self._directs.place(Target.parse(message.recipient)), await body_of(step, self._directs)
        if message.files:
            route = Route("POST", "/channels/{channel_id}/messages", channel_id=place)
            return expect_message(await self._rest.request(route, json=body, attachments=message.files))
        return expect_message(await self._rest.send_message(place, params=as_json(body)))

    def named(self, error: CallError) -> Sequence[Rung] | None:
        """What a refusal minds."""
        return rungs.named(error)

    def above(self, recipient: str) -> str | None:
        """The channel of a thread, where it was said."""
        target = Target.parse(recipient)
        return None if target.thread is None else str(target.channel)

    def mended(self) -> bool:
        """Nothing changes by being refused."""
        return False

    def _clean(self, outcome: Outcome) -> Outcome:
        return outcome if isinstance(outcome, Sent) else replace(outcome, fault=self._redact.within(outcome.fault))


async def _quietly(rest: Rest, route: Route, body: Mapping[str, object]) -> None:
    """A call whose failure nobody would wait for."""
    try:
        await rest.request(route, json=body)
    except CallError:
        return
