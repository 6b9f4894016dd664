"""Receiving: what a poll brings, and how it ends."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from bach_lib.clock import SystemClock
from bach_lib.connectors.base import Batch, Setup
from bach_lib.connectors.telegram import TelegramConnector, codec
from bach_lib.models import Connection
from bach_lib.models import Fault as Reason
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.lib.connectors.telegram.conftest import CHAT, GROUP, TOKEN, Connect


async def poll(connector: TelegramConnector, cursor: str | None = None) -> Batch:
    """One poll that works."""
    answer = await connector.receive(cursor)
    assert isinstance(answer, Batch), answer
    return answer


async def failed_poll(connector: TelegramConnector) -> Reason:
    """One poll that does not."""
    answer = await connector.receive(None)
    assert isinstance(answer, Reason), answer
    return answer


async def test_a_message_comes_in(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """Nobody could talk to the house."""
    server.says("/start", bot=bot, chat_id=CHAT, first_name="Ada", username="ada_l")
    [message] = (await poll(connector)).messages
    assert (message.kind, message.text, message.recipient, message.sender_id) == ("command", "/start", "42", "42")
    assert (message.recipient_title, message.sender_name) == ("Ada", "Ada")
    assert message.metadata == {"chat_type": "private", "message_id": 1, "username": "ada_l"}


async def test_what_came_in_can_be_answered(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """An answer would go to the wrong topic, or stand below another message."""
    server.says("Is the door open?", bot=bot, chat_id=GROUP, from_id=CHAT, thread_id=7)
    [message] = (await poll(connector)).messages
    assert message.recipient == f"{GROUP}/7"
    assert message.remote_id == f"{GROUP}:1"


async def test_every_message_once(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """Commands would run again with every poll, or be skipped."""
    server.says("one", bot=bot, chat_id=CHAT)
    server.says("two", bot=bot, chat_id=CHAT)
    first = await poll(connector)
    again = await poll(connector)
    server.says("three", bot=bot, chat_id=CHAT)
    second = await poll(connector, first.cursor)
    assert [message.text for message in first.messages] == ["one", "two"]
    assert again == first
    assert [message.text for message in second.messages] == ["three"]


async def test_no_news(connect: Connect, bot: Bot) -> None:
    """A quiet day would look like a fault, or forget how far it had read."""
    assert await connect(poll_seconds=0).receive("17") == Batch(messages=(), cursor="17")


async def test_news_end_the_wait(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """A command would wait for the end of the poll."""
    await poll(connector)  # the first one does not wait
    polling = asyncio.create_task(poll(connector))
    await server.wait_until(lambda: bot.updates.is_polled)
    server.says("now", bot=bot, chat_id=CHAT)
    assert [message.text for message in (await polling).messages] == ["now"]


async def test_the_first_poll_and_the_first_after_a_failure_do_not_wait(
    connector: TelegramConnector, server: TelegramServer, bot: Bot
) -> None:
    """After an outage "connected" would come half a minute late, and a press of that half minute count as old."""
    async with asyncio.timeout(60):
        await poll(connector)
        await server.pause()
        await failed_poll(connector)
        await server.resume()
        await poll(connector)
        polling = asyncio.create_task(poll(connector))
        await server.wait_until(lambda: bot.updates.is_polled)
        server.says("now", bot=bot, chat_id=CHAT)
        assert [message.text for message in (await polling).messages] == ["now"]


async def test_a_full_answer_is_not_all_there_is(
    connector: TelegramConnector, server: TelegramServer, bot: Bot
) -> None:
    """After a night without internet, the first hundred updates out of two hundred would count as all."""
    for number in range(codec.BATCH + 1):
        server.says(str(number), bot=bot, chat_id=CHAT)
    first = await poll(connector)
    second = await poll(connector, first.cursor)
    assert [first.is_complete, second.is_complete] == [False, True]


@pytest.mark.broken_answers("updates that nobody understands")
async def test_a_poison_update_is_passed(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """One update that nobody understands would stop receiving for ever."""
    server.push_update(bot, {"message": {"chat": "nonsense", "message_id": []}})
    server.push_update(bot, {"message": None})
    server.says("still here", bot=bot, chat_id=CHAT)
    batch = await poll(connector)
    assert [message.text for message in batch.messages] == ["still here"]
    assert [one.reason for one in batch.unreadable] == ["an incomplete message"] * 2
    server.says("and here", bot=bot, chat_id=CHAT)
    assert [message.text for message in (await poll(connector, batch.cursor)).messages] == ["and here"]


async def test_edits_channels_and_memberships(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """The platform would not even be asked for them."""
    chat = {"id": GROUP, "type": "supergroup", "title": "Home"}
    around = {"chat": chat, "date": 4}
    server.push_update(bot, {"edited_message": {"message_id": 3, "text": "new", "edit_date": 5, **around}})
    server.push_update(bot, {"channel_post": {"message_id": 4, "text": "post", **around}})
    left, member = ({"status": status, "user": bot.as_json()} for status in ("left", "member"))
    ada = {"id": 42, "is_bot": False, "first_name": "Ada"}
    change = {"from": ada, "old_chat_member": left, "new_chat_member": member, **around}
    server.push_update(bot, {"my_chat_member": change})
    batch = await poll(connector)
    assert [(message.kind, message.text) for message in batch.messages] == [
        ("edited", "new"),
        ("text", "post"),
        ("membership", "member"),
    ]


async def test_another_program_polls(connector: TelegramConnector, server: TelegramServer) -> None:
    """Nobody would know which of five bots is used twice, and both programs would throw each other out."""
    server.fail(Fault.conflict(), methods=["getUpdates"])
    fault = await failed_poll(connector)
    assert fault == Reason(
        code="conflict",
        text="Another program receives the messages for @home_bot. Stop it there, or use a bot of its own here.",
        retry_after=35.0,
    )


async def test_a_webhook_is_set(connector: TelegramConnector, bot: Bot) -> None:
    """The advice would be to look for a second program, which does not exist."""
    bot.webhook = "https://example.org/hook"
    fault = await failed_poll(connector)
    assert (fault.code, fault.retry_after) == ("conflict", 35.0)
    assert fault.text.startswith("The messages for @home_bot go to a webhook.")


async def test_a_bot_that_does_not_know_its_name_reads_nothing(
    connector: TelegramConnector, server: TelegramServer, bot: Bot
) -> None:
    """A command to us in a group would be taken for one to another bot, and be gone."""
    server.fail(Fault.server_error(), methods=["getMe"])
    server.says("/open@home_bot", bot=bot, chat_id=CHAT)
    assert (await failed_poll(connector)).code == "server_error"
    assert server.calls["getUpdates"] == 0
    [message] = (await poll(connector)).messages
    assert message.content.command == "open"


@pytest.mark.parametrize(
    ("fault", "code", "retry_after"),
    [
        (Fault.unauthorized(), "auth_failed", None),
        (Fault.too_many_requests(retry_after=9), "rate_limited", 9),
        (Fault.server_error(), "server_error", None),
        (Fault.garbage(), "bad_answer", None),
        (Fault.drop_before_read(), "unreachable", None),
    ],
)
async def test_faults(
    connector: TelegramConnector, server: TelegramServer, fault: Fault, code: str, retry_after: float | None
) -> None:
    """Receiving would stop, or say the wrong reason."""
    server.fail(fault)
    answer = await failed_poll(connector)
    assert (answer.code, answer.retry_after) == (code, retry_after)


async def test_silence(hasty: TelegramConnector, server: TelegramServer) -> None:
    """A dead connection would be waited on for ever, while sending still works."""
    server.fail(Fault.hang(), methods=["getUpdates"])
    assert (await failed_poll(hasty)).code == "timeout"


async def test_nothing_listens(connector: TelegramConnector, server: TelegramServer) -> None:
    """An outage would end receiving."""
    await server.pause()
    assert (await failed_poll(connector)).code == "refused"
    await server.resume()


async def test_cancelling(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """The connection would stay open, and the next poll be refused as a conflict with our own."""
    await poll(connector)  # the first one does not wait
    polling = asyncio.create_task(connector.receive(None))
    await server.wait_until(lambda: bot.updates.is_polled)
    polling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await polling
    async with asyncio.timeout(60):
        while bot.updates.is_polled:  # until the server has noticed
            await connector.check()


async def test_reset_ends_a_poll_and_begins_afresh(
    connector: TelegramConnector, server: TelegramServer, bot: Bot
) -> None:
    """A poll that hangs in a dead socket could not be got rid of."""
    await poll(connector)  # the first one does not wait
    polling = asyncio.create_task(connector.receive(None))
    await server.wait_until(lambda: bot.updates.is_polled)
    await connector.reset()
    assert isinstance(await polling, Reason)
    server.says("again", bot=bot, chat_id=CHAT)
    assert [message.text for message in (await poll(connector)).messages] == ["again"]


@pytest.fixture
async def sessions() -> AsyncIterator[list[ClientSession]]:
    """All sessions a connector has made."""
    made: list[ClientSession] = []
    yield made
    for session in made:
        await session.close()


async def test_close_releases_only_its_own(server: TelegramServer, bot: Bot, sessions: list[ClientSession]) -> None:
    """Removing a connection would leak a session, or close the one that everybody shares."""

    def new_session() -> ClientSession:
        sessions.append(ClientSession())
        return sessions[-1]

    async with ClientSession() as shared:
        connection = Connection(name="telegram", type="telegram", endpoint=server.url)
        connector = TelegramConnector(
            Setup(
                connection=connection,
                secrets={"bot_token": TOKEN},
                session=shared,
                new_session=new_session,
                clock=SystemClock(),
            )
        )
        server.says("x", bot=bot, chat_id=CHAT)
        await poll(connector)
        await connector.check()
        await connector.close()
        await connector.close()
        assert [session.closed for session in sessions] == [True]
        assert not shared.closed
