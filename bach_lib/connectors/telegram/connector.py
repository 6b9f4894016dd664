"""Connector for Telegram bots: sends with one method each, receives through `getUpdates`."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import ClassVar, override
from urllib.parse import quote

from telegram.error import Conflict, TelegramError

from bach_lib.common_sentences import A_MESSAGE_THAT_IS_THERE_ALREADY_CAN_HAVE, IT_HAS_MORE_THAN_LIMIT_BYTES
from bach_lib.connectors.base import Batch, Connector, Incoming, Invitation, Setup
from bach_lib.connectors.capabilities import Capabilities, Rate
from bach_lib.connectors.declaration import Knows
from bach_lib.connectors.declared import DECLARED
from bach_lib.connectors.endpoint import host_of
from bach_lib.connectors.file_limits import everywhere
from bach_lib.connectors.ladder import Ladder
from bach_lib.connectors.observations import CallError, unless_repeated
from bach_lib.connectors.own_session import OwnSession
from bach_lib.connectors.platform_time import PlatformTime
from bach_lib.connectors.telegram import codec
from bach_lib.connectors.telegram.answering_signs import show_draft, show_typing
from bach_lib.connectors.telegram.bot import RawBot
from bach_lib.connectors.telegram.calls import EXTRAS, MAX_ALBUM, PICTURE_BYTES
from bach_lib.connectors.telegram.errors import conflict_of, fault_of
from bach_lib.connectors.telegram.finding import chat_found
from bach_lib.connectors.telegram.http_request import AiohttpRequest, Timeouts
from bach_lib.connectors.telegram.recipients import Target
from bach_lib.connectors.telegram.rungs import TelegramRungs
from bach_lib.connectors.telegram.server_address import able_at, server_of
from bach_lib.errors import SecretNotFoundError
from bach_lib.models import MAX_NONCE, Candidate, Connection, Fault, Identity, Message, Operation
from bach_lib.models.incoming import Media
from bach_lib.outcomes import Dead, Outcome, Sent
from bach_lib.redact import Redactor
from bach_lib.said import Sentence
from bach_lib.text.telegram import MAX_PART, PARSE_MODES, compose, fits

_MAX_ANSWER = 1 << 20
_MAX_UPDATES = 16 << 20
"""Bytes. A hundred updates of 4,096 escaped characters, with entities and what they answer, stay below 10 MiB."""

_ONE_PART = Dead(fault=Fault(code="too_long", text=A_MESSAGE_THAT_IS_THERE_ALREADY_CAN_HAVE(number=MAX_PART)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Time-outs of requests and of polls, and how long (seconds, at most 50) an idle poll may be held."""

    send: Timeouts = field(default_factory=lambda: Timeouts(connect=10, total=20))
    poll: Timeouts = field(default_factory=lambda: Timeouts(connect=10, read=35, total=45))
    poll_seconds: int = 25


