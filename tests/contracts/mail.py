"""What platforms hand over, byte for byte: one way for each of them to put raw JSON before the connector's own ears."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, ClassVar, override

from aiohttp import ClientSession
from discord.http import Route

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Batch, Incoming, Setup, Unreadable
from bach_lib.connectors.bounds import Cut
from bach_lib.connectors.discord import DiscordConnector
from bach_lib.connectors.discord.backfill import Backfill
from bach_lib.connectors.discord.channel_cache import ChannelCache
from bach_lib.connectors.discord.codec import Reader
from bach_lib.connectors.discord.json_fields import snowflake_at
from bach_lib.connectors.discord.rest import Rest, Timeouts
from bach_lib.connectors.homeassistant import HomeAssistantConnector
from bach_lib.connectors.ntfy import NtfyConnector
from bach_lib.connectors.signal import SignalConnector
from bach_lib.connectors.telegram import codec
from bach_lib.connectors.telegram.network_faults import decode as telegram_answer
from bach_lib.connectors.tolerant import decode
from bach_lib.models import Connection
from bach_lib.testing.discord_server import DiscordServer
from bach_lib.testing.homeassistant import HomeAssistantServer
from bach_lib.testing.ntfy import NtfyServer
from bach_lib.testing.signal import SignalServer

type Found = list[Incoming | Unreadable]

NOW = 1_780_000_000
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.not_a_real_token_but_of_its_form-x"


class Mail(ABC):
    """One platform. `good` is an element as it hands it over; its text is `text {number}`."""

    name: ClassVar[str]

    @abstractmethod
    def good(self, number: int) -> dict[str, object]:
        """An element that can be read."""

    @abstractmethod
    async def hand_over(self, elements: Sequence[str]) -> Found:
        """What comes in of these. It ends when the text of the last good one has come."""


class Telegram(Mail):
    """The answer to getUpdates."""

    name = "telegram"

    @override
    def good(self, number: int) -> dict[str, object]:
        chat = {"id": 42, "type": "private", "first_name": "Ada"}
        return {
            "update_id": number,
            "message": {
                "message_id": number,
                "from": {"id": 42, "is_bot": False, "first_name": "Ada", "username": "ada"},
                "chat": chat,
                "date": NOW,
                "text": f"text {number}",
                "entities": [{"type": "bot_command", "offset": 0, "length": 4}],
                "reply_to_message": {"message_id": 1, "chat": chat, "date": NOW},
            },
        }

    @override
    async def hand_over(self, elements: Sequence[str]) -> Found:
        match telegram_answer(f'{{"ok": true, "result": [{",".join(elements)}]}}'.encode()):
            case {"result": result}:
                batch = codec.batch(result, None, "home_bot", float(NOW))
                assert isinstance(batch, Batch), batch
                assert batch.cursor is not None
                assert int(batch.cursor) < 1 << 32, "nothing that comes later would ever be fetched"
                return [*batch.messages, *batch.unreadable]
        raise AssertionError("one update made the whole answer unreadable")


class History_(Mail):  # noqa: N801 - the connector's own has the name
    """A page of the history of a channel of Discord's."""

    name = "discord-history"

    @override
    def good(self, number: int) -> dict[str, object]:
        return a_discord_message(number)

    @override
    async def hand_over(self, elements: Sequence[str]) -> Found:
        reader = Reader(channels=ChannelCache(), own_id=lambda: 1, allowed=frozenset)

        async def nobody(_: int) -> int:
            raise AssertionError

        async with ClientSession() as session:
            history = Backfill(
                _Pages(session, elements),
                reader,
                allowed=lambda: frozenset({"123456789012345677"}),
                direct=nobody,
                cut=Cut("discord", SystemClock()),
            )
            missed = (await history.since(0)).found
        assert all(number < snowflake_at(SystemClock().now() + 200_000) for number, _ in missed)
        return [one for _, found in missed for one in found]


class Listened(Mail):
    """Platforms that tell through a WebSocket."""

    server: Any
    connector: Any

    def __init__(self) -> None:
        self.cursor: str | None = None

    @abstractmethod
    async def begin(self, stack: AsyncExitStack) -> None:
        """Start the server, and a connector that listens to it."""

    @abstractmethod
    def tell(self, elements: Sequence[str]) -> None:
        """The server tells of these."""

    @override
    async def hand_over(self, elements: Sequence[str]) -> Found:
        async with AsyncExitStack() as stack:
            await self.begin(stack)
            stack.push_async_callback(self.connector.close)
            self.cursor = None
            await self.poll()
            self.tell(elements)
            found: Found = []
            async with asyncio.timeout(60):
                while not any(isinstance(one, Incoming) and one.text == "text 3" for one in found):
                    found += await self.poll()
            return found

    async def poll(self) -> Found:
        """One poll, whose cursor the next one brings back."""
        batch = await self.connector.receive(self.cursor)
        assert isinstance(batch, Batch), batch
        self.cursor = batch.cursor
        return [*batch.messages, *batch.unreadable]


