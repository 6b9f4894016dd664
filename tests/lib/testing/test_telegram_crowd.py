"""More of what people do on the double: they press what is old, move, come and go; and deleting in bulk."""

from collections.abc import Callable
from typing import cast

import pytest

from bach_lib.testing.telegram_server import Bot, SentMessage, TelegramServer
from tests.lib.testing.conftest import Answer, Call

KEYBOARD = {"inline_keyboard": [[{"text": "Yes", "callback_data": "n.yes"}, {"text": "No", "callback_data": "n.no"}]]}
EVERY_KIND = ["message", "edited_message", "callback_query", "message_reaction", "my_chat_member", "chat_member"]


def updates(answer: Answer) -> list[dict[str, dict[str, object]]]:
    """The updates in an answer."""
    assert isinstance(answer.result, list)
    return answer.result


async def question(call: Call, server: TelegramServer) -> SentMessage:
    """A message with two buttons."""
    assert (await call("sendMessage", chat_id=42, text="Open?", reply_markup=KEYBOARD)).status == 200
    return server.sent[-1]


async def test_a_press_must_be_answered(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A bot that leaves people waiting would pass every test."""
    query = server.presses(await question(call, server), "yes", bot=bot, first_name="Grace", from_id=7)
    [update] = updates(await call("getUpdates"))
    press = update["callback_query"]
    assert (press["id"], press["data"]) == (query, "n.yes")
    assert cast("dict[str, object]", press["message"])["reply_markup"] == KEYBOARD
    assert cast("dict[str, object]", press["from"])["first_name"] == "Grace"

    assert server.unanswered == [query]
    assert (await call("answerCallbackQuery", callback_query_id=query)).result is True
    assert server.unanswered == []


async def test_the_press_of_an_old_message(call: Call, server: TelegramServer, bot: Bot) -> None:
    """Telegram no longer tells what the message said; a client must cope with a bare number."""
    server.presses(await question(call, server), 1, bot=bot, is_accessible=False)
    [update] = updates(await call("getUpdates"))
    assert update["callback_query"]["message"] == {"chat": server.chats[42].as_json(), "message_id": 1, "date": 0}
    assert update["callback_query"]["data"] == "n.no"


async def test_a_button_that_is_not_there(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A test would press into the void and wonder why nothing happens."""
    message = await question(call, server)
    for button in (2, "Perhaps"):
        with pytest.raises(ValueError, match="no such button"):
            server.presses(message, button, bot=bot)
    await call("editMessageText", chat_id=42, message_id=1, text="Open")  # a keyboard not given again is gone
    with pytest.raises(ValueError, match="none"):
        server.presses(message, 0, bot=bot)
    await call("deleteMessage", chat_id=42, message_id=1)
    with pytest.raises(ValueError, match="gone"):
        server.presses(message, 0, bot=bot)


async def test_a_keyboard_alone_can_be_changed(call: Call, server: TelegramServer) -> None:
    """Taking buttons away without touching the text could not be tested."""
    await question(call, server)
    assert (await call("editMessageReplyMarkup", chat_id=42, message_id=1)).status == 200
    assert (server.edited[0].text, server.edited[0].keyboard) == ("Open?", ())
    again = await call("editMessageReplyMarkup", chat_id=42, message_id=1)
    assert str(again.description).startswith("Bad Request: message is not modified: ")


async def test_deleting(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A message that is gone, or is somebody else's, would seem to be deleted."""
    group = server.add_chat(-5, type="group", title="Home")
    server.says("mine", bot=bot, chat_id=-5, from_id=42)
    server.says("mine", bot=bot, chat_id=42)
    await call("sendMessage", chat_id=42, text="x")

    assert (await call("deleteMessage", chat_id=42, message_id=2)).result is True
    again = await call("deleteMessage", chat_id=42, message_id=2)
    foreign = await call("deleteMessage", chat_id=group.id, message_id=1)

    assert again.description == "Bad Request: message to delete not found"
    assert foreign.description == "Bad Request: message can't be deleted"
    assert (await call("deleteMessages", chat_id=42, message_ids=[1, 2, 9])).result is True
    assert [(gone.chat_id, gone.message_id) for gone in server.deleted] == [(42, 2), (42, 1)]
    assert (await call("deleteMessages", chat_id=42, message_ids=[])).status == 400


async def test_reacting(call: Call, server: TelegramServer) -> None:
    """Emoji that Telegram does not take as a reaction would seem to work."""
    await question(call, server)

    async def react(*emoji: str, message_id: int = 1) -> Answer:
        reaction = [{"type": "emoji", "emoji": one} for one in emoji]
        return await call("setMessageReaction", chat_id=42, message_id=message_id, reaction=reaction)

    assert (await react("👍")).result is True
    assert (await react()).result is True
    assert [reaction.emoji for reaction in server.reactions] == [("👍",), ()]
    assert (await react("🚪")).description == "Bad Request: REACTION_INVALID"
    assert (await react("👍", "👎")).description == "Bad Request: REACTIONS_TOO_MANY"
    assert (await react("👍", message_id=9)).description == "Bad Request: message to react not found"


type Act = Callable[[TelegramServer, Bot], object]


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        pytest.param(
            lambda server, bot: server.receive_location(bot, chat_id=42, latitude=52.5, longitude=13.4),
            ("message", "location", {"latitude": 52.5, "longitude": 13.4}),
            id="location",
        ),
        pytest.param(
            lambda server, bot: server.receive_contact(bot, chat_id=42, phone_number="+49 30 1"),
            ("message", "contact", {"phone_number": "+49 30 1", "first_name": "Ada"}),
            id="contact",
        ),
        pytest.param(
            lambda server, bot: server.receive(bot, chat_id=42, content={"dice": {"emoji": "🎲", "value": 3}}),
            ("message", "dice", {"emoji": "🎲", "value": 3}),
            id="anything",
        ),
    ],
)
async def test_what_people_do(
    call: Call, server: TelegramServer, bot: Bot, act: Act, expected: tuple[str, str, object]
) -> None:
    """A thing that people do every day could not be played."""
    await call("getUpdates", allowed_updates=EVERY_KIND)
    server.says("Hello", bot=bot, chat_id=42)
    act(server, bot)
    kind, field, value = expected
    assert updates(await call("getUpdates"))[-1][kind][field] == value


