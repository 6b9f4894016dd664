"""What Telegram shows beside words is sent through a whole BACH, and goes into words where it is refused."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Unpack

import pytest

from bach_lib import Bach, Button, Connection, Effect, Extras, Location, Message, Poll, SendOptions, Status
from bach_lib.testing.telegram.errors import bad_request
from bach_lib.testing.telegram_server import Fault, TelegramServer
from bach_lib.web.viewer import Visit
from bach_lib.web.views import Views
from tests.lib.web.viewers import Everybody

TOKEN = "123456789:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
GATE = Location(latitude=48.137, longitude=11.575, name="The gate")
FIELD = Location(latitude=48.5, longitude=11.5)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    """Telegram on this machine, with a bot and a person."""
    async with TelegramServer() as telegram:
        telegram.add_bot(TOKEN)
        telegram.add_chat(42, first_name="Ada")
        yield telegram


@pytest.fixture
async def bach(server: TelegramServer, tmp_path: Path) -> AsyncIterator[Bach]:
    """A BACH with that bot."""
    async with Bach(tmp_path / "bach.db", secrets={"entry": lambda _: TOKEN}) as running:
        auth = {"bot_token": "entry:home"}
        await running.registry.add(
            Connection(name="home", type="telegram", endpoint=server.url, auth_config=auth, allowed=frozenset({"42"}))
        )
        yield running


async def sent(bach: Bach, text: str, **options: Unpack[SendOptions]) -> Message:
    """Send, and wait until that is over."""
    message = await bach.wait((await bach.send("home", 42, text, **options)).id, 10)
    assert message.status is Status.SENT
    return message


async def test_words_and_their_place_arrive_apart_and_go_together(bach: Bach, server: TelegramServer) -> None:
    """The place would ring a second time, or stay when the alarm is taken back."""
    buttons = ((Button(text="On my way", value="yes"),),)
    message = await sent(bach, "The gate is open", extras=Extras(location=GATE, protected=True), buttons=buttons)
    assert not message.lost
    words, place = server.sent
    assert (words.text, words.location, place.text) == ("The gate is open", None, "")
    assert place.location == Location(latitude=48.137, longitude=11.575, name="The gate", address="48.13700, 11.57500")
    assert (len(words.keyboard), len(place.keyboard)) == (1, 0), "the same would be asked twice"
    assert words.protected
    assert place.protected
    assert message.remote_id == str(words.message_id)
    await bach.wait((await bach.delete(message.id)).id, 10)
    assert not [one for one in server.chats[42].messages.values() if one]


async def test_a_place_needs_no_words(bach: Bach, server: TelegramServer) -> None:
    """An empty message would come before it, or its buttons be lost."""
    await sent(bach, "", extras=Extras(location=FIELD), buttons=((Button(text="On my way", value="yes"),),))
    [place] = server.sent
    assert (place.location, place.kind) == (FIELD, "location")
    assert [one.text for row in place.keyboard for one in row] == ["On my way"]


async def test_a_place_that_is_refused_is_said_in_words(bach: Bach, server: TelegramServer) -> None:
    """Nobody would know where to go, although the words arrived."""
    server.fail(Fault.refusal("no_place", bad_request("failed to send location")), methods=["sendLocation"])
    message = await sent(bach, "Come here", extras=Extras(location=FIELD, protected=True))
    assert [loss.what for loss in message.lost] == ["location"]
    first, second = server.sent
    assert (first.text, second.protected) == ("Come here", True), "only the place is lost"
    assert second.text.startswith("📍 https://www.openstreetmap.org/")


async def test_a_poll_stands_below_its_words(bach: Bach, server: TelegramServer) -> None:
    """Who should answer would be asked without knowing why; or nobody's vote could be seen."""
    poll = Poll(question="Who is in?", options=("I am", "Not me"), multiple=True)
    message = await sent(bach, "The gate is open", extras=Extras(poll=poll, effect=Effect.HEART))
    words, asked = server.sent
    assert (words.text, words.poll, asked.poll, message.lost) == ("The gate is open", None, poll, ())
    assert asked.arguments["is_anonymous"] in {"false", False}
    assert (words.effect, asked.effect) == ("5159385139981059251", None), "one effect is enough"


async def test_a_poll_that_is_refused_is_said_in_words(bach: Bach, server: TelegramServer) -> None:
    """Nobody would be asked in a place that takes no polls."""
    server.fail(
        Fault.refusal("no_poll", bad_request("not enough rights to send polls to the chat")), methods=["sendPoll"]
    )
    poll = Poll(question="Who is in?", options=("I am", "Not me"))
    message = await sent(bach, "", extras=Extras(poll=poll))
    assert [loss.what for loss in message.lost] == ["poll"]
    assert [one.text for one in server.sent] == ["📊 Who is in?\n1. I am\n2. Not me"]


async def test_a_group_gets_the_words_without_the_effect(bach: Bach, server: TelegramServer) -> None:
    """Telegram has effects in private chats only, and refuses all of the message elsewhere."""
    server.add_chat(-100, type="group", title="Family")
    message = await bach.wait((await bach.send("home", -100, "Hooray", extras=Extras(effect=Effect.FIRE))).id, 10)
    assert (message.status, [loss.what for loss in message.lost]) == (Status.SENT, ["effect"])
    assert [(one.text, one.effect) for one in server.sent] == [("Hooray", None)]


async def test_nothing_of_a_confidential_place_is_kept(bach: Bach, server: TelegramServer, tmp_path: Path) -> None:
    """Whoever gets hold of the database would know where somebody was."""
    message = await sent(bach, "", extras=Extras(location=FIELD), confidential=True)
    assert server.sent[0].location == FIELD
    with closing(sqlite3.connect(tmp_path / "bach.db")) as file:
        assert file.execute("SELECT text, extras FROM messages WHERE id = ?", (message.id,)).fetchall() == [("", None)]


async def test_the_panel_shows_what_has_no_words(bach: Bach) -> None:
    """A line of the panel would be empty."""
    message = await sent(bach, "", extras=Extras(location=GATE))
    views = Views(Visit(bach, Everybody([])))
    assert str(views.row(message)["text"]).startswith("📍 The gate\nhttps://www.openstreetmap.org/")
