"""Buttons, and what is done to messages that are there already."""

from dataclasses import replace

import pytest

from bach_lib.connectors.telegram import TelegramConnector
from bach_lib.models import Button, Format, Operation
from bach_lib.models.forwarding import Forwarding
from bach_lib.outcomes import Dead, Sent, Uncertain
from bach_lib.testing.telegram_server import Bot, BotReaction, Fault, InlineButton, MessageName, TelegramServer
from tests.lib.connectors.telegram.conftest import CHAT, GROUP, a_message

YES_NO = ((Button(text="Yes", value="1"), Button(text="No", value="0")),)


async def sent(connector: TelegramConnector) -> str:
    """A message with buttons is there; its number."""
    outcome = await connector.send(a_message("Open?", buttons=YES_NO))
    assert isinstance(outcome, Sent)
    assert outcome.remote_id
    return outcome.remote_id


async def test_buttons_carry_whose_they_are(connector: TelegramConnector, server: TelegramServer) -> None:
    """A press could not be told from one below another message, or another database."""
    await sent(connector)
    assert server.sent[0].keyboard == (
        (InlineButton(text="Yes", data="0a1b2c3d-1.1"), InlineButton(text="No", data="0a1b2c3d-1.0")),
    )


async def test_a_press_comes_back(connector: TelegramConnector, server: TelegramServer, bot: Bot) -> None:
    """A question would be asked and its answer not understood."""
    number = await sent(connector)
    query = server.presses(server.sent[0], "Yes", bot=bot, from_id=7, first_name="Bob")
    answer = await connector.receive(None)
    [press] = answer.messages  # type: ignore[union-attr] # a fault fails here as it should
    assert (press.origin, press.content.value, press.reply_to, press.sender_id) == ("0a1b2c3d-1", "1", number, "7")
    await connector.acknowledge(press)
    assert [given.callback_query_id for given in server.callback_answers] == [query]


def test_the_longest_value_fits() -> None:
    """The last button of a long list would be refused by Telegram, and the whole message with it."""
    assert TelegramConnector.capabilities.button_value == 38


@pytest.mark.parametrize("value", ["x" * 38, "é" * 19, "a.b"])
async def test_values_come_back_as_they_were(
    connector: TelegramConnector, server: TelegramServer, bot: Bot, value: str
) -> None:
    """An automation would wait for a value that never comes."""
    long = a_message("Open?", buttons=((Button(text="Yes", value=value),),))
    assert isinstance(await connector.send(long), Sent)
    server.presses(server.sent[0], 0, bot=bot)
    answer = await connector.receive(None)
    assert [press.content.value for press in answer.messages] == [value]  # type: ignore[union-attr] # as above


async def test_an_edit_changes_text_and_buttons(connector: TelegramConnector, server: TelegramServer) -> None:
    """A question that is over would go on asking."""
    number = await sent(connector)
    edit = a_message("*Open* now", operation=Operation.EDIT, target=number, form=Format.MARKDOWN)
    assert await connector.send(edit) == Sent(remote_id=number)
    [edited] = server.edited
    assert (edited.message_id, edited.text, edited.keyboard) == (int(number), "Open now", ())
    assert len(server.sent) == 1


async def test_an_edit_with_broken_markup_goes_as_plain_text(
    connector: TelegramConnector, server: TelegramServer
) -> None:
    """That Ada_L has answered would never be shown."""
    number = await sent(connector)
    edit = a_message("by Ada <b", operation=Operation.EDIT, target=number, form=Format.HTML)
    assert await connector.send(edit) == Sent(remote_id=number, degraded=True)
    assert server.edited[0].text == "by Ada <b"


@pytest.mark.parametrize("operation", [Operation.EDIT, Operation.DELETE])
async def test_what_is_so_already_is_done(
    connector: TelegramConnector, server: TelegramServer, operation: Operation
) -> None:
    """A change that was repeated after a lost answer would end as a dead letter."""
    number = await sent(connector)
    change = a_message("Open!", operation=operation, target=number)
    assert isinstance(await connector.send(change), Sent)
    assert isinstance(await connector.send(change), Sent)


async def test_a_message_is_deleted(connector: TelegramConnector, server: TelegramServer) -> None:
    """A door code would stay where everybody can read it."""
    number = await sent(connector)
    assert isinstance(await connector.send(a_message(operation=Operation.DELETE, target=number)), Sent)
    assert server.deleted == [MessageName(chat_id=CHAT, message_id=int(number))]


@pytest.mark.parametrize("emoji", ["👍", "❤\ufe0f"])
async def test_a_reaction_is_put_below(connector: TelegramConnector, server: TelegramServer, emoji: str) -> None:
    """The heart of a keyboard, which has a selector behind it, would be refused."""
    number = await sent(connector)
    assert isinstance(await connector.send(a_message(emoji, operation=Operation.REACT, target=number)), Sent)
    assert server.reactions == [BotReaction(bot="home_bot", chat_id=CHAT, message_id=int(number), emoji=(emoji[0],))]


@pytest.mark.parametrize(
    ("operation", "text", "target", "words"),
    [
        (Operation.EDIT, "x", "999", "message to edit not found"),
        (Operation.REACT, "👍", "999", "message to react not found"),
        (Operation.REACT, "🐢", "1", "REACTION_INVALID"),
        (Operation.EDIT, "x", "nonsense", "message to edit not found"),
    ],
)
async def test_what_cannot_be_changed_is_dead_with_the_platforms_words(
    connector: TelegramConnector, operation: Operation, text: str, target: str, words: str
) -> None:
    """A change that can never work would be tried again and again, and keep the lane waiting."""
    await sent(connector)
    outcome = await connector.send(a_message(text, operation=operation, target=target))
    assert isinstance(outcome, Dead)
    assert words.lower() in outcome.fault.text.lower()


