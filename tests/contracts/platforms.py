"""The platforms on loopback that the contract of connectors is held against, one class for each type of connection."""

import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import ClassVar, override

from bach_lib.connectors import discord
from bach_lib.connectors.base import Connector
from bach_lib.connectors.discord import DiscordConnector
from bach_lib.connectors.discord_webhook import DiscordWebhookConnector
from bach_lib.connectors.telegram import Settings, TelegramConnector, Timeouts
from bach_lib.models import Effect, Embed, EmbedField, Extras, Poll
from bach_lib.testing import discord_server
from bach_lib.testing.contract import PlatformOn
from bach_lib.testing.discord_server import DiscordServer
from bach_lib.testing.telegram_server import Fault, TelegramServer

FLAMES = "5104841245755180586"
"""The number that apps know as flames (https://core.telegram.org/api/effects)."""
CHAT = frozenset({"chat_type"})
"""What all platforms of ours tell of a message that comes in."""


class TelegramPlatform(PlatformOn[TelegramServer]):
    """Telegram."""

    name = "telegram"
    connector = TelegramConnector
    secrets: ClassVar[Mapping[str, str]] = {"bot_token": "123456789:AAH-the_token_of_the_contract_tests"}
    wrong_secrets: ClassVar[Mapping[str, str]] = {"bot_token": "123456789:AAH-a_token_that_was_revoked_since"}
    recipient = "42"
    has_previews = True
    same_recipients = (" 42 ", "42/1")
    metadata = CHAT

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._server = await stack.enter_async_context(TelegramServer())
        self._server.add_chat(42, first_name="Ada")
        self._bot = self._server.add_bot(self.secrets["bot_token"])

    @override
    def hasty(self) -> Connector:
        haste = Timeouts(connect=60, read=0.5, total=60)
        return self.closed_at_the_end(TelegramConnector(self.setup(), Settings(send=haste, poll=haste)))

    @override
    def fall_silent(self) -> None:
        self._silence = self._server.fail(Fault.hang(), times=None)

    @override
    async def until_asked(self) -> None:
        await self._server.wait_until(lambda: self._silence.hits > 0)

    @override
    def refuse(self) -> bool:
        return self._fail(Fault.chat_not_found())

    @override
    def tell_to_wait(self, seconds: int) -> bool:
        return self._fail(Fault.too_many_requests(seconds))

    @override
    def lose_answer(self) -> bool:
        return self._fail(Fault.drop_after_store())

    @override
    def answer_for_it(self) -> bool:
        return self._fail(Fault.proxy_page())

    def _fail(self, fault: Fault) -> bool:
        self._server.fail(fault, methods=["sendMessage"])
        return True

    @override
    def files(self) -> list[tuple[str, bytes]]:
        return [(message.file.name, message.file.content) for message in self._server.sent if message.file]

    @override
    def texts(self) -> list[str]:
        chat = self._server.chats[42]
        return [message.text for message in chat.messages.values() if message]

    @override
    def write(self, text: str) -> None:
        self._server.says(text, bot=self._bot, chat_id=42)

    @override
    def press(self, button: str) -> None:
        self._server.presses(self._server.sent[-1], button, bot=self._bot)

    @override
    def send_file(self, content: bytes) -> None:
        self._server.receive_media(self._bot, chat_id=42, type="document", content=content)

    @override
    def acknowledged(self) -> int:
        return len(self._server.callback_answers)

    @override
    def is_typing(self) -> bool:
        return bool(self._server.actions)

    @override
    def links(self) -> list[tuple[str, str]]:
        return [(one.text, one.url) for row in self._server.sent[-1].keyboard for one in row if one.url]

    @override
    def extras(self) -> Extras:
        last = self._server.chats[42].messages[self._server.sent[-1].message_id] or self._server.sent[-1]
        return Extras(
            link_preview=last.link_preview,
            protected=last.protected,
            effect=Effect.FIRE if last.effect == FLAMES else None,
            location=last.location,
            poll=last.poll,
        )

    @override
    def reactions(self) -> list[str]:
        return [emoji for reaction in self._server.reactions for emoji in reaction.emoji]

    @override
    def pinned(self) -> list[str]:
        named = [self._server.chats[one.chat_id].messages[one.message_id] for one in self._server.pinned]
        return [message.text for message in named if message]


class OnDiscord(PlatformOn[DiscordServer]):
    """Discord, in whatever way one writes to it."""

    _silence: discord_server.ActiveFault | None = None
    _calls = discord_server.CALLS - {"open_direct"}

    @override
    def refuse(self) -> bool:
        return self._fail(discord_server.Fault.forbidden())

    @override
    def tell_to_wait(self, seconds: int) -> bool:
        return self._fail(discord_server.Fault.too_many_requests(seconds))

    @override
    def lose_answer(self) -> bool:
        return self._fail(discord_server.Fault.drop_after_store())

    @override
    def answer_for_it(self) -> bool:
        return self._fail(discord_server.Fault.garbage())

    def _fail(self, fault: discord_server.Fault) -> bool:
        self._server.fail(fault, calls=self._calls)
        return True

    @property
    @override
    def endpoint(self) -> str:
        return self._server.url

    @override
    def fall_silent(self) -> None:
        """But for the call that finds out where to write, which has no effect that could be uncertain."""
        self._silence = self._server.fail(discord_server.Fault.hang(), times=None, calls=self._calls)

    @override
    async def until_asked(self) -> None:
        await self._server.wait_until(lambda: self._silence is not None and self._silence.hits > 0)

    @override
    def files(self) -> list[tuple[str, bytes]]:
        return [(file.filename, file.content) for message in self._server.sent for file in message.attachments]

    @override
    def texts(self) -> list[str]:
        gone = self._server.deleted
        return [shown(message.read) for message in self._server.sent if message not in gone]

    @override
    def extras(self) -> Extras:
        """A frame as its title says it, and a poll as it was asked."""
        last = self._server.sent[-1]
        return Extras(link_preview=last.link_preview, embed=framed(last.payload), poll=asked(last.payload))


