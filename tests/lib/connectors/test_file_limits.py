"""Files that are too large for the very place they go to: left out before anything is sent, and never the words."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bach_lib.connectors.base import Connector
from bach_lib.connectors.file_limits import FileLimits, fitted
from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.models import Connection, File, Loss, Message
from bach_lib.outcomes import Dead, Retry, Sent
from bach_lib.testing.discord_server import DiscordServer
from bach_lib.testing.ntfy import NtfyServer
from bach_lib.testing.telegram_server import TelegramServer
from tests.contracts.ntfy import NtfyPlatform
from tests.contracts.platforms import DiscordPlatform, TelegramPlatform

MIB = 1 << 20


def message(recipient: str, *files: File, text: str = "Somebody is at the door") -> Message:
    """A message with these files."""
    return Message(id=1, nonce="n1", connection="home", recipient=recipient, text=text, files=files)


async def test_what_is_too_large_is_left_out_and_what_is_too_large_to_be_shown_is_a_document() -> None:
    """The words of an alarm would wait for a file that nobody takes."""
    limits = FileLimits(who="Telegram", each=30, picture=20)
    kept = (
        File(name="a.jpg", content=bytes(20)),
        File(name="b.jpg", content=bytes(21)),
        File(name="c.mp4", content=b"x" * 30),
    )
    asked = message("42", *kept, File(name="d.mp4", content=bytes(31)))
    made, lost = await fitted(asked, limits)
    assert made == replace(asked, files=kept)
    assert lost == [
        Loss(
            what="kind",
            reason="b.jpg: it has 21 bytes, Telegram shows pictures of at most 20, and it could not be made smaller "
            "(it cannot be read as a picture), so it is a document.",
        ),
        Loss(what="file", reason="d.mp4: it has 31 bytes, and Telegram takes 30."),
    ]


@pytest.mark.parametrize(
    ("endpoint", "bytes_"),
    [(None, 50_000_000), ("https://api.telegram.org/", 50_000_000), ("http://bots.local:8081", 2_000_000_000)],
)
def test_a_server_of_ones_own_takes_more(endpoint: str | None, bytes_: int) -> None:
    """Whoever runs a Bot API for its sake would still be told 50 MB."""
    connection = Connection(name="home", type="telegram", endpoint=endpoint)
    assert TelegramConnector.capabilities_of(connection).file_bytes == bytes_


@pytest.fixture
async def telegram() -> AsyncIterator[tuple[TelegramServer, Connector]]:
    """Telegram, and a bot."""
    async with TelegramPlatform() as platform:
        yield platform._server, platform.connect()


async def test_a_picture_of_more_than_ten_megabytes_is_a_document(
    telegram: tuple[TelegramServer, Connector],
) -> None:
    """Telegram refuses it as a picture, after the upload."""
    server, connector = telegram
    picture = File(name="door.jpg", content=bytes(10_000_001))
    outcome = await connector.send(message("42", picture))
    assert isinstance(outcome, Sent)
    assert [loss.what for loss in outcome.losses] == ["kind"]
    assert [(one.kind, one.text) for one in server.sent] == [("document", "Somebody is at the door")]
    assert server.calls == {"sendDocument": 1}


@pytest.fixture
async def discord() -> AsyncIterator[tuple[DiscordServer, Connector]]:
    """Discord, and a bot."""
    async with DiscordPlatform() as platform:
        yield platform._server, platform.connect()


@pytest.mark.parametrize(("tier", "goes"), [(1, False), (2, True)])
async def test_a_boosted_server_takes_larger_files(
    discord: tuple[DiscordServer, Connector], tier: int, goes: bool
) -> None:
    """A clip of 21 MB would be uploaded for nothing, or left out where people have paid that it may come."""
    server, connector = discord
    guild = server.add_guild("Home")
    guild.premium_tier = tier
    channel = server.add_channel(guild, "door")
    clip = File(name="clip.mp4", content=bytes(21 * MIB))
    for number in range(2):
        outcome = await connector.send(replace(message(str(channel.id), clip), nonce=f"n{number}"))
        assert isinstance(outcome, Sent)
        assert [loss.what for loss in outcome.losses] == ([] if goes else ["file"])
    assert [len(one.attachments) for one in server.sent] == [int(goes)] * 2
    assert server.calls["get_guild"] == 1


async def test_an_ntfy_server_says_what_it_grants() -> None:
    """At ntfy.sh a picture of 3 MB would be uploaded and refused each time."""
    async with NtfyPlatform() as platform:
        server: NtfyServer = platform._server
        server.file_bytes = 2_000_000
        connector = platform.connect()
        picture = File(name="door.mp4", content=bytes(2_000_001))
        outcome = await connector.send(message(platform.recipient, picture))
        assert isinstance(outcome, Sent)
        assert [loss.what for loss in outcome.losses] == ["file"]
        assert "takes 2000000" in outcome.losses[0].reason
        assert [(one.text, one.content) for one in server.sent] == [("Somebody is at the door", None)]
        outcome = await connector.send(message(platform.recipient, picture, text=""))
        assert isinstance(outcome, Dead)
        assert outcome.fault.code == "without_file"
        assert outcome.fault.text.startswith("door.mp4: it has 2000001 bytes, and 127.0.0.1:")


async def test_who_cannot_be_asked_is_asked_again() -> None:
    """A picture would be left out for good, because a question about it was lost."""
    async with NtfyPlatform() as platform:
        connector = platform.connect()
        await platform.go_away()
        outcome = await connector.send(message(platform.recipient, File(name="door.mp4", content=b"x")))
        assert isinstance(outcome, Retry)
        assert not outcome.written
