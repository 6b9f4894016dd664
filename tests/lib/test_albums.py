"""Several files in one message are one album where there are such: sent at once, answered and taken away whole."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, File, MessageProven, ProofKind
from bach_lib.connectors.telegram.calls import albums
from bach_lib.models import Button, Message, Operation, Status
from bach_lib.testing.discord_server import DiscordServer
from bach_lib.testing.telegram.errors import bad_request
from bach_lib.testing.telegram_server import Fault, TelegramServer

TOKEN = "123456789:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
ADA = 42


def picture(name: str, size: int = 3) -> File:
    """A file of this name, whose ending says what it is."""
    return File(name=name, content=b"x" * size)


PICTURES = (picture("1.jpg"), picture("2.mp4"), picture("3.png"))


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        ("1.jpg 2.mp4 3.png", ["1.jpg 2.mp4 3.png"]),
        ("1.jpg a.pdf 2.jpg b.zip", ["1.jpg 2.jpg", "a.pdf b.zip"]),
        ("a.mp3 1.jpg b.mp3 c.gif d.gif", ["a.mp3 b.mp3", "1.jpg", "c.gif", "d.gif"]),
        (" ".join(f"{one}.jpg" for one in range(12)), [" ".join(f"{one}.jpg" for one in range(10)), "10.jpg 11.jpg"]),
    ],
)
def test_what_goes_together_is_an_album(names: str, groups: list[str]) -> None:
    """Telegram refuses an album of a picture and a document, and one of eleven."""
    found = albums([picture(name) for name in names.split()], 1000)
    assert [" ".join(file.name for file in group) for group in found] == groups


def test_an_album_is_as_large_as_one_request_may_be() -> None:
    """Ten videos of 30 MB would be refused as one, after an upload of an hour."""
    found = albums([picture("1.mp4", 30), picture("2.mp4", 20), picture("3.mp4", 31)], 50)
    assert [[file.name for file in group] for group in found] == [["1.mp4", "2.mp4"], ["3.mp4"]]


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    """Telegram on this machine, with a bot and a person."""
    async with TelegramServer() as telegram:
        telegram.add_bot(TOKEN)
        telegram.add_chat(ADA, first_name="Ada")
        yield telegram


@pytest.fixture
async def bach(server: TelegramServer, tmp_path: Path) -> AsyncIterator[Bach]:
    """A BACH with that bot."""
    async with Bach(tmp_path / "bach.db", secrets={"entry": lambda _: TOKEN}) as running:
        auth = {"bot_token": "entry:home"}
        home = Connection(
            name="home", type="telegram", endpoint=server.url, auth_config=auth, allowed=frozenset({"42"})
        )
        await running.registry.add(home)
        yield running


async def sent(bach: Bach, text: str, *files: File, **options: object) -> Message:
    """Send, and wait until that is over."""
    receipt = await bach.send("home", ADA, text, files=files, **options)  # type: ignore[arg-type] # fields
    return await bach.wait(receipt.id, 10)


async def test_an_album_arrives_as_one_and_is_taken_away_whole(bach: Bach, server: TelegramServer) -> None:
    """Three pictures would ring three times, and two of them stay when the alarm is over."""
    message = await sent(bach, "Somebody is at the door", *PICTURES, tag="door")
    assert (message.status, message.degraded, message.remote_id) == (Status.SENT, False, "1")
    assert server.calls["sendMediaGroup"] == 1
    assert [(one.kind, one.text, one.album) for one in server.sent] == [
        ("photo", "Somebody is at the door", "42-1"),
        ("video", "", "42-1"),
        ("photo", "", "42-1"),
    ]
    cleared = await bach.clear("home", ADA, "door")
    assert cleared.taken_away == 1
    await server.wait_until(lambda: len(server.deleted) == 3)
    assert server.calls["deleteMessages"] == 1
    assert "deleteMessage" not in server.calls


async def test_a_long_text_is_taken_away_whole(bach: Bach, server: TelegramServer) -> None:
    """Its last part would go, and the beginning stay."""
    message = await sent(bach, "word " * 1500)
    receipt = await bach.delete(message.id)
    assert (await bach.wait(receipt.id, 60)).status is Status.SENT
    assert len(server.sent) == 2
    assert len(server.deleted) == 2


async def test_who_answers_any_of_its_pictures_answers_it(bach: Bach, server: TelegramServer) -> None:
    """A route would go on to wake the neighbours, because somebody answered the second picture."""
    message = await sent(bach, "Somebody is at the door", *PICTURES)
    events = bach.events(MessageProven)
    server.says("It is the postman", bot=server.first_bot, chat_id=ADA, reply_to=2)
    async with asyncio.timeout(30):
        event = await anext(aiter(events))
    assert (event.message.id, event.proof.kind) == (message.id, ProofKind.DELIVERED)
    assert ProofKind.ANSWERED in {one.kind for one in (await bach.get(message.id)).proven}


async def test_buttons_stand_below_the_words_before_an_album(bach: Bach, server: TelegramServer) -> None:
    """Telegram has no buttons below an album: nobody could let the postman in."""
    message = await sent(bach, "Open?", *PICTURES, buttons=[[Button(text="Yes", value="yes")]])
    assert (message.status, message.degraded) == (Status.SENT, False)
    assert [(one.kind, one.text, bool(one.keyboard)) for one in server.sent] == [
        ("text", "Open?", True),
        *[(kind, "", False) for kind in ("photo", "video", "photo")],
    ]
    assert message.remote_id == "1"


async def test_one_that_cannot_be_shown_costs_only_itself(bach: Bach, server: TelegramServer) -> None:
    """One broken frame would make documents of all pictures, or cost them."""
    refused = Fault.refusal("broken", bad_request("IMAGE_PROCESS_FAILED"))
    server.fail(refused, times=1, methods=["sendMediaGroup"])
    server.fail(refused, times=1, methods=["sendPhoto"])
    message = await sent(bach, "Look", *PICTURES[:2])
    assert message.status is Status.SENT
    assert [loss.what for loss in message.lost] == ["album", "kind"]
    assert [(one.kind, one.text) for one in server.sent] == [("document", "Look"), ("video", "")]


@pytest.mark.parametrize(("fault", "there"), [(Fault.drop_before_read(), 0), (Fault.drop_after_store(), 3)])
async def test_an_album_goes_at_most_once(bach: Bach, server: TelegramServer, fault: Fault, there: int) -> None:
    """What must not come twice would come twice in part, as one picture after the other was asked for."""
    server.fail(fault, times=1, methods=["sendMediaGroup"])
    message = await sent(bach, "Look", *PICTURES, delivery="at_most_once")
    assert (message.status, len(server.sent)) == (Status.UNCERTAIN, there)
    assert server.calls["sendMediaGroup"] == int(there > 0)


async def test_discord_gets_one_message_and_loses_it_whole(tmp_path: Path) -> None:
    """Twelve frames are two messages there; one of them would stay."""
    token = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GtEsT0.the_token_of_the_contract_tests"
    async with DiscordServer() as server, Bach(tmp_path / "bach.db", secrets={"entry": lambda _: token}) as bach:
        server.add_bot(token)
        channel = server.add_channel(server.add_guild("Home"), "door")
        auth = {"bot_token": "entry:home"}
        await bach.registry.add(Connection(name="home", type="discord", endpoint=server.url, auth_config=auth))
        files = [picture(f"{number}.jpg") for number in range(12)]
        receipt = await bach.send("home", str(channel.id), "Look", files=files)
        message = await bach.wait(receipt.id, 60)
        assert [(one.content, len(one.attachments)) for one in server.sent] == [("Look", 10), ("", 2)]
        assert (await bach.wait((await bach.delete(message.id)).id, 60)).operation is Operation.DELETE
        assert len(server.deleted) == 2
