"""The action `bach.ask`: pressed and written answers of those who may, on a Telegram that works like the real one."""

import asyncio
from functools import partial
from typing import Any, cast

import pytest
import voluptuous as vol
from homeassistant.auth.models import Group
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib import Operation, Status
from bach_lib.events import MessageReceived, MessageSent
from bach_lib.testing.telegram_server import SentMessage, TelegramServer
from custom_components.bach.actions.ask import _judge
from custom_components.bach.home.attribution import SIGNAL_RECEIVED, Received, Role, is_claimed
from custom_components.bach.home.entry import connection_name
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    BOB,
    BOB_ENTITY,
    TOKEN,
    add_entry,
    incoming,
    person,
    recipient,
    set_up,
    state,
    the_bach,
    until,
    until_state,
)
from tests.holes import Hole, holes, is_missed

ANSWERS = [{"text": "Open", "value": "open"}, {"text": "Leave it shut", "value": "leave"}]
GROUP, EVE = -100, 66


type Json = dict[str, Any]


async def call(hass: HomeAssistant, response: bool = True, context: Context | None = None, **data: object) -> Json:
    """Call the action; without other words, Ada is asked whether to open."""
    target = {} if {"recipient", "entity_id"} & data.keys() else {"entity_id": ADA_ENTITY}
    answer = await hass.services.async_call(
        "bach",
        "ask",
        {"message": "Open?", "answers": ANSWERS, **target, **data},
        blocking=True,
        return_response=response,
        context=context,
    )
    return cast("Json", answer)


async def ask(hass: HomeAssistant, telegram: TelegramServer, count: int = 1, **data: object) -> asyncio.Task[Json]:
    """Somebody asks; as many messages have arrived."""
    task = hass.async_create_task(call(hass, True, None, **data))
    await telegram.wait_for(count)
    return task


def press(telegram: TelegramServer, message: SentMessage, button: str, sender: int | None = None) -> None:
    """Somebody presses a button."""
    bot = telegram.bots[TOKEN]
    if sender is None:
        telegram.presses(message, button, bot=bot)
    else:
        telegram.presses(message, button, bot=bot, from_id=sender)


async def received(hass: HomeAssistant, count: int = 1) -> None:
    """As many messages come in from now on."""
    happened, left = asyncio.Event(), count

    def look(_: MessageReceived) -> None:
        nonlocal left
        left -= 1
        if not left:
            happened.set()

    stop = the_bach(hass).subscribe(MessageReceived, look)
    async with asyncio.timeout(60):
        await happened.wait()
    stop()


def shown(telegram: TelegramServer, chat_id: int, message_id: int = 1) -> SentMessage:
    """What a message looks like now."""
    message = telegram.chats[chat_id].messages[message_id]
    assert message
    return message


async def edited(hass: HomeAssistant, count: int = 1) -> None:
    """Until as many questions show how they ended."""
    bach, changed = the_bach(hass), asyncio.Event()
    stop = bach.subscribe(MessageSent, lambda _: changed.set())
    async with asyncio.timeout(60):
        while sum(one.operation is Operation.EDIT for one in await bach.messages(status=[Status.SENT])) < count:
            await changed.wait()
            changed.clear()
    stop()


