"""A tag after sending: a silent message changes the one that was sent, any other takes its place (ADR 0114)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bach_lib import Bach, Connection, File
from bach_lib.errors import InvalidValueError
from bach_lib.models import Message, Operation, Status
from bach_lib.outbound import tagged
from bach_lib.testing import FakeClock, FakePlatform, fake_connector
from bach_lib.testing.telegram.errors import bad_request
from bach_lib.testing.telegram_server import Fault, TelegramServer

TOKEN = "123456789:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
ADA, BOB = 42, 43


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    """Telegram on this machine, with a bot and two people."""
    async with TelegramServer() as telegram:
        telegram.add_bot(TOKEN)
        telegram.add_chat(ADA, first_name="Ada")
        telegram.add_chat(BOB, first_name="Bob")
        yield telegram


@pytest.fixture
async def bach(server: TelegramServer, tmp_path: Path) -> AsyncIterator[Bach]:
    """A BACH with that bot."""
    async with Bach(tmp_path / "bach.db", secrets={"entry": lambda _: TOKEN}) as running:
        auth = {"bot_token": "entry:home"}
        await running.registry.add(Connection(name="home", type="telegram", endpoint=server.url, auth_config=auth))
        yield running


async def sent(bach: Bach, text: str, recipient: int = ADA, **options: object) -> Message:
    """Send with the tag of the washing machine, and wait until that is over."""
    receipt = await bach.send("home", recipient, text, **{"tag": "washer", **options})  # type: ignore[arg-type] # fields
    return await bach.wait(receipt.id, 60)


def seen(server: TelegramServer, chat: int = ADA) -> list[str]:
    """What stands in the chat."""
    now = {(one.chat_id, one.message_id): one.text for one in (*server.sent, *server.edited)}
    gone = {(one.chat_id, one.message_id) for one in server.deleted}
    return [text for place, text in now.items() if place[0] == chat and place not in gone]


async def test_progress_is_one_message_that_changes(bach: Bach, server: TelegramServer) -> None:
    """A washing machine would write forty lines, and each would make the phone light up."""
    for percent in (20, 40, 60):
        assert (await sent(bach, f"{percent} %", silent=True)).status is Status.SENT
    await sent(bach, "Dishes", silent=True, tag="dishes")
    await sent(bach, "80 %", BOB, silent=True)
    assert seen(server) == ["60 %", "Dishes"]
    assert seen(server, BOB) == ["80 %"]
    operations = [one.operation for one in await bach.messages()][2:]
    assert operations == [Operation.EDIT, Operation.EDIT, Operation.SEND]


async def test_what_is_to_be_heard_goes_anew_and_the_older_one_then(bach: Bach, server: TelegramServer) -> None:
    """A second leak would be an edit far up in the chat, which wakes nobody."""
    await sent(bach, "Water!", tag="leak")
    await sent(bach, "Water, still!", tag="leak")
    await server.wait_until(lambda: seen(server) == ["Water, still!"])
    assert [one.text for one in server.sent] == ["Water!", "Water, still!"]
    await sent(bach, "Dry again", tag="leak", silent=True)
    assert seen(server) == ["Dry again"]
    await sent(bach, "Water again!", tag="leak")
    await server.wait_until(lambda: seen(server) == ["Water again!"])


async def test_progress_for_several_changes_one_message_of_each(bach: Bach, server: TelegramServer) -> None:
    """A household would see one message change, and each of them forty lines."""
    for percent in (20, 40):
        targets = [("home", ADA), ("home", BOB)]
        await asyncio.gather(
            *[bach.wait(one.id, 60) for one in await bach.send_all(targets, f"{percent} %", tag="w", silent=True)]
        )
    assert (seen(server), seen(server, BOB)) == (["40 %"], ["40 %"])


@pytest.mark.parametrize("reason", ["message to edit not found", "message can't be edited"])
async def test_words_whose_message_is_gone_go_anew(bach: Bach, server: TelegramServer, reason: str) -> None:
    """Somebody tidies up their chat, and never hears that the washing is done."""
    await sent(bach, "20 %", silent=True)
    server.fail(Fault.refusal("gone", bad_request(reason)), times=2, methods=["editMessageText", "editMessageCaption"])
    message = await sent(bach, "40 %", silent=True)
    assert (message.status, message.text) == (Status.SENT, "40 %")
    assert [one.text for one in server.sent] == ["20 %", "40 %"]
    await sent(bach, "60 %", silent=True)
    assert "60 %" in seen(server)
    assert "40 %" not in seen(server), "what stands there now was changed, not what is gone"


async def test_files_and_long_words_go_anew(bach: Bach, server: TelegramServer) -> None:
    """A picture of now would be missing below words of now, or half of a text."""
    await sent(bach, "20 %", silent=True)
    await sent(bach, "x" * 3000, silent=True)
    await sent(bach, "Look", silent=True, files=[File(name="a.txt", content=b"a")])
    await sent(bach, "Done", silent=True)
    await server.wait_until(lambda: seen(server) == ["Done"])
    assert [one.text for one in server.sent] == ["20 %", "x" * 3000, "Look", "Done"]


async def test_who_sends_again_under_a_key_gets_the_first_receipt(bach: Bach, server: TelegramServer) -> None:
    """A program that repeats its request would be told that it has asked for something else."""
    first = await sent(bach, "20 %", silent=True, idempotency_key="a")
    assert (await sent(bach, "20 %", silent=True, idempotency_key="a")).id == first.id
    assert len(await bach.messages()) == 1


async def test_clearing_a_tag_takes_away_what_stands_and_cancels_what_waits(bach: Bach, server: TelegramServer) -> None:
    """The leak is dry, and everybody still reads of water; or the phone rings for it an hour later."""
    await sent(bach, "Water!", tag="leak")
    await sent(bach, "Dishes")
    await bach.stop("home")
    waiting = await bach.send("home", ADA, "Water, still!", tag="leak")
    cleared = await bach.clear("home", ADA, "leak")
    assert (cleared.cancelled, cleared.taken_away) == (1, 1)
    assert (await bach.get(waiting.id)).status is Status.CANCELLED
    await bach.start("home")
    await server.wait_until(lambda: seen(server) == ["Dishes"])
    again = await bach.clear("home", ADA, "leak")
    assert (again.cancelled, again.taken_away) == (0, 0)
    with pytest.raises(InvalidValueError):
        await bach.clear("home", ADA, "")


@pytest.fixture
def platform() -> FakePlatform:
    """A platform that does as it is told."""
    return FakePlatform()


@pytest.fixture
async def turned(platform: FakePlatform, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Bach]:
    """A BACH whose clock is turned by hand."""
    async with Bach(tmp_path / "bach.db", clock=clock, connectors={"fake": fake_connector(platform)}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        yield bach


async def test_the_older_one_stays_until_the_newer_one_is_there(
    turned: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """Whoever looks while the line is down would find no word of the leak at all."""
    await turned.wait((await turned.send("home", "ada", "Water!", tag="leak")).id, 60)
    platform.hold = asyncio.Event()
    newer = await turned.send("home", "ada", "Water, still!", tag="leak")
    await clock.settle()
    assert len(await turned.messages()) == 2
    platform.hold.set()
    await turned.wait(newer.id, 60)
    await clock.settle()
    assert [(one.operation, one.target) for one in platform.sent][1:] == [
        (Operation.SEND, None),
        (Operation.DELETE, (await turned.get(1)).remote_id),
    ]


async def test_what_is_on_its_way_when_its_tag_is_cleared_goes_when_it_has_arrived(
    turned: Bach, platform: FakePlatform, clock: FakeClock
) -> None:
    """It would arrive just after, and stay."""
    platform.hold = asyncio.Event()
    on_its_way = await turned.send("home", "ada", "Water!", tag="leak")
    await clock.settle()
    assert (await turned.clear("home", "ada", "leak")).cancelled == 0
    platform.hold.set()
    await turned.wait(on_its_way.id, 60)
    await clock.settle()
    assert [one.operation for one in platform.sent] == [Operation.SEND, Operation.DELETE]


async def test_a_platform_that_replaces_by_itself_is_left_to_it(
    platform: FakePlatform, clock: FakeClock, tmp_path: Path
) -> None:
    """A phone shows the newer in place of the older one, and a deletion of that would take the newer one away."""
    type_ = fake_connector(platform)
    type_.capabilities = replace(type_.capabilities, replaces_by_tag=True)
    async with Bach(tmp_path / "bach.db", clock=clock, connectors={"fake": type_}) as bach:
        await bach.registry.add(Connection(name="home", type="fake"))
        for silent in (False, False, True):
            await bach.wait((await bach.send("home", "ada", "Washing", tag="t", silent=silent)).id, 60)
            await clock.settle()
    assert [one.operation for one in platform.sent] == [Operation.SEND] * 3


async def test_what_was_sent_days_ago_stays(turned: Bach, platform: FakePlatform, clock: FakeClock) -> None:
    """Telegram would refuse it, and yesterday's word would be changed where nobody looks."""
    for text, seconds in (("Monday", tagged.REACH + 1), ("Wednesday", 60.0), ("Wednesday, later", 1.0)):
        await turned.wait((await turned.send("home", "ada", text, tag="t", silent=True)).id, 60)
        await clock.advance(seconds)
    operations = [(one.operation, one.text) for one in platform.sent]
    assert operations == [
        (Operation.SEND, "Monday"),
        (Operation.SEND, "Wednesday"),
        (Operation.EDIT, "Wednesday, later"),
    ]
