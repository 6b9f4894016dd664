"""What people choose in a poll of ours comes in with its words, from whoever may, and is about nothing else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, Extras, IncomingMessage, Kind, MessageReceived, Place, Poll, Question, Status
from bach_lib.testing.telegram.models import SentMessage
from bach_lib.testing.telegram_server import TelegramServer
from bach_lib.testing.waiting import Waiting

TOKEN = "123456789:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
FAMILY = -1001234567890
FOOD = Poll(question="Pizza or pasta?", options=("Pizza", "Pasta", "Salad"), multiple=True)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    """Telegram on this machine, with a bot, a person and a group."""
    async with TelegramServer() as telegram:
        telegram.add_bot(TOKEN)
        telegram.add_chat(42, first_name="Ada")
        telegram.add_chat(FAMILY, type="supergroup", title="Family")
        yield telegram


def home(server: TelegramServer) -> Connection:
    """The connection of that bot. Ada is let in, whoever is in the family, and Bob in there."""
    allowed = frozenset({"42", str(FAMILY), f"{FAMILY}#7"})
    auth = {"bot_token": "entry:home"}
    return Connection(name="home", type="telegram", endpoint=server.url, auth_config=auth, allowed=allowed)


def a_bach(path: Path, server: TelegramServer) -> Bach:
    """One on a real file, so that it can be opened again."""
    return Bach(path / "bach.db", secrets={"entry": lambda _: TOKEN}, connections=[home(server)])


async def ask(bach: Bach, server: TelegramServer, place: int) -> tuple[int, SentMessage]:
    """The number of a message with a poll, and the poll as it stands there."""
    message = await bach.wait((await bach.send("home", place, "I am at the shop.", extras=Extras(poll=FOOD))).id, 10)
    assert message.status is Status.SENT
    return message.id, server.sent[-1]


class Ears:
    """What a BACH tells that came in."""

    def __init__(self, bach: Bach) -> None:
        self._waiting = Waiting()
        self._heard: list[IncomingMessage] = []
        bach.subscribe(MessageReceived, self._hear)

    def _hear(self, event: MessageReceived) -> None:
        self._heard.append(event.message)
        self._waiting.changed()

    async def heard(self, number: int) -> list[IncomingMessage]:
        """The first so many; the network needs real time."""
        await self._waiting.until(lambda: len(self._heard) >= number, timeout=60)
        return self._heard


async def test_a_vote_has_its_words_and_its_place(server: TelegramServer, tmp_path: Path) -> None:
    """Telegram tells no more than two numbers; nobody could do anything with them. Also after a restart."""
    async with a_bach(tmp_path, server) as bach:
        private, alone = await ask(bach, server, 42)
        shared, together = await ask(bach, server, FAMILY)
    async with a_bach(tmp_path, server) as bach:
        ears = Ears(bach)
        server.votes(alone, 0, 2, from_id=42)
        server.votes(together, 1, from_id=7, first_name="Bob")
        server.votes(alone, from_id=42)
        first, second, third = await ears.heard(3)
    assert (first.kind, first.text, first.content.choices) == (Kind.VOTE, "Pizza, Salad", (0, 2))
    assert (first.recipient, first.sender_id, first.message_id) == ("42", "42", private)
    assert (second.text, second.recipient, second.sender_name, second.message_id) == (
        "Pasta",
        str(FAMILY),
        "Bob",
        shared,
    )
    assert (third.kind, third.text, third.content.choices) == (Kind.VOTE, "", ())


async def test_only_votes_of_those_who_may_in_polls_of_ours(server: TelegramServer, tmp_path: Path) -> None:
    """Whoever gets hold of a poll would run automations; or a poll of another program would."""
    async with a_bach(tmp_path, server) as bach:
        ears, (_, poll) = Ears(bach), await ask(bach, server, 42)
        _, shared = await ask(bach, server, FAMILY)
        for one in (poll, shared):  # which somebody has passed on to where she is
            server.votes(one, 0, from_id=666, first_name="Mallory")
        server.votes(poll, 0, from_id=7, first_name="Bob")
        server.votes(replace(poll, message_id=999), 0, from_id=42)
        server.votes(poll, 1, from_id=42)
        [only] = await ears.heard(1)
        assert (only.sender_id, only.text) == ("42", "Pasta")


async def test_a_vote_answers_no_question(server: TelegramServer, tmp_path: Path) -> None:
    """Pizza would open the garage, because somebody was asked for a word there."""
    async with a_bach(tmp_path, server) as bach:
        ears, (_, poll) = Ears(bach), await ask(bach, server, 42)
        place = Place(connection="home", recipient="42")
        asking = asyncio.create_task(
            bach.ask(Question(text="Which word?", places=[place], timeout=600, takes_text=True))
        )
        await server.wait_for(3)
        server.votes(poll, 0, from_id=42)
        await ears.heard(1)
        server.says("Open sesame", sender="42")
        answer = await asyncio.wait_for(asking, 60)
        assert answer.text == "Open sesame"


async def test_a_poll_is_passed_on_and_stays_where_it_was_asked(server: TelegramServer, tmp_path: Path) -> None:
    """It would go in words once more, and a vote would be about what passed it on, without its words."""
    async with a_bach(tmp_path, server) as bach:
        ears, (number, poll) = Ears(bach), await ask(bach, server, 42)
        passed = await bach.wait((await bach.forward("home", FAMILY, number)).id, 10)
        assert (passed.status, passed.lost) == (Status.SENT, ())
        assert [one.chat_id for one in server.sent] == [42, 42, FAMILY, FAMILY]
        server.votes(poll, 0, from_id=42)
        [vote] = await ears.heard(1)
        assert (vote.recipient, vote.text, vote.message_id) == ("42", "Pizza", number)
