"""From the person's thumb to the disk and back: the connector inside of BACH, with a database and real sockets."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bach_lib import Bach, Connection
from bach_lib.errors import FileTooLargeError, NotFetchedError
from bach_lib.events import MessageReceived
from bach_lib.models import Button, Status
from bach_lib.models.incoming import IncomingMessage, Kind
from bach_lib.testing.faults import Effect
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.lib.connectors.telegram.conftest import CHAT, TOKEN
from tests.lib.connectors.telegram.test_every_update import SAMPLES, UNDERSTOOD

HALF_A_CHARACTER = b"""{"ok": true, "result": [{"update_id": 0, "message": {
    "message_id": 1, "chat": {"id": 42, "type": "private"}, "from": {"id": 42}, "text": "\\ud83d"}}]}"""


@pytest.fixture
async def bach(server: TelegramServer, bot: Bot, tmp_path: Path) -> AsyncIterator[Bach]:
    """A BACH with that bot; it lets Ada and the group of the samples in."""
    async with Bach(tmp_path / "bach.db", secrets={"entry": lambda _: TOKEN}) as running:
        await running.registry.add(
            Connection(
                name="home",
                type="telegram",
                endpoint=server.url,
                auth_config={"bot_token": "entry:home"},
                allowed=frozenset({str(CHAT), "-1001234567890", "-1009876543210"}),
            )
        )
        yield running


class News:
    """What BACH announced."""

    def __init__(self, bach: Bach) -> None:
        self._heard: asyncio.Queue[IncomingMessage] = asyncio.Queue()
        bach.subscribe(MessageReceived, lambda event: self._heard.put_nowait(event.message))

    async def next(self) -> IncomingMessage:
        """The next one."""
        async with asyncio.timeout(60):
            return await self._heard.get()


@pytest.fixture
def news(bach: Bach) -> News:
    """What it announces from now on."""
    return News(bach)


async def test_a_question_is_answered_by_a_press(bach: Bach, news: News, server: TelegramServer, bot: Bot) -> None:
    """The whole point of buttons: who is asked at the door presses, is told so, and sees what became of it."""
    buttons = ((Button(text="Yes", value="yes"), Button(text="No", value="no")),)
    question = await bach.send("home", str(CHAT), "Open the door?", buttons=buttons)
    assert (await bach.wait(question.id, 60)).status is Status.SENT
    server.presses(server.sent[0], "Yes", bot=bot)
    press = await news.next()
    assert (press.kind, press.content.value, press.message_id) == (Kind.BUTTON, "yes", question.id)
    await server.wait_until(lambda: not server.unanswered)
    edit = await bach.edit(question.id, "Opened by Ada")
    assert (await bach.wait(edit.id, 60)).status is Status.SENT
    assert [(edited.text, edited.keyboard) for edited in server.edited] == [("Opened by Ada", ())]
    delete = await bach.delete(question.id)
    assert (await bach.wait(delete.id, 60)).status is Status.SENT
    again = await bach.edit(question.id, "x")
    dead = await bach.wait(again.id, 60)
    assert (dead.status, dead.error and dead.error.text) == (Status.DEAD, "Message to edit not found")


@pytest.mark.broken_answers("updates that nobody has thought of")
async def test_nothing_stops_the_loop(
    bach: Bach, news: News, server: TelegramServer, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    """An update of a kind nobody has thought of, or one that no disk can take, would end receiving for ever."""
    await server.wait_until(lambda: bot.updates.is_polled)
    server.fail(Fault(name="half a character", effect=Effect.ANSWER, body=HALF_A_CHARACTER), methods=["getUpdates"])
    bot.updates.allow([*SAMPLES, "nonsense"])
    server.push_update(bot, {"message": {"message_id": {}, "chat": [], "from": None}})
    for kind, sample in SAMPLES.items():
        server.push_update(bot, {kind: sample})
        server.push_update(bot, {kind: None})
    server.push_update(bot, {"nonsense": 1})
    server.says("still here?", bot=bot, chat_id=CHAT)

    seen = [await news.next()]
    while seen[-1].text != "still here?":
        seen.append(await news.next())
    too_old = {Kind.COMMAND, Kind.BUTTON}
    ours = {kind: what for kind, what in UNDERSTOOD.items() if what is not Kind.VOTE}  # in a poll of somebody else
    expected = [Kind.EXPIRED if ours[kind] in too_old else ours[kind] for kind in SAMPLES if kind in ours]
    found = [Kind.EXPIRED if message.kind in too_old else message.kind for message in seen]
    assert found == [*expected, Kind.TEXT]
    server.says("and now?", bot=bot, chat_id=CHAT)
    assert (await news.next()).text == "and now?"


async def test_a_voice_message_can_be_heard(bach: Bach, news: News, server: TelegramServer, bot: Bot) -> None:
    """Who speaks to the house would not be understood; who sends a film would fill its memory."""
    server.receive_media(bot, chat_id=CHAT, type="voice", content=b"OggS")
    voice = await news.next()
    assert await bach.fetch(voice.id) == b"OggS"
    with pytest.raises(FileTooLargeError):
        await bach.fetch(voice.id, 3)
    server.receive_media(bot, chat_id=CHAT, type="video", size=30 << 20)
    with pytest.raises(FileTooLargeError):
        await bach.fetch((await news.next()).id)
    server.files.clear()
    with pytest.raises(NotFetchedError, match="Wrong file_id") as raised:
        await bach.fetch(voice.id)
    assert TOKEN not in str(raised.value)