async def test_somebody_moves(call: Call, server: TelegramServer, bot: Bot) -> None:
    """Live locations come as edits; a test could only play the first."""
    server.receive_location(bot, chat_id=42, latitude=1.0, longitude=1.0, live_period=600)
    server.move(bot, chat_id=42, message_id=1, latitude=2.0, longitude=3.0)
    edited = updates(await call("getUpdates"))[-1]["edited_message"]
    assert edited["location"] == {"latitude": 2.0, "longitude": 3.0, "live_period": 600}
    with pytest.raises(ValueError, match="no such location"):
        server.move(bot, chat_id=42, message_id=2, latitude=2.0, longitude=3.0)


async def test_coming_and_going(call: Call, server: TelegramServer, bot: Bot) -> None:
    """A bot that is thrown out would go on as if nothing had happened."""
    await call("getUpdates", allowed_updates=EVERY_KIND)
    server.add_chat(-5, type="group", title="Home")
    server.change_bot(bot, chat_id=-5, status="kicked", from_id=42)
    server.change_member(bot, chat_id=-5, member_id=7, status="member")

    ours, theirs = updates(await call("getUpdates"))
    assert ours["my_chat_member"]["new_chat_member"] == {"user": bot.as_json(), "status": "kicked", "until_date": 0}
    assert cast("dict[str, object]", theirs["chat_member"]["new_chat_member"])["status"] == "member"
    assert (await call("sendMessage", chat_id=-5, text="x")).status == 403
    server.change_bot(bot, chat_id=-5, status="member")
    assert (await call("sendMessage", chat_id=-5, text="x")).status == 200
    for chat_id, status in ((-6, "member"), (-5, "bored")):
        with pytest.raises(ValueError, match="no "):
            server.change_bot(bot, chat_id=chat_id, status=status)


async def test_a_group_moves(call: Call, server: TelegramServer, bot: Bot) -> None:
    """Both groups announce it; a client would only ever see the refusal."""
    server.add_chat(-5, type="group", title="Home")
    new = server.migrate(bot, chat_id=-5, new_chat_id=-1005)
    old_says, new_says = (update["message"] for update in updates(await call("getUpdates")))
    assert (old_says["migrate_to_chat_id"], new_says["migrate_from_chat_id"]) == (-1005, -5)
    assert (new.title, (await call("sendMessage", chat_id=-5, text="x")).status) == ("Home", 400)
