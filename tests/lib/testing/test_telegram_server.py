"""The Telegram double answers like the real server; if it did not, our tests would prove nothing about Telegram."""

from io import BytesIO

import pytest
from aiohttp import ClientConnectorError, ClientSession, FormData, ServerDisconnectedError

from bach_lib.testing.telegram_server import Bot, ChatAction, TelegramServer
from tests.lib.testing.conftest import TOKEN, Call


async def test_the_token_decides_who_calls(call: Call) -> None:
    """A wrong token would look like a network failure, and nobody would be asked for a new one."""
    me = await call("getMe")
    unknown = await call("getMe", token="123456:another")
    malformed = await call("getMe", token="nonsense")

    assert isinstance(me.result, dict)
    assert (me.status, me.result["id"], me.result["username"]) == (200, 123456, "home_bot")
    assert (unknown.status, unknown.description) == (401, "Unauthorized")
    assert (malformed.status, malformed.description) == (404, "Not Found")


async def test_a_revoked_token_is_unknown(call: Call, server: TelegramServer, bot: Bot) -> None:
    """Reauthentication at run time could not be tested."""
    server.revoke(bot)

    assert (await call("getMe")).status == 401


async def test_unknown_methods_are_not_found(call: Call) -> None:
    """A typing error in a method's name would go unnoticed."""
    assert (await call("sendMesage")).status == 404


async def test_a_message_is_stored_and_returned(call: Call, server: TelegramServer) -> None:
    """A test could not see what arrived at the platform, or in which form."""
    server.add_chat(-1001, type="supergroup", title="Family", is_forum=True).threads[7] = "Garage"

    answer = await call(
        "SENDMESSAGE",
        chat_id=-1001,
        text="<b>Door</b> open",
        parse_mode="HTML",
        disable_notification=True,
        message_thread_id=7,
    )

    [message] = server.sent
    assert (message.bot, message.chat_id, message.thread_id, message.text) == ("home_bot", -1001, 7, "Door open")
    assert (message.silent, message.parse_mode, message.reply_to) == (True, "HTML", None)
    assert answer.body == {
        "ok": True,
        "result": {
            "message_id": 1,
            "from": {"id": 123456, "is_bot": True, "first_name": "Test bot", "username": "home_bot"},
            "chat": {"id": -1001, "type": "supergroup", "title": "Family", "is_forum": True},
            "date": message.date,
            "message_thread_id": 7,
            "is_topic_message": True,
            "text": "Door open",
            "entities": [{"type": "bold", "offset": 0, "length": 4}],
        },
    }


@pytest.mark.parametrize("form", ["query", "urlencoded", "multipart"])
async def test_arguments_come_in_every_documented_form(
    form: str, server: TelegramServer, bot: Bot, session: ClientSession
) -> None:
    """Only one HTTP client would work with the double, and it might not be the user's."""
    server.says("Is the door open?", bot=bot, chat_id=42)
    arguments = {"chat_id": "42", "text": "No", "reply_parameters": '{"message_id": 1}', "disable_notification": "True"}
    url = f"{server.url}/bot{TOKEN}/sendMessage"
    multipart = FormData(arguments, default_to_multipart=True)

    if form == "query":
        response = await session.get(url, params=arguments)
    else:
        response = await session.post(url, data=arguments if form == "urlencoded" else multipart)

    assert response.status == 200
    [message] = server.sent
    assert (message.chat_id, message.text, message.reply_to, message.silent) == (42, "No", 1, True)


