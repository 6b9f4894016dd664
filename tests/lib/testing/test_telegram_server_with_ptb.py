"""python-telegram-bot, as it is, takes the double for Telegram: it raises what it raises on the real server."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from telegram import Bot as RealBot
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.lib.testing.conftest import TOKEN

# RetryAfter reads its own deprecated attribute, unless the whole process has opted in to the new one.
pytestmark = pytest.mark.filterwarnings("ignore:.*attribute `retry_after` will be of type:DeprecationWarning")


def real_bot(server: TelegramServer, token: str = TOKEN) -> RealBot:
    """A bot whose requests stay on this machine, whatever proxies are configured."""
    requests = [HTTPXRequest(httpx_kwargs={"trust_env": False}) for _ in range(2)]
    return RealBot(
        token,
        base_url=f"{server.url}/bot",
        base_file_url=f"{server.url}/file/bot",
        request=requests[0],
        get_updates_request=requests[1],
    )


@pytest.fixture
async def real(server: TelegramServer, bot: Bot) -> AsyncIterator[RealBot]:
    """The real library, connected to the double."""
    async with real_bot(server) as running:
        yield running


async def test_it_logs_in_and_sends(real: RealBot, server: TelegramServer) -> None:
    """Nothing else in these tests would mean anything."""
    first = await real.send_message(42, "<b>Open</b>", parse_mode="HTML", disable_notification=True)
    second = await real.send_message(42, "really", reply_parameters=ReplyParameters(first.message_id))

    assert real.username == "home_bot"
    assert (first.text, first.chat.first_name, first.entities[0].type) == ("Open", "Ada", "bold")
    assert second.reply_to_message is not None
    assert [(message.silent, message.reply_to) for message in server.sent] == [(True, None), (False, 1)]


async def test_it_receives(real: RealBot, server: TelegramServer, bot: Bot) -> None:
    """The library would not understand the double's updates."""
    server.says("/start now", bot=bot, chat_id=42)

    [update] = await real.get_updates()

    assert update.message is not None
    assert update.message.from_user is not None
    assert update.message.from_user.first_name == "Ada"
    assert [*update.message.parse_entities(["bot_command"]).values()] == ["/start"]
    assert await real.get_updates(offset=update.update_id + 1) == ()


async def test_it_uses_the_other_methods(real: RealBot, server: TelegramServer, bot: Bot) -> None:
    """A field that the library needs could be missing."""
    message = await real.send_message(42, "Open")

    assert (await real.edit_message_text("Closed", chat_id=42, message_id=message.message_id)).text == "Closed"  # type: ignore[union-attr] # True only for inline messages
    assert await real.send_chat_action(42, "typing")
    assert (await real.get_chat(42)).first_name == "Ada"
    assert await real.answer_callback_query(server.new_query(bot), text="Done")
    assert await real.set_webhook("https://example.com/hook")
    assert (await real.get_webhook_info()).url == "https://example.com/hook"
    assert await real.delete_webhook(drop_pending_updates=True)


async def test_it_changes_messages_and_fetches_files(real: RealBot, server: TelegramServer, bot: Bot) -> None:
    """What the library expects of buttons, reactions and files could be missing."""
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="n.yes")]])
    message = await real.send_message(42, "Open?", reply_markup=keyboard)
    server.presses(server.sent[-1], "yes", bot=bot)
    server.presses(server.sent[-1], "yes", bot=bot, is_accessible=False)
    server.receive_media(bot, chat_id=42, type="photo", content=b"JFIF", caption="look")

    press, old_press, photo = await real.get_updates()
    assert message.reply_markup == keyboard
    assert press.callback_query is not None
    assert (press.callback_query.data, press.callback_query.message) == ("n.yes", message)
    assert await press.callback_query.answer()
    assert old_press.callback_query is not None
    assert old_press.callback_query.message is not None
    assert not old_press.callback_query.message.is_accessible
    assert photo.message is not None
    assert bytes(await (await photo.message.photo[-1].get_file()).download_as_bytearray()) == b"JFIF"
    assert await message.edit_reply_markup()
    assert await message.set_reaction("👍")
    assert await message.delete()


@pytest.mark.parametrize("token", ["123456:another", "nonsense"])
async def test_a_wrong_token(server: TelegramServer, bot: Bot, token: str) -> None:
    """A refused token has to start reauthentication, in both of its forms."""
    with pytest.raises(InvalidToken):
        async with real_bot(server, token):
            pass


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.unauthorized(), InvalidToken),
        (Fault.chat_not_found(), BadRequest),
        (Fault.forbidden(), Forbidden),
        (Fault.too_many_requests(retry_after=3), RetryAfter),
        (Fault.migrated(-1005), ChatMigrated),
        (Fault.conflict(), Conflict),
        (Fault.server_error(500), NetworkError),
        (Fault.server_error(502), NetworkError),
        (Fault.proxy_page(), NetworkError),
        (Fault.garbage(), TelegramError),
        (Fault.drop_before_read(), NetworkError),
        (Fault.drop_after_store(), NetworkError),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
async def test_every_fault_is_the_error_it_should_be(
    real: RealBot, server: TelegramServer, fault: Fault, error: type[TelegramError]
) -> None:
    """The connector's error map would be written against errors that never come."""
    server.fail(fault)

    with pytest.raises(TelegramError) as caught:
        await real.send_message(42, "x")

    assert type(caught.value) is error


async def test_errors_carry_what_to_do(real: RealBot, server: TelegramServer) -> None:
    """The time to wait and the new id of a chat would be lost."""
    server.fail(Fault.too_many_requests(retry_after=3))
    with pytest.raises(RetryAfter, match="3 seconds"):
        await real.send_message(42, "x")

    server.add_chat(-5, type="group", title="Family").upgrade(-1005)
    with pytest.raises(ChatMigrated) as caught:
        await real.send_message(-5, "x")
    assert caught.value.new_chat_id == -1005


async def test_markup_is_refused(real: RealBot) -> None:
    """Repeating a refused message as plain text could not be tested with the library."""
    with pytest.raises(BadRequest, match="Can't parse entities"):
        await real.send_message(42, "light_kitchen", parse_mode="Markdown")


async def test_silence_is_a_time_out(real: RealBot, server: TelegramServer) -> None:
    """A message that may have arrived would look like one that did not."""
    server.fail(Fault.hang(store=True))

    with pytest.raises(TimedOut):
        await real.send_message(42, "x", read_timeout=0.1)

    assert len(server.sent) == 1


async def test_nobody_listens(real: RealBot, server: TelegramServer) -> None:
    """An outage would not look like one."""
    await server.pause()
    with pytest.raises(NetworkError) as caught:
        await real.send_message(42, "x")
    assert type(caught.value) is NetworkError

    await server.resume()
    assert (await real.send_message(42, "x")).text == "x"


async def test_two_programs_poll(real: RealBot, server: TelegramServer, bot: Bot) -> None:
    """A token used twice would be taken for an outage."""
    first = asyncio.create_task(real.get_updates(timeout=50))
    await server.wait_until(lambda: bot.updates.is_polled)
    async with real_bot(server) as other:
        second = asyncio.create_task(other.get_updates(timeout=50))
        with pytest.raises(Conflict, match="make sure that only one bot instance is running"):
            await first
        server.says("x", bot=bot, chat_id=42)
        assert len(await second) == 1


async def test_the_library_keeps_the_token_out_of_our_log(
    real: RealBot, server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The double itself must not log the path of a call, which holds the token."""
    with caplog.at_level(logging.DEBUG, logger="aiohttp"):
        await real.get_me()

    assert TOKEN not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("aiohttp"))