class Signal(Listened):
    """Frames of the signal-cli-rest-api."""

    name = "signal"

    @override
    def good(self, number: int) -> dict[str, object]:
        told: dict[str, object] = {
            "timestamp": NOW * 1000 + number,
            "message": f"text {number}",
            "groupInfo": {"groupId": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY=", "groupName": "House"},
            "attachments": [{"id": "a.bin", "contentType": "image/png", "size": 5}],
            "quote": {"id": 5, "author": "+491701234567"},
        }
        server = SignalServer()
        envelope = server.envelope(sender="+491701234567", timestamp=NOW * 1000 + number, dataMessage=told)
        return {"envelope": envelope, "account": server.number}

    @override
    async def begin(self, stack: AsyncExitStack) -> None:
        self.server = await stack.enter_async_context(SignalServer())
        self.connector = SignalConnector(
            await a_setup(stack, "signal", self.server.url, {}, {"number": self.server.number})
        )

    @override
    def tell(self, elements: Sequence[str]) -> None:
        for element in elements:
            self.server.push_raw(element)


class Ntfy(Listened):
    """Lines of ntfy's stream."""

    name = "ntfy"

    @override
    def good(self, number: int) -> dict[str, object]:
        url = "https://ntfy.example.org/file/hwQ2YpKdmg.png"
        return {
            "id": f"hwQ2YpKdmg{number}",
            "time": NOW + 100_000_000 + number,
            "event": "message",
            "topic": "our_doorbell",
            "title": "Door",
            "message": f"text {number}",
            "priority": 4,
            "tags": ["door", "x"],
            "attachment": {"name": "a.png", "type": "image/png", "size": 5, "expires": NOW, "url": url},
        }

    @override
    async def begin(self, stack: AsyncExitStack) -> None:
        self.server = await stack.enter_async_context(NtfyServer())
        self.connector = NtfyConnector(await a_setup(stack, "ntfy", self.server.url, {}, {}, "our_doorbell"))

    @override
    def tell(self, elements: Sequence[str]) -> None:
        for element in elements:
            self.server.push_raw(element)


class Home(Listened):
    """Frames of another Home Assistant."""

    name = "homeassistant"

    @override
    def good(self, number: int) -> dict[str, object]:
        return {
            "event_type": "doorbell",
            "data": {"message": f"text {number}", "door": {"name": "front", "rings": [1, 2.5]}},
            "origin": "LOCAL",
            "time_fired": "2026-05-05T05:05:05.000005+00:00",
            "context": {"id": f"context-{number}", "parent_id": None, "user_id": None},
        }

    @override
    async def begin(self, stack: AsyncExitStack) -> None:
        self.server = await stack.enter_async_context(HomeAssistantServer(key="the-token"))
        setup = await a_setup(stack, "homeassistant", self.server.url, {"token": "the-token"}, {}, "event:doorbell")
        self.connector = HomeAssistantConnector(setup)

    @override
    def tell(self, elements: Sequence[str]) -> None:
        [client] = self.server._clients
        [number] = client.subscriptions
        for element in elements:
            client.frames.put_nowait(f'{{"id": {number}, "type": "event", "event": {element}}}'.encode())


class Gateway(Listened):
    """Events of Discord's gateway."""

    name = "discord-gateway"

    @override
    def good(self, number: int) -> dict[str, object]:
        return a_discord_message(number)

    @override
    async def begin(self, stack: AsyncExitStack) -> None:
        self.server = await stack.enter_async_context(DiscordServer())
        self.server.add_bot(TOKEN)
        self.connector = DiscordConnector(
            await a_setup(stack, "discord", self.server.url, {"bot_token": TOKEN}, {}, "123456789012345677")
        )

    @override
    def tell(self, elements: Sequence[str]) -> None:
        [session] = self.server.gateway.connected
        for number, element in enumerate(elements, start=10):
            raw = f'{{"op": 0, "t": "MESSAGE_CREATE", "s": {number}, "d": {element}}}'
            session.connection.send_raw(raw.encode())


class _Pages(Rest):
    """Answers every question with one page."""

    def __init__(self, session: ClientSession, elements: Sequence[str]) -> None:
        clock = SystemClock()
        super().__init__(lambda: session, endpoint="http://x", token="x", clock=clock, timeouts=Timeouts())
        self._page = f"[{','.join(elements)}]".encode()

    @override
    async def request(self, route: Route, **_: Any) -> Any:
        return decode(self._page)


def a_discord_message(number: int) -> dict[str, object]:
    """A message with everything around it."""
    return {
        "id": str(snowflake_at(NOW - 100_000_000 + number)),
        "type": 0,
        "channel_id": "123456789012345677",
        "guild_id": "5",
        "author": {"id": "6", "username": "ada", "global_name": "Ada", "bot": False},
        "member": {"nick": "Ada L"},
        "content": f"text {number}",
        "edited_timestamp": None,
        "message_reference": {"message_id": "9", "channel_id": "123456789012345677"},
        "attachments": [{"id": "8", "filename": "a.png", "size": 5, "content_type": "image/png", "duration_secs": 1.5}],
        "flags": 0,
    }


async def a_setup(
    stack: AsyncExitStack,
    type_: str,
    endpoint: str,
    secrets: Mapping[str, str],
    settings: Mapping[str, object],
    *allowed: str,
) -> Setup:
    """What a connector is made from."""
    return Setup(
        connection=Connection(name="home", type=type_, endpoint=endpoint, settings=settings),
        secrets=secrets,
        session=await stack.enter_async_context(ClientSession()),
        new_session=ClientSession,
        clock=SystemClock(),
        allowed=lambda: frozenset(allowed),
    )


def written(element: object, hole: str) -> str:
    """An element as JSON, with `hole` where its mark is."""
    return json.dumps(element).replace('"\\u0000hole"', hole)
