"""The token is in every address; it must be in nothing that people, logs or events see."""

import asyncio
import logging
import time
import traceback

import pytest
from aiohttp import ClientSession
from telegram.error import TelegramError

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Setup
from bach_lib.connectors.telegram import TelegramConnector, Timeouts
from bach_lib.connectors.telegram.bot import TOKEN_PLACEHOLDER, RawBot
from bach_lib.connectors.telegram.http_request import AiohttpRequest
from bach_lib.errors import InvalidEndpointError, SecretNotFoundError
from bach_lib.models import Connection, Format
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.lib.connectors.telegram.conftest import CHAT, TOKEN, Connect, a_message

SECRET = TOKEN.partition(":")[2]
TEXT = "a private matter"


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that any logger has to say."""
    caplog.set_level(logging.DEBUG)
    for name in ("telegram", "telegram.Bot", "telegram.request.BaseRequest", "aiohttp", "aiohttp.client", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


FAULTS = [
    Fault.unauthorized(),
    Fault.server_error(),
    Fault.proxy_page(),
    Fault.garbage(),
    Fault.conflict(),
    Fault.chat_not_found(),
    Fault.drop_before_read(),
    Fault.drop_after_store(),
    Fault.hang(),
    Fault.too_many_requests(),
    Fault.migrated(-1005),
]


async def test_no_token_and_no_text_anywhere(
    everything_logged: pytest.LogCaptureFixture, connect: Connect, server: TelegramServer, bot: Bot
) -> None:
    """Whoever reads a log or a bug report could take over the bot, or read other people's messages."""
    asyncio.get_running_loop().set_debug(True)
    connector = connect(timeouts=Timeouts(connect=60, read=0.5, total=60))
    said: list[object] = [connector, vars(connector)]
    for fault in [*FAULTS, None]:
        for method in ("sendMessage", "getMe", "getUpdates"):
            server.clear_faults()
            if fault is not None:
                server.fail(fault, times=None)
            if method == "sendMessage":
                said.append(await connector.send(a_message(TEXT, form=Format.HTML)))
            elif method == "getMe":
                said.append(await connector.check())
            else:
                server.says(TEXT, bot=bot, chat_id=CHAT)
                await connector.receive(None)
    await server.pause()
    said += [await connector.send(a_message(TEXT)), await connector.check(), await connector.receive(None)]
    await server.resume()
    for text in (repr(said), everything_logged.text):
        assert SECRET not in text
        assert TEXT not in text


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:1", "https://{host}", "http://nowhere.invalid", "ftp://127.0.0.1", "http://x" * 40]
)
@pytest.mark.parametrize("fault", [None, Fault.drop_before_read(), Fault.hang(), Fault.garbage()])
async def test_no_token_in_the_chain_of_an_exception(
    server: TelegramServer, endpoint: str, fault: Fault | None
) -> None:
    """A traceback that somebody prints would hold the address, and with it the token."""
    if fault is not None:
        server.fail(fault)
        endpoint = server.url
    async with ClientSession() as session:
        request = AiohttpRequest(
            lambda: session,
            token=TOKEN,
            host="host",
            timeouts=Timeouts(connect=60, read=0.5, total=60),
            max_answer=1000,
            now=time.time,
        )
        bot = RawBot(endpoint.format(host=server.url.removeprefix("http://")), request=request, polling=request)
        with pytest.raises(TelegramError) as raised:
            await bot.call("getMe")
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert SECRET not in repr((raised.value, raised.value.args, bot, request, bot.token))
    assert bot.token == TOKEN_PLACEHOLDER


async def test_a_server_that_repeats_the_token(connect: Connect, server: TelegramServer) -> None:
    """A talkative server could write the token into our events."""
    server.fail(Fault.forbidden(f"bot {TOKEN} was blocked"))
    outcome = await connect().send(a_message())
    assert "was blocked" in repr(outcome)
    assert SECRET not in repr(outcome)


def setup(endpoint: str | None = None, **secrets: str) -> Setup:
    """What a connector is made from, without a way to make anything."""
    return Setup(
        connection=Connection(name="telegram", type="telegram", endpoint=endpoint),
        secrets=secrets,
        session=None,  # type: ignore[arg-type]  # must not be touched while nothing is sent
        new_session=ClientSession,
        clock=SystemClock(),
    )


@pytest.mark.parametrize("secrets", [{}, {"bot_token": ""}, {"bot_token": " \n"}, {"token": TOKEN}])
def test_no_token_at_all(secrets: dict[str, str]) -> None:
    """A forgotten token would only show when the first message fails."""
    with pytest.raises(SecretNotFoundError):
        TelegramConnector(setup(**secrets))


@pytest.mark.parametrize("endpoint", ["api.telegram.org", "http://", "http://[", "not an address"])
def test_no_address(endpoint: str) -> None:
    """A wrong address would end in an error nobody understands."""
    with pytest.raises(InvalidEndpointError):
        TelegramConnector(setup(endpoint, bot_token=TOKEN))


def test_nothing_happens_before_it_is_asked_for() -> None:
    """Without internet at boot, the connection would not even come into being."""
    assert SECRET not in repr(TelegramConnector(setup(bot_token=TOKEN)))