@pytest.mark.parametrize(
    ("arguments", "description"),
    [
        ({}, "Bad Request: message text is empty"),
        ({"text": ""}, "Bad Request: message text is empty"),
        ({"text": " \n "}, "Bad Request: text must be non-empty"),
        ({"text": "x" * 4097}, "Bad Request: message is too long"),
        ({"text": "😀" * 8193}, "Bad Request: text is too long"),
        ({"text": "x", "parse_mode": "BBCode"}, "Bad Request: unsupported parse_mode"),
        ({"text": "x", "chat_id": ""}, "Bad Request: chat_id is empty"),
        ({"text": "x", "chat_id": 43}, "Bad Request: chat not found"),
        ({"text": "x", "chat_id": "@nobody"}, "Bad Request: chat not found"),
        ({"text": "x", "message_thread_id": 9}, "Bad Request: message thread not found"),
        ({"text": "x", "reply_parameters": {"message_id": 9}}, "Bad Request: message to be replied not found"),
        ({"text": "x", "reply_to_message_id": 9}, "Bad Request: message to be replied not found"),
        ({"text": "x", "reply_parameters": "{"}, "Bad Request: can't parse reply parameters JSON object"),
        ({"text": "x", "entities": [1]}, "Bad Request: can't parse MessageEntity: expected an Object"),
    ],
)
@pytest.mark.broken_requests("Telegram refuses it")
async def test_bad_messages_are_refused_with_the_real_words(
    call: Call, server: TelegramServer, arguments: dict[str, object], description: str
) -> None:
    """The error map of the connector would be tested against words that Telegram does not use."""
    answer = await call("sendMessage", {"chat_id": 42} | arguments)

    assert answer.body == {"ok": False, "error_code": 400, "description": description}
    assert server.sent == []


async def test_the_limit_counts_characters(call: Call, server: TelegramServer) -> None:
    """A message of emoji that Telegram takes would be cut in two, or one it refuses be sent for ever."""
    assert (await call("sendMessage", chat_id=42, text="😀" * 4096)).status == 200
    assert (await call("sendMessage", chat_id=42, text="😀" * 4097)).status == 400
    assert (await call("sendMessage", chat_id=42, text=f"<b>{'x' * 4096}</b>", parse_mode="HTML")).status == 200


async def test_entities_may_be_given_instead_of_markup(call: Call, server: TelegramServer) -> None:
    """A client that does its own formatting could not be tested."""
    bold = {"type": "bold", "offset": 0, "length": 4}

    await call("sendMessage", chat_id=42, text="Door open", entities=[bold])

    assert [entity.as_json() for entity in server.sent[0].entities] == [bold]


async def test_a_reply_may_do_without_its_target(call: Call, server: TelegramServer) -> None:
    """An answer to a deleted message would be lost in tests although Telegram delivers it."""
    reply = {"message_id": 9, "allow_sending_without_reply": True}

    assert (await call("sendMessage", chat_id=42, text="x", reply_parameters=reply)).status == 200
    assert server.sent[0].reply_to is None


async def test_chats_are_found_by_name(call: Call, server: TelegramServer) -> None:
    """A channel could not be addressed as people do it."""
    server.add_chat(-1002, type="channel", title="News", username="family_news")

    answer = await call("sendMessage", chat_id="@family_news", text="x")

    assert server.sent[0].chat_id == -1002
    assert isinstance(answer.result, dict)
    assert answer.result["sender_chat"]["title"] == "News"
    assert "from" not in answer.result


async def test_chats_turn_the_bot_away(call: Call, server: TelegramServer) -> None:
    """A message to somebody who blocked the bot would be retried for ever."""
    server.chats[42].block()
    group = server.add_chat(-5, type="group", title="Family")
    group.kick()

    assert (await call("sendMessage", chat_id=42, text="x")).description == "Forbidden: bot was blocked by the user"
    assert (await call("getChat", chat_id=42)).status == 200
    server.add_chat(-1001, type="supergroup", title="House").kick()
    assert (await call("getChat", chat_id=-1001)).status == 403
    kicked = await call("sendMessage", chat_id=-5, text="x")
    assert (kicked.status, kicked.description) == (403, "Forbidden: bot was kicked from the group chat")

    server.chats[42].welcome()
    assert (await call("sendMessage", chat_id=42, text="x")).status == 200


