"""Receiving: the double hands out updates as the real server does, or lost and doubled messages would go unseen."""

import asyncio
from collections.abc import Callable
from typing import override

import pytest

from bach_lib.clock import Cancel, SystemClock
from bach_lib.testing.telegram.updates import UpdateQueue
from bach_lib.testing.telegram_server import Bot, TelegramServer
from tests.lib.testing.conftest import Answer, Call


def texts(answer: Answer) -> list[object]:
    """The texts of the updates in an answer."""
    assert isinstance(answer.result, list)
    return [update["message"]["text"] for update in answer.result]


async def test_an_update_stays_until_it_is_confirmed(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A message would be lost when Home Assistant dies between fetching and storing it."""
    for text in ("one", "two", "three"):
        server.says(text, bot=bot, chat_id=42)

    assert texts(await call("getUpdates", limit=2)) == ["one", "two"]
    assert texts(await call("getUpdates")) == ["one", "two", "three"]
    assert texts(await call("getUpdates", offset=3)) == ["three"]
    assert texts(await call("getUpdates")) == ["three"]


async def test_a_negative_offset_keeps_the_newest(call: Call, server: TelegramServer, bot: Bot) -> None:
    """Skipping what waited while the bot was off would behave differently on the real server."""
    for text in ("one", "two", "three"):
        server.says(text, bot=bot, chat_id=42)

    assert texts(await call("getUpdates", offset=-1)) == ["three"]
    assert len(bot.updates) == 1


async def test_a_message_from_a_person_is_complete(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A client would meet messages in tests that Telegram never sends."""
    message = server.says("Hi /start@home_bot", bot=bot, chat_id=7, first_name="Grace", username="grace")

    assert (await call("getUpdates")).result == [
        {
            "update_id": 1,
            "message": {
                "message_id": 1,
                "from": {
                    "id": 7,
                    "is_bot": False,
                    "first_name": "Grace",
                    "username": "grace",
                    "language_code": "en",
                },
                "chat": {"id": 7, "type": "private", "first_name": "Grace"},
                "date": message["date"],
                "text": "Hi /start@home_bot",
                "entities": [{"type": "bot_command", "offset": 3, "length": 15}],
            },
        }
    ]


async def test_a_group_must_be_known_and_a_channel_has_no_author(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A typing error in a group's id would invent a group; a channel's post would come as somebody's message."""
    with pytest.raises(ValueError, match="add_chat"):
        server.says("x", bot=bot, chat_id=-1001)
    server.add_chat(-1002, type="channel", title="News")

    server.says("x", bot=bot, chat_id=-1002)

    result = (await call("getUpdates")).result
    assert isinstance(result, list)
    [update] = result
    assert update["channel_post"]["sender_chat"]["title"] == "News"
    assert "from" not in update["channel_post"]


async def test_a_long_poll_ends_with_the_first_update(call: Call, server: TelegramServer, bot: Bot) -> None:
    """Incoming messages would seem as slow as the poll's time-out."""
    poll = asyncio.create_task(call("getUpdates", timeout=50))
    await server.wait_until(lambda: bot.updates.is_polled)

    server.says("now", bot=bot, chat_id=42)

    assert texts(await poll) == ["now"]


async def test_a_long_poll_ends_when_its_time_is_up() -> None:
    """An idle poll would never come back."""

    class Impatient(SystemClock):
        @override
        def call_later(self, seconds: float, callback: Callable[[], None]) -> Cancel:
            return super().call_later(0, callback)

    queue = UpdateQueue(Impatient(), 1, lambda: None)

    assert await queue.poll(0, 100, 50) == []


async def test_a_second_poller_ends_the_first(call: Call, server: TelegramServer, bot: Bot) -> None:
    """The same token in two programs is a mistake of users that has to be told apart from an outage."""
    first = asyncio.create_task(call("getUpdates", timeout=50))
    await server.wait_until(lambda: bot.updates.is_polled)
    second = asyncio.create_task(call("getUpdates", timeout=50))

    answer = await first
    server.says("x", bot=bot, chat_id=42)

    assert answer.status == 409
    assert answer.description == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    assert texts(await second) == ["x"]


async def test_a_webhook_takes_the_updates(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A forgotten webhook is the usual reason why a bot does not hear; it has to be seen in tests."""
    poll = asyncio.create_task(call("getUpdates", timeout=50))
    await server.wait_until(lambda: bot.updates.is_polled)
    assert (await call("setWebhook", url="http://example.com")).status == 400

    assert (await call("setWebhook", url="https://example.com/hook")).result is True
    assert (await poll).description == "Conflict: terminated by setWebhook request"
    assert (await call("getWebhookInfo")).result == {
        "url": "https://example.com/hook",
        "has_custom_certificate": False,
        "pending_update_count": 0,
    }
    assert (await call("getUpdates")).description == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )

    server.says("missed", bot=bot, chat_id=42)
    await call("deleteWebhook", drop_pending_updates=True)
    assert texts(await call("getUpdates")) == []


async def test_a_revoked_token_ends_the_poll(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A poll would hang on for a bot that no longer exists."""
    poll = asyncio.create_task(call("getUpdates", timeout=50))
    await server.wait_until(lambda: bot.updates.is_polled)

    server.revoke(bot)

    assert (await poll).status == 401


@pytest.mark.broken_answers("only the kind of an update matters here")
async def test_only_kinds_that_were_asked_for(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A client that forgot to ask for reactions would get them in tests, and never from Telegram."""
    server.push_update(bot, {"message_reaction": {}})
    await call("getUpdates", allowed_updates=["message_reaction"])
    server.push_update(bot, {"message_reaction": {}})
    server.push_update(bot, {"message": {"text": "unwanted"}})

    assert (await call("getUpdates")).result == [{"update_id": 2, "message_reaction": {}}]


@pytest.mark.broken_answers("only the number of an update matters here")
async def test_the_same_update_twice(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A redelivery, which a client must recognise, could not be played."""
    number = server.push_update(bot, {"message": {"text": "x"}})
    server.push_update(bot, {"update_id": number, "message": {"text": "x"}})

    assert texts(await call("getUpdates")) == ["x", "x"]
    assert server.push_update(bot, {"message": {}}) == number + 1