@pytest.mark.parametrize("operation", [Operation.EDIT, Operation.DELETE, Operation.REACT])
async def test_an_outage_kills_no_change(
    connector: TelegramConnector, hasty: TelegramConnector, server: TelegramServer, operation: Operation
) -> None:
    """Who has answered would not be shown because the network was away for a minute."""
    number = await sent(connector)
    change = a_message("👍", operation=operation, target=number)
    server.fail(Fault.server_error())
    assert isinstance(await connector.send(change), Uncertain)
    server.fail(Fault.hang())
    assert isinstance(await hasty.send(change), Uncertain)


@pytest.mark.parametrize("operation", [Operation.EDIT, Operation.DELETE, Operation.REACT])
async def test_a_change_does_not_follow_a_group_that_moved(
    connector: TelegramConnector, server: TelegramServer, bot: Bot, operation: Operation
) -> None:
    """In the new group the same number is another message, which would be overwritten or deleted."""
    server.add_chat(-5, type="group", title="Home")
    old = await connector.send(a_message("the old one", "-5"))
    assert isinstance(old, Sent)
    server.migrate(bot, chat_id=-5, new_chat_id=-1005)
    server.chats[-1005].next_message_id = 1
    for text in ("one", "two"):
        assert await connector.send(a_message(text, "-5")) == Sent(remote_id=text_number(text), moved_to="-1005")

    outcome = await connector.send(a_message("👍", "-5", operation=operation, target=old.remote_id))
    assert isinstance(outcome, Dead)
    assert outcome.fault.code == "moved"
    assert (server.edited, server.deleted, server.reactions) == ([], [], [])


def text_number(text: str) -> str:
    """The number of the message with this text in the new group."""
    return {"one": "1", "two": "2"}[text]


async def test_a_draft_shows_what_the_answer_will_be(connector: TelegramConnector, server: TelegramServer) -> None:
    """Nobody would see a long answer grow, or a group and a Telegram that asks to wait be tried each second."""
    assert await connector.preview(str(CHAT), 2**40 + 5, "so far")
    [draft] = server.drafts
    assert (draft.chat_id, draft.number, draft.text) == (CHAT, 5, "so far")
    assert not await connector.preview(f"{GROUP}/7", 1, "so far")
    assert server.calls["sendMessageDraft"] == 1
    assert await connector.preview(str(CHAT), 2**31, "x" * 4096)
    assert not await connector.preview(str(CHAT), 1, "😀" * 2049)
    assert not await connector.preview(str(CHAT), 1, " ")
    asked = server.calls["sendMessageDraft"]
    server.fail(Fault.too_many_requests(3))
    assert not await connector.preview(str(CHAT), 1, "so far")
    assert (server.calls["sendMessageDraft"], len(server.drafts)) == (asked + 1, 2)


async def test_typing_is_shown_where_the_answer_will_stand(
    connector: TelegramConnector, server: TelegramServer
) -> None:
    """The wrong topic would wait for an answer."""
    await connector.typing(f"{GROUP}/7")
    assert [(action.chat_id, action.thread_id, action.action) for action in server.actions] == [(GROUP, 7, "typing")]
    server.fail(Fault.server_error())
    await connector.typing(str(CHAT))  # raises nothing


async def test_a_message_is_pinned_and_let_go(connector: TelegramConnector, server: TelegramServer) -> None:
    """A pin whose answer was lost would end as a dead letter, or another message be kept in sight."""
    number = await sent(connector)
    pin = a_message("", operation=Operation.PIN, target=number, silent=True)
    for _ in range(2):
        assert await connector.send(pin) == Sent(remote_id=number)
    assert server.pinned == [MessageName(chat_id=CHAT, message_id=int(number))]
    unpin = a_message("", operation=Operation.UNPIN, target=number)
    for _ in range(2):
        assert await connector.send(unpin) == Sent(remote_id=number)
    assert server.pinned == []
    assert isinstance(await connector.send(a_message("", operation=Operation.PIN, target="99")), Dead)


@pytest.mark.parametrize("is_copy", [False, True])
async def test_a_message_is_passed_on(connector: TelegramConnector, server: TelegramServer, *, is_copy: bool) -> None:
    """Somebody else would read other words, or not whose they are."""
    number = await sent(connector)
    server.says("Leave it open", bot=server.first_bot, chat_id=CHAT)
    passed = Forwarding("home", str(CHAT), (number, str(int(number) + 1)), is_copy)
    message = a_message("in words", target=str(passed), recipient=str(GROUP), silent=True)
    outcome = await connector.send(message)
    arrived = server.sent[1:]
    assert [one.text for one in arrived] == ["Open?", "Leave it open"]
    assert {(one.chat_id, one.silent, one.origin is None) for one in arrived} == {(GROUP, True, is_copy)}
    assert outcome == Sent(remote_id=str(arrived[-1].message_id), parts=tuple(str(one.message_id) for one in arrived))
    gone = replace(message, target=str(replace(passed, remote_ids=("99",))), nonce="0a1b2c3d-2")
    assert isinstance(await connector.send(gone), Dead)