async def test_a_press_is_returned_and_shown(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The way of every question: asked, pressed, returned, and the message says so without buttons."""
    task = await ask(hass, telegram)
    [message] = telegram.sent
    assert [[button.text for button in row] for row in message.keyboard] == [["Open", "Leave it shut"]]
    await until(hass, lambda: state(hass, ADA_ENTITY) != "unknown")
    press(telegram, message, "Open")
    answer = await task
    assert 0 <= answer.pop("waited") < 60
    assert answer == {
        "answer": "open",
        "text": "Open",
        "person": "Ada",
        "sender": "telegram_123456789:42",
        "sender_name": "Ada",
        "recipient": "42",
        "entity_id": ADA_ENTITY,
        "not_asked": [],
    }
    await edited(hass)
    now = shown(telegram, ADA, message.message_id)
    assert (now.text, now.keyboard) == ("Open?\n\nAnswered by Ada: Open", ())


async def test_several_are_asked_and_one_answers(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """One who cannot be reached must not silence the others, and must be named."""
    task = await ask(hass, telegram, 2, entity_id=[ADA_ENTITY, BOB_ENTITY, "notify.gone"], title="Gate", silent=True)
    message = next(sent for sent in telegram.sent if sent.chat_id == BOB)
    assert (message.text, message.silent) == ("Gate\n\nOpen?", True)
    press(telegram, message, "Leave it shut")
    answer = await task
    assert (answer["answer"], answer["person"], answer["entity_id"]) == ("leave", "Bob", BOB_ENTITY)
    assert [row["entity_id"] for row in answer["not_asked"]] == ["notify.gone"]
    await edited(hass, 2)
    assert {shown(telegram, chat_id).text for chat_id in (ADA, BOB)} == {
        "Gate\n\nOpen?\n\nAnswered by Bob: Leave it shut"
    }


async def test_each_reads_how_it_ended_in_their_language(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Bob, who reads German, would read English because Ada set the home up."""
    [bob] = [one for one in loaded.subentries.values() if one.data["recipient"] == str(BOB)]
    hass.config_entries.async_update_subentry(loaded, bob, data={**bob.data, "language": "de-CH"})
    await hass.async_block_till_done()
    task = await ask(hass, telegram, 2, entity_id=[ADA_ENTITY, BOB_ENTITY])
    press(telegram, next(sent for sent in telegram.sent if sent.chat_id == ADA), "Open")
    await task
    await edited(hass, 2)
    assert [shown(telegram, one).text for one in (ADA, BOB)] == [
        "Open?\n\nAnswered by Ada: Open",
        "Open?\n\nBeantwortet von Ada: Open",
    ]


async def test_people_may_write_and_nobody_else_takes_it(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An agent would answer what was said to the automation."""
    claimed = asyncio.Queue[bool]()

    @callback
    def hear(received: Received) -> None:
        claimed.put_nowait(is_claimed(hass, received))

    async_dispatcher_connect(hass, SIGNAL_RECEIVED, hear)
    task = await ask(hass, telegram, answers=[], free_text=True)
    telegram.says("half past six", bot=telegram.bots[TOKEN], chat_id=ADA)
    answer = await task
    assert (answer["answer"], answer["person"]) == ("half past six", "Ada")
    telegram.says("good night", bot=telegram.bots[TOKEN], chat_id=ADA)
    assert [await claimed.get(), await claimed.get()] == [True, False]


async def test_in_a_group_a_reply_answers(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """People in a group talk about other things too; only what answers the question does."""
    telegram.add_chat(GROUP, type="supergroup", title="Home")
    await set_up(hass, add_entry(hass, telegram, recipients={"Home": GROUP}))
    await until_state(hass, "binary_sensor.home_bot_receiving", "on")
    task = await ask(hass, telegram, entity_id="notify.home", answers=[], free_text=True)
    bot, asked = telegram.bots[TOKEN], telegram.sent[-1].message_id
    telegram.says("who has the keys?", bot=bot, chat_id=GROUP, from_id=BOB, first_name="Bob")
    await received(hass)
    assert not task.done()
    telegram.says("two of us", bot=bot, chat_id=GROUP, from_id=BOB, first_name="Bob", reply_to=asked)
    answer = await task
    assert (answer["answer"], answer["entity_id"]) == ("two of us", "notify.home")
    assert (answer["person"], answer["sender_name"]) == ("", "Bob")  # what people call themselves is nobody's name


async def test_silence_is_an_error_or_the_default(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An automation has to know that nobody answered; what it does then is for its author to say."""
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, timeout={"milliseconds": 300})
    assert raised.value.translation_key == "nobody_answered"
    answer = await call(hass, timeout={"milliseconds": 300}, default="leave")
    assert (answer["answer"], answer["person"], answer["entity_id"]) == ("leave", None, None)
    assert 0.2 <= answer["waited"] < 60
    assert await call(hass, response=False, timeout={"milliseconds": 300}, default="leave") is None


async def test_a_question_that_reaches_nobody_is_an_error_whatever_the_default(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The default is for silence; that nobody was asked has to be seen."""
    telegram.chats[ADA].block()
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, default="leave")
    assert raised.value.translation_key == "question_undelivered"
    assert "blocked" in str(raised.value)


async def test_only_the_role_and_the_people_may_answer(
    hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser
) -> None:
    """A guest in the group could open the door, or somebody who calls themselves Ada."""
    telegram.add_chat(GROUP, type="supergroup", title="Home")
    entry = add_entry(
        hass,
        telegram,
        recipients={},
        more=[
            recipient("Home", str(GROUP), role="user"),
            person("Ada", str(GROUP), str(ADA), role="admin", user_id=hass_admin_user.id),
            person("Bob", str(GROUP), str(BOB), role="admin"),
        ],
    )
    assert await async_setup_component(
        hass,
        "person",
        {"person": [{"id": "1", "name": "Ada", "user_id": hass_admin_user.id}, {"id": "2", "name": "Bob"}]},
    )
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.home_bot_receiving", "on")
    task = await ask(hass, telegram, entity_id="notify.home", role="admin", persons=["person.ada"])
    message = telegram.sent[-1]
    for sender in (EVE, BOB):
        press(telegram, message, "Open", sender)
        await received(hass)
    assert not task.done()
    press(telegram, message, "Leave it shut", ADA)
    answer = await task
    assert (answer["answer"], answer["person"]) == ("leave", "Ada")
    task = await ask(hass, telegram, 2, entity_id="notify.home", role="admin", persons=[str(BOB)])
    press(telegram, telegram.sent[-1], "Open", BOB)
    assert (await task)["person"] == "Bob"
    task = await ask(hass, telegram, 3, entity_id="notify.home", role="admin")
    press(telegram, telegram.sent[-1], "Open", EVE)
    await received(hass)
    assert not task.done()
    press(telegram, telegram.sent[-1], "Open", BOB)
    assert (await task)["person"] == "Bob"
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, entity_id="notify.home", persons="person.bob")
    assert raised.value.translation_key == "person_without_user"


@pytest.mark.slow  # a home for each check
@pytest.mark.parametrize("hole", holes("custom_components.bach.actions.ask:_judge"), ids=str)
async def test_each_check_is_missed(
    hass: HomeAssistant, telegram: TelegramServer, hass_admin_user: MockUser, hole: Hole | None
) -> None:
    """Whoever takes one out would see all tests pass, and a guest would answer for Ada."""

    async def a_stranger() -> None:
        entry = hass.config_entries.async_entries("bach")[0]
        for role in (Role.USER, Role.ADMIN):
            assert _judge(hass, role, [])(incoming(EVE, connection="telegram_1")) is None
            assert _judge(hass, role, [])(incoming(EVE, connection=connection_name(entry))) is None

    look = partial(test_only_the_role_and_the_people_may_answer, hass, telegram, hass_admin_user)
    assert await is_missed(hole, look, a_stranger) == (hole is not None)


async def test_a_stopped_automation_takes_its_question_back(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A question that nobody waits for would look open."""
    task = await ask(hass, telegram)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await edited(hass)
    assert shown(telegram, ADA).text == "Open?\n\nThis question is over"


@pytest.mark.parametrize("how", ["unload", "stop"])
async def test_stopping_ends_the_wait_with_an_error(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, how: str
) -> None:
    """An automation would hang, or go on with an answer that nobody gave."""
    task = await ask(hass, telegram, default="open")
    if how == "unload":
        await hass.config_entries.async_unload(loaded.entry_id)
    else:
        await hass.async_stop(force=True)
    with pytest.raises(HomeAssistantError) as raised:
        await task
    assert raised.value.translation_key == "question_interrupted"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"answers": []}, ServiceValidationError),
        ({"answers": [True, False]}, vol.Invalid),
        ({"timeout": {"seconds": 0}}, ServiceValidationError),
        ({"timeout": {"days": 8}}, ServiceValidationError),
        ({"role": "notify_only"}, vol.Invalid),
        ({"persons": ["person.nobody"]}, ServiceValidationError),
        ({"entity_id": "notify.gone"}, ServiceValidationError),
        ({"recipient": "not a chat"}, ServiceValidationError),
        ({"message": "x" * 65_000}, ServiceValidationError),
    ],
)
async def test_what_cannot_be_asked_is_explained(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, data: dict[str, Any], error: type[Exception]
) -> None:
    """An automation would wait for an answer that cannot come."""
    with pytest.raises(error):
        await call(hass, **data)
    assert telegram.sent == []


async def test_only_those_who_may_control_a_recipient_can_ask(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A child's account would put questions to everybody."""
    child = MockUser(groups=[Group(name="children", id="children", policy={})]).add_to_hass(hass)
    with pytest.raises(Unauthorized):
        await call(hass, context=Context(user_id=child.id))
    assert [message.status for message in await the_bach(hass).messages()] == list[Status]()