class DiscordPlatform(OnDiscord):
    """Discord, through a bot."""

    name = "discord"
    connector = DiscordConnector
    secrets: ClassVar[Mapping[str, str]] = {
        "bot_token": "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.the_token_of_the_contract_tests"
    }
    wrong_secrets: ClassVar[Mapping[str, str]] = {
        "bot_token": "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.a_token_that_was_reset_since"
    }
    recipient = "@1001001001001001001"
    same_recipients = (" @1001001001001001001 ",)
    metadata = CHAT

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._server = await stack.enter_async_context(DiscordServer())
        self._bot = self._server.add_bot(self.secrets["bot_token"])
        self._ada = self._server.add_user("ada", id=int(self.recipient[1:]))

    @override
    def hasty(self) -> Connector:
        haste = discord.Settings(timeouts=discord.Timeouts(connect=60, read=0.5, total=60))
        return self.closed_at_the_end(DiscordConnector(self.setup(), haste))

    @override
    def write(self, text: str) -> None:
        """As soon as somebody listens, for the gateway tells everything once."""
        self._server.when_heard(
            lambda: self._server.says(text, channel=self._server.direct(self._bot.user, self._ada), sender=self._ada)
        )

    @override
    def press(self, button: str) -> None:
        message = self._server.sent[-1]
        found = next(one for one in buttons(message) if one["label"] == button)
        self._server.when_heard(lambda: self._server.presses(message, str(found["custom_id"]), sender=self._ada))

    @override
    def send_file(self, content: bytes) -> None:
        file = self._server.attachment("plan.bin", content)
        direct = self._server.direct(self._bot.user, self._ada)
        self._server.when_heard(lambda: self._server.says("", channel=direct, sender=self._ada, attachments=[file]))

    @override
    def links(self) -> list[tuple[str, str]]:
        return [(str(one["label"]), str(one["url"])) for one in buttons(self._server.sent[-1]) if "url" in one]

    @override
    def acknowledged(self) -> int:
        return sum(interaction.answer is not None for interaction in self._server.interactions.values())

    @override
    def is_typing(self) -> bool:
        return bool(self._server.typing)

    @override
    def reactions(self) -> list[str]:
        return [emoji for message in self._server.sent for emoji in message.reactions]

    @override
    def pinned(self) -> list[str]:
        return [shown(message.content) for message in self._server.sent if message.is_pinned]


def buttons(message: discord_server.Message) -> list[Mapping[str, object]]:
    """The buttons below a message."""
    rows = [row for row in message.components if isinstance(row, dict)]
    return [button for row in rows for button in row["components"]]


class DiscordWebhookPlatform(OnDiscord):
    """Discord, through a webhook."""

    name = "discord_webhook"
    connector = DiscordWebhookConnector
    secrets: ClassVar[Mapping[str, str]] = {
        "url": "https://discord.com/api/webhooks/1001001001001001001/the-secret-of-the-webhook-of-the-contract-tests"
    }
    wrong_secrets: ClassVar[Mapping[str, str]] = {
        "url": "https://discord.com/api/webhooks/1001001001001001001/the-secret-of-a-webhook-that-was-deleted"
    }
    recipient = "channel"
    same_recipients = (" Channel ",)

    @override
    async def start(self, stack: AsyncExitStack) -> None:
        self._server = await stack.enter_async_context(DiscordServer())
        channel = self._server.add_channel(self._server.add_guild())
        number, token = self.secrets["url"].split("/")[-2:]
        self._server.add_webhook(channel, id=int(number), token=token)

    @override
    def hasty(self) -> Connector:
        return DiscordWebhookConnector(self.setup(), discord.Timeouts(connect=60, read=0.5, total=60))


def framed(payload: Mapping[str, object]) -> Embed | None:
    """The frame of a message, as Discord was asked for it."""
    match payload.get("embeds"):
        case [{"title": str(title), "color": int(color), "fields": [{"name": str(name), "value": str(value)}]}]:
            return Embed(title=title, color=f"#{color:06x}", fields=(EmbedField(name=name, value=value),))
    return None


def asked(payload: Mapping[str, object]) -> Poll | None:
    """The poll of a message, as Discord was asked for it."""
    match payload.get("poll"):
        case {"question": {"text": str(question)}, "answers": [*answers], "allow_multiselect": bool(multiple)}:
            options = tuple(str(one["poll_media"]["text"]) for one in answers)
            return Poll(question=question, options=options, multiple=multiple)
    return None


def shown(content: str) -> str:
    """A text as Discord shows it, if nothing in it is markup that was not escaped."""
    return re.sub(r"\\([\\*_~`|>#<+.)\-\[\]])", r"\1", content)
