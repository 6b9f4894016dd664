"""What people and bots do to each other's messages: the double must refuse and hand out what the real server does."""

import pytest
from aiohttp import ClientSession

from bach_lib.testing.telegram_server import Bot, BotReaction, InlineButton, MessageName, SentMessage, TelegramServer
from tests.lib.testing.conftest import TOKEN, Call

KEYBOARD = {"inline_keyboard": [[{"text": "Yes", "callback_data": "q.1"}], [{"text": "No", "callback_data": "q.0"}]]}


async def send(call: Call, server: TelegramServer, keyboard: object = None) -> SentMessage:
    """A message of the bot's."""
    below = {} if keyboard is None else {"reply_markup": keyboard}
    assert (await call("sendMessage", below, chat_id=42, text="Open?")).status == 200
    return server.sent[-1]


async def news(call: Call, *kinds: str) -> list[dict[str, object]]:
    """The updates that wait, without their numbers."""
    result = (await call("getUpdates", allowed_updates=list(kinds))).result
    assert isinstance(result, list)
    return [{name: part for name, part in update.items() if name != "update_id"} for update in result]


# -- buttons ---------------------------------------------------------------------------------------------------------


async def test_a_press_brings_back_the_data_of_its_button(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A question could not be answered in a test."""
    message = await send(call, server, KEYBOARD)
    assert message.keyboard == ((InlineButton(text="Yes", data="q.1"),), (InlineButton(text="No", data="q.0"),))
    for button in (1, "No", "q.0", "0"):
        server.presses(message, button, bot=bot, from_id=7, first_name="Bob")
    presses = await news(call, "callback_query")
    assert {press["callback_query"]["data"] for press in presses} == {"q.0"}  # type: ignore[index] # known shape
    query = presses[0]["callback_query"]
    assert isinstance(query, dict)
    assert (query["from"]["id"], query["message"]["message_id"]) == (7, message.message_id)
    assert query["message"]["reply_markup"] == KEYBOARD
    with pytest.raises(ValueError, match="no such button; there are 'Yes', 'No'"):
        server.presses(message, "Perhaps", bot=bot)


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ({"inline_keyboard": [[{"text": "x", "callback_data": "d" * 65}]]}, "BUTTON_DATA_INVALID"),
        ({"inline_keyboard": [[{"text": "x", "callback_data": ""}]]}, "BUTTON_DATA_INVALID"),
        ({"inline_keyboard": [[{"text": " ", "callback_data": "d"}]]}, "button text must be non-empty"),
        ({"inline_keyboard": [[{"callback_data": "d"}]]}, 'field "text"'),
        ({"inline_keyboard": [[{"text": "x"}]]}, "Text buttons are unallowed"),
        ({"inline_keyboard": [[{"text": "x", "callback_data": "d"}] * 101]}, "REPLY_MARKUP_TOO_LONG"),
        ({"inline_keyboard": "x"}, "must be an Array"),
        ([], "object expected"),
    ],
)
@pytest.mark.broken_requests("Telegram refuses it")
async def test_keyboards_that_are_refused(call: Call, markup: object, reason: str) -> None:
    """A keyboard that Telegram refuses would pass in tests."""
    answer = await call("sendMessage", chat_id=42, text="Open?", reply_markup=markup)
    assert answer.status == 400
    assert reason in str(answer.description)


# -- changes ---------------------------------------------------------------------------------------------------------


async def test_a_message_is_edited_and_loses_the_buttons_it_is_not_given_again(
    call: Call, server: TelegramServer
) -> None:
    """A question that is over would keep its buttons in tests and lose them in life, or the other way round."""
    message = await send(call, server, KEYBOARD)
    name = {"chat_id": 42, "message_id": message.message_id}
    assert (await call("editMessageText", name, text="Open!")).status == 200
    assert [(edit.text, edit.keyboard) for edit in server.edited] == [("Open!", ())]
    again = await call("editMessageText", name, text="Open!")
    assert (again.status, "message is not modified" in str(again.description)) == (400, True)
    gone = await call("editMessageText", chat_id=42, message_id=99, text="x")
    assert gone.description == "Bad Request: message to edit not found"


async def test_what_a_person_wrote_cannot_be_edited(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A mistake with two ids would go unnoticed."""
    theirs = server.says("hello", bot=bot, chat_id=42)
    answer = await call("editMessageText", chat_id=42, message_id=theirs["message_id"], text="x")
    assert answer.description == "Bad Request: message can't be edited"


async def test_a_message_is_deleted_once(call: Call, server: TelegramServer) -> None:
    """A second deletion would look like a success."""
    message = await send(call, server)
    name = {"chat_id": 42, "message_id": message.message_id}
    assert (await call("deleteMessage", name)).result is True
    assert server.deleted == [MessageName(chat_id=42, message_id=message.message_id)]
    assert (await call("deleteMessage", name)).description == "Bad Request: message to delete not found"


async def test_a_bot_reacts_with_what_telegram_knows(call: Call, server: TelegramServer) -> None:
    """An emoji that Telegram refuses would pass in tests."""
    message = await send(call, server)
    name = {"chat_id": 42, "message_id": message.message_id}
    assert (await call("setMessageReaction", name, reaction=[{"type": "emoji", "emoji": "👍"}])).status == 200
    assert server.reactions == [BotReaction(bot="home_bot", chat_id=42, message_id=message.message_id, emoji=("👍",))]
    for wrong in ([{"type": "emoji", "emoji": "🐢"}], [{"type": "emoji", "emoji": "👍"}] * 2):
        assert (await call("setMessageReaction", name, reaction=wrong)).status == 400
    assert (await call("setMessageReaction", chat_id=42, message_id=99)).description == (
        "Bad Request: message to react not found"
    )


# -- what people do --------------------------------------------------------------------------------------------------


async def test_a_correction_is_an_update_of_its_own(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A corrected command would run twice, and no test would see it."""
    written = server.says("/open dor", bot=bot, chat_id=42)
    server.edit(bot, chat_id=42, message_id=int(str(written["message_id"])), text="/open door")
    _, edited = await news(call, "message", "edited_message")
    message = edited["edited_message"]
    assert isinstance(message, dict)
    assert (message["message_id"], message["text"]) == (written["message_id"], "/open door")
    assert message["edit_date"] >= message["date"]


async def test_reactions_come_only_to_those_who_ask(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A connector that forgets to ask would be found out by users."""
    message = await send(call, server)
    server.react(bot, "👍", chat_id=42, message_id=message.message_id)
    assert await news(call) == []
    await call("getUpdates", allowed_updates=["message_reaction"])
    server.react(bot, "🔥", chat_id=42, message_id=message.message_id)
    [reaction] = await news(call, "message_reaction")
    change = reaction["message_reaction"]
    assert isinstance(change, dict)
    assert (change["old_reaction"], change["new_reaction"]) == (
        [{"type": "emoji", "emoji": "👍"}],
        [{"type": "emoji", "emoji": "🔥"}],
    )


async def test_a_file_can_be_downloaded(call: Call, server: TelegramServer, bot: Bot, session: ClientSession) -> None:
    """A voice message could not be heard in a test."""
    message = server.receive_media(bot, chat_id=42, type="voice", content=b"sound", duration=3)
    voice = message["voice"]
    assert isinstance(voice, dict)
    assert (voice["file_size"], voice["mime_type"], voice["duration"]) == (5, "audio/ogg", 3)
    found = (await call("getFile", file_id=voice["file_id"])).result
    assert isinstance(found, dict)
    async with session.get(f"{server.url}/file/bot{TOKEN}/{found['file_path']}") as response:
        assert await response.read() == b"sound"
    async with session.get(f"{server.url}/file/bot{TOKEN}/voices/none") as response:
        assert response.status == 404


async def test_files_that_are_refused(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A film would be fetched in tests and refused in life."""
    film = server.receive_media(bot, chat_id=42, type="video", content=b"", size=21 << 20)["video"]
    assert isinstance(film, dict)
    assert (await call("getFile", file_id=film["file_id"])).description == "Bad Request: file is too big"
    assert (await call("getFile", file_id="none")).status == 400