class TelegramConnector(Connector):
    """Connector of a bot, on the public Bot API or the server at `connection.endpoint`.

    Needs the secret `bot_token`.
    """

    # five requests of one message: as asked, after a move, as plain text, as a document, the words alone; of a minute
    # each if there is a file. And `getMe`, if it is refused, and what they wait for Telegram's limits in between.
    # A long text is several messages; what has arrived of it when the time is over is not sent again
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        idempotent=False,
        formats=frozenset(PARSE_MODES),
        max_text=64_000,
        send_timeout=345.0,
        poll_timeout=60.0,
        operations=frozenset(Operation),
        max_buttons=100,
        button_value=codec.MAX_BUTTON_DATA - MAX_NONCE - 1,
        button_url=codec.MAX_URL,
        fetch_bytes=20_000_000,
        max_files=MAX_ALBUM,
        file_bytes=50_000_000,  # https://core.telegram.org/bots/api#senddocument
        fits_pictures=True,
        picture_bytes=PICTURE_BYTES,
        max_caption=1024,
        own_ids=True,
        forwards=True,
        copies=True,
        extras=EXTRAS,
    )

    knows: ClassVar[Knows | None] = DECLARED["telegram"]

    def __init__(self, setup: Setup, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        token = setup.secrets.get("bot_token", "").strip()
        if not token:
            raise SecretNotFoundError(reference="bot_token")
        endpoint = server_of(setup.connection.endpoint)
        host = host_of(endpoint)
        self._polling_session = OwnSession(setup.new_session)
        self._poll_seconds = settings.poll_seconds
        self._redact = Redactor([token])
        self._may_wait = False
        self._name: str | None = None
        self._time = PlatformTime(setup.clock)
        self._request = AiohttpRequest(
            lambda: setup.session,
            token=token,
            host=host,
            timeouts=settings.send,
            max_answer=_MAX_ANSWER,
            now=setup.clock.now,
        )
        polling = AiohttpRequest(
            self._polling_session,
            token=token,
            host=host,
            timeouts=settings.poll,
            max_answer=_MAX_UPDATES,
            now=setup.clock.now,
        )
        self._request.told = polling.told = self._time.learn
        self._bot = RawBot(endpoint, request=self._request, polling=polling)
        able = self.capabilities_of(setup.connection)
        self._rungs = TelegramRungs(self._bot, able.file_bytes)
        self._ladder = Ladder(self._rungs, setup.course, setup.clock, limits=everywhere("Telegram", able))

    @override
    @classmethod
    def invitation(cls, code: str, link: str | None) -> Invitation:
        """The link brings the code: https://core.telegram.org/bots/features#deep-linking."""
        if link is None:
            return Invitation(code=code)
        return Invitation(code=code, link=f"{link}?start={code}", group_link=f"{link}?startgroup={code}")

    @override
    @classmethod
    def normalize_recipient(cls, recipient: str) -> str:
        return str(Target.parse(recipient))

    @override
    @classmethod
    def capabilities_of(cls, connection: Connection) -> Capabilities:
        return able_at(connection.endpoint, cls.capabilities)

    @override
    @classmethod
    def account(cls, connection: Connection, secrets: Mapping[str, str]) -> str | None:
        """The bot, whose number its token begins with; it is the same at a server of one's own."""
        del connection
        return secrets.get("bot_token", "").strip().partition(":")[0] or None

    @override
    def rates(self, recipient: str) -> Mapping[str, Rate]:
        return self._target(recipient).rates()

    @override
    async def send(self, message: Message) -> Outcome:
        """As asked, and then without what Telegram refuses; what it cannot know twice is never asked twice."""
        is_change = message.operation is not Operation.SEND
        if is_change and not fits(compose(message.text, message.title, message.format), message.format):
            return _ONE_PART
        try:
            sent = await self._ladder.send(message)
        except CallError as error:
            outcome = error.outcome
            if not isinstance(outcome, Sent):
                outcome = replace(outcome, fault=self._redact.within(outcome.fault))
            return await unless_repeated(outcome, self.check)
        if is_change:  # a group that moved is not followed: its old messages stay behind, and their numbers mean others
            return sent
        reached = str(self._target(message.recipient))
        moved_to = reached if reached != self.normalize_recipient(message.recipient) else None
        sightings = self._rungs.seen(message.recipient)
        return replace(sent, moved_to=moved_to, sightings=sightings) if moved_to or sightings else sent

    @override
    async def check(self) -> Identity | Fault:
        """`getMe`: costs the platform nothing and proves route and token."""
        try:
            answer = await self._bot.call("getMe")
        except TelegramError as error:
            return self._fault(error)
        match answer:
            case {"id": int(number), "username": str(username)}:
                self._name = f"@{username}"
                return Identity(id=str(number), name=self._name, link=f"https://t.me/{username}")
        return Fault(
            code="bad_answer",
            text=Sentence("the_answer_to_getme_describes_no_bot", "The answer to getMe describes no bot."),
        )

    @override
    async def find(self, query: str) -> list[Candidate] | Fault:
        """The chat of this id or public name, if the bot knows it; Telegram tells a bot of no others.

        https://core.telegram.org/bots/api#getchat
        """
        if not query:
            return []
        try:
            answer = await self._bot.call("getChat", chat_id=self._target(query).chat_id)
        except TelegramError as error:
            fault = self._fault(error)
            return [] if fault.code == "chat_not_found" else fault
        return [chat_found(self.normalize_recipient(query), answer)]

    @override
    async def whose(self) -> str | Fault | None:
        """Each bot has its own updates, and private chats number their messages for each bot."""
        answer = await self.check()
        return answer if isinstance(answer, Fault) else answer.id

    @override
    async def receive(self, cursor: str | None) -> Batch | Fault:
        """One long poll. The cursor is its `offset`, which confirms every update before it.

        The first one, and the first after a failure, does not wait for any: then it is known at once that receiving
        works, and that there is nothing old any more.

        https://core.telegram.org/bots/api#getupdates
        """
        seconds, self._may_wait = (self._poll_seconds if self._may_wait else 0), False
        if self._name is None and isinstance(fault := await self.check(), Fault):
            return fault  # without our name, no command to another bot could be told from one to us
        try:
            answer = await self._bot.call(
                "getUpdates",
                offset=int(cursor) if cursor else None,
                limit=codec.BATCH,
                timeout=seconds,
                allowed_updates=codec.KINDS_OF_UPDATE,
            )
        except Conflict as error:
            return self._redact.within(conflict_of(error, self._name or ""))
        except TelegramError as error:
            return self._fault(error)
        self._may_wait = True
        return codec.batch(answer, cursor, self._name.removeprefix("@") if self._name else None, self._time.now())

    @override
    async def acknowledge(self, press: Incoming) -> None:
        """`answerCallbackQuery` ends the progress bar on the button."""
        with suppress(TelegramError):
            await self._bot.call("answerCallbackQuery", callback_query_id=press.handle)

    @override
    async def typing(self, recipient: str) -> None:
        await show_typing(self._bot, self._target(recipient))

    @override
    async def preview(self, recipient: str, number: int, text: str) -> bool:
        return await show_draft(self._bot, self._target(recipient), number, text)

    @override
    async def fetch(self, media: Media, limit: int) -> bytes | Fault:
        """`getFile` tells where the bytes are, for an hour; bots get up to 20 MB.

        https://core.telegram.org/bots/api#getfile
        """
        try:
            match await self._bot.call("getFile", file_id=media.reference):
                case {"file_path": str(path)} if path and ".." not in path and path[0] != "/":
                    content = await self._request.download(f"{self._bot.base_file_url}/{quote(path)}", limit)
                case _:  # an absolute path: a server of one's own with --local, which hands nothing out
                    return Fault(
                        code="not_fetched",
                        text=Sentence("the_server_keeps_this_file_to_itself", "The server keeps this file to itself."),
                    )
        except TelegramError as error:
            return self._fault(error)
        return (
            content
            if len(content) <= limit
            else Fault(code="too_large", text=IT_HAS_MORE_THAN_LIMIT_BYTES(limit=limit))
        )

    @override
    async def reset(self) -> None:
        self._may_wait = False
        await self._polling_session.close()

    @override
    async def close(self) -> None:
        await self.reset()

    def _target(self, recipient: str) -> Target:
        return self._rungs.target(recipient)

    def _fault(self, error: TelegramError) -> Fault:
        return self._redact.within(fault_of(error))
