"""The bytes of what people send."""

import logging

import pytest

from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.models import Fault as Reason
from bach_lib.models.incoming import Media
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.lib.connectors.telegram.conftest import CHAT, TOKEN

LIMIT = 1000


async def media(
    connector: TelegramConnector, server: TelegramServer, bot: Bot, content: bytes, size: int | None = None
) -> Media:
    """Somebody sends a voice message; what the connector says of it."""
    server.receive_media(bot, chat_id=CHAT, type="voice", content=content, size=size)
    answer = await connector.receive(None)
    found = answer.messages[-1].content.media  # type: ignore[union-attr] # a fault fails here as it should
    assert found
    return found


async def test_the_bytes_are_those_that_were_sent(
    connector: TelegramConnector, server: TelegramServer, bot: Bot
) -> None:
    """A voice message would be noise."""
    content = bytes(range(256)) * 3
    assert await connector.fetch(await media(connector, server, bot, content), LIMIT) == content


async def test_more_than_wanted_is_not_kept(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """A file that lies about its size would fill the memory."""
    found = await media(connector, server, bot, b"x" * 500_000, size=5)
    answer = await connector.fetch(found, LIMIT)
    assert isinstance(answer, Reason)
    assert answer.code == "too_large"


async def test_what_telegram_does_not_hand_out(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """A file above 20 MB, or one that is gone, would look like an outage."""
    film = await media(connector, server, bot, b"", size=30 << 20)
    for reference in (film.reference, "gone"):
        answer = await connector.fetch(Media(type="video", reference=reference), LIMIT)
        assert isinstance(answer, Reason)
        assert answer.code == "bad_request"


@pytest.mark.parametrize("method", ["getFile", "download"])
async def test_an_outage_is_a_fault(
    connector: TelegramConnector, server: TelegramServer, bot: Bot, method: str
) -> None:
    """An automation would end with an error that nobody understands."""
    found = await media(connector, server, bot, b"sound")
    for fault in (Fault.server_error(), Fault.drop_before_read()):
        server.fail(fault, times=None, methods=[method])
        assert isinstance(await connector.fetch(found, LIMIT), Reason)
        server.clear_faults()


async def test_the_token_in_the_address_stays_inside(
    connector: TelegramConnector, server: TelegramServer, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    """The address of a file holds the token, and would carry it into the log."""
    caplog.set_level(logging.DEBUG)
    found = await media(connector, server, bot, b"sound")
    await server.pause()
    answer = await connector.fetch(found, LIMIT)
    assert isinstance(answer, Reason)
    assert TOKEN not in repr(answer) + caplog.text
    await server.resume()
