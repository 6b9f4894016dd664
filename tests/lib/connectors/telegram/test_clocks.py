"""Commands and answers while the clock of this machine is wrong: Telegram's own time counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import override

import pytest

from bach_lib import Bach, Connection
from bach_lib.clock import SystemClock
from bach_lib.events import MessageReceived, MessageSent
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.questions import Place, Question
from bach_lib.storage import MemoryDatabase
from bach_lib.testing.telegram_server import Bot, TelegramServer
from tests.lib.connectors.telegram.conftest import TOKEN

ADA = 42


class WrongClock(SystemClock):
    """Runs as it should, but was set wrongly."""

    def __init__(self, ahead: float) -> None:
        self._ahead = ahead

    @override
    def now(self) -> float:
        return super().now() + self._ahead


@asynccontextmanager
async def home(
    server: TelegramServer, ahead: float, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Bach, asyncio.Queue[IncomingMessage]]]:
    """A BACH whose clock is ahead by so many seconds, and what it hears."""
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    heard: asyncio.Queue[IncomingMessage] = asyncio.Queue()
    async with Bach(MemoryDatabase(), clock=WrongClock(ahead)) as bach:
        bach.subscribe(MessageReceived, lambda event: heard.put_nowait(event.message))
        await bach.registry.add(
            Connection(
                name="home",
                type="telegram",
                endpoint=server.url,
                auth_config={"bot_token": "env:BOT_TOKEN"},
                allowed=frozenset({str(ADA)}),
            )
        )
        yield bach, heard


@pytest.mark.parametrize("ahead", [-7200.0, 600.0])
async def test_a_fresh_command_counts_with_whatever_clock(
    server: TelegramServer,
    bot: Bot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    ahead: float,
) -> None:
    """With a clock that is ahead, every command would be too old; and nobody would learn that it is."""
    server.says("/garage open", bot=bot, chat_id=ADA)
    async with home(server, ahead, monkeypatch) as (_, heard):
        message = await asyncio.wait_for(heard.get(), 60)
    assert message.kind is Kind.COMMAND
    told = [record.getMessage() for record in caplog.records if "The clock of this machine" in record.getMessage()]
    assert len(told) == 1
    assert ("ahead of" if ahead > 0 else "behind") in told[0]


@pytest.mark.parametrize("ahead", [-7200.0, 600.0])
async def test_an_old_command_is_old_with_whatever_clock(
    server: TelegramServer, bot: Bot, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """After a power cut, a clock that stands where it stopped would let commands of hours ago open the door."""
    update = server.says("/garage open", bot=bot, chat_id=ADA)
    update["date"] = int(server.clock.now()) - 5400
    async with home(server, ahead, monkeypatch) as (_, heard):
        message = await asyncio.wait_for(heard.get(), 60)
    assert message.kind is Kind.EXPIRED


@pytest.mark.parametrize("ahead", [-7200.0, 10.0, 600.0])
async def test_a_written_answer_counts_with_whatever_clock(
    server: TelegramServer, bot: Bot, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """With a clock ten seconds ahead nobody could answer a question in words."""
    async with home(server, ahead, monkeypatch) as (bach, _):
        question = Question(
            text="Which room?",
            places=(Place(connection="home", recipient=str(ADA)),),
            timeout=60,
            takes_text=True,
        )
        sent = asyncio.Event()
        bach.subscribe(MessageSent, lambda _: sent.set())
        asking = asyncio.create_task(bach.ask(question))
        await asyncio.wait_for(sent.wait(), 60)
        server.says("kitchen", bot=bot, chat_id=ADA)
        assert (await asking).value == "kitchen"