async def test_a_group_becomes_a_supergroup(call: Call, server: TelegramServer) -> None:
    """Notifications would stop on the day a group grows, and no test would show it."""
    server.add_chat(-5, type="group", title="Family").upgrade(-1005)

    assert (await call("sendMessage", chat_id=-5, text="x")).body == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": -1005},
    }


async def test_messages_can_be_changed_by_their_author_only(call: Call, server: TelegramServer, bot: Bot) -> None:
    """An edit that Telegram refuses would seem to work."""
    server.says("Hello", bot=bot, chat_id=42)
    await call("sendMessage", chat_id=42, text="Open")

    edited = await call("editMessageText", chat_id=42, message_id=2, text="Closed")
    again = await call("editMessageText", chat_id=42, message_id=2, text="Closed")
    missing = await call("editMessageText", chat_id=42, message_id=9, text="x")
    foreign = await call("editMessageText", chat_id=42, message_id=1, text="x")

    assert edited.status == 200
    assert [message.text for message in server.edited] == ["Closed"]
    assert str(again.description).startswith("Bad Request: message is not modified")
    assert missing.description == "Bad Request: message to edit not found"
    assert foreign.description == "Bad Request: message can't be edited"


async def test_small_methods(call: Call, server: TelegramServer, bot: Bot) -> None:
    """Typing notices, buttons and chat names could not be tested."""
    assert (await call("sendChatAction", chat_id=42, action="typing")).result is True
    assert (await call("sendChatAction", chat_id=42, action="dancing")).status == 400
    assert server.actions == [ChatAction(bot="home_bot", chat_id=42, thread_id=None, action="typing")]
    query = server.new_query(bot)
    assert (await call("answerCallbackQuery", callback_query_id=query, text="Done")).result is True
    assert [(answer.callback_query_id, answer.text) for answer in server.callback_answers] == [(query, "Done")]
    assert (await call("answerCallbackQuery", callback_query_id="7")).status == 400
    assert server.calls == {"sendChatAction": 2, "answerCallbackQuery": 2}


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        pytest.param(b"{", 400, id="no-json"),
        pytest.param(b"[]", 400, id="no-object"),
        pytest.param(b"x" * (1 << 20) + b"x", 413, id="endless"),
    ],
)
async def test_bodies_that_are_no_arguments(
    server: TelegramServer, bot: Bot, session: ClientSession, raw: bytes, status: int
) -> None:
    """Garbage or endless bodies would crash the double instead of being refused."""
    headers = {"Content-Type": "application/json"}

    async with session.post(f"{server.url}/bot{TOKEN}/sendMessage", data=BytesIO(raw), headers=headers) as response:
        assert response.status == status
        assert (await response.json())["error_code"] == status


async def test_the_platform_goes_away_and_comes_back(call: Call, server: TelegramServer) -> None:
    """An outage could not be played, with the connection refused and the same address afterwards."""
    url = server.url
    await call("getMe")

    await server.pause()
    with pytest.raises((ClientConnectorError, ServerDisconnectedError)):
        await call("getMe")
    with pytest.raises(ClientConnectorError):
        await call("getMe")

    await server.resume()
    assert (await call("getMe")).status == 200
    assert server.url == url


async def test_nobody_else_gets_the_port(server: TelegramServer) -> None:
    """Another program could answer in the platform's place."""
    with pytest.raises(OSError, match="in use"):
        await TelegramServer(port=server.port).start()

    await server.pause()

    async with TelegramServer() as other:
        assert other.port != server.port


async def test_a_token_is_in_no_repr(bot: Bot) -> None:
    """A failing test would print a token, which may be a real one."""
    assert TOKEN not in repr(bot)


def test_a_token_must_look_like_one(server: TelegramServer) -> None:
    """A bot with an impossible token would answer 404 to every call, and nobody would know why."""
    with pytest.raises(ValueError, match="bot token"):
        server.add_bot("nonsense")
