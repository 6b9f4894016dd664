"""The actions on messages that are on the platform already."""

import asyncio
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.actions import incoming_targets
from tests.component.conftest import ADA, ADA_ENTITY, BOB, TOKEN, send, the_bach, until_state
from tests.component.test_services import call


@pytest.fixture
async def sent(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """A message that Ada has: "The door is open"."""
    await send(hass, ADA_ENTITY, "The door is open")
    await the_bach(hass).wait(1, timeout=60)


async def test_a_message_gets_another_text(hass: HomeAssistant, telegram: TelegramServer, sent: None) -> None:
    """A chat would fill with "open", "closed", "open" instead of showing how it is."""
    answer = await call(
        hass,
        "edit_message",
        message_id=1,
        message="The door is *closed*",
        title="Door",
        format="markdown",
        buttons=[{"text": "Open it", "value": "open"}],
    )
    assert answer["id"] == 2
    await telegram.wait_until(lambda: bool(telegram.edited))
    [edited] = telegram.edited
    assert edited.message_id == telegram.sent[0].message_id
    assert "closed" in edited.text
    assert "Door" in edited.text
    assert not await call(hass, "edit_message", response=False, message_id=1, message="gone")


async def test_a_message_is_taken_away(hass: HomeAssistant, telegram: TelegramServer, sent: None) -> None:
    """A door code would stay on everybody's phone."""
    assert (await call(hass, "delete_message", message_id=1))["id"] == 2
    await telegram.wait_until(lambda: bool(telegram.deleted))
    assert telegram.deleted[0].message_id == telegram.sent[0].message_id


async def test_a_tag_is_cleared(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """The leak is dry, and everybody still reads of water."""
    await call(hass, "send_message", entity_id=ADA_ENTITY, message="Water!", tag="leak", wait=60)
    assert await call(hass, "clear", entity_id=ADA_ENTITY, tag="leak") == {"cancelled": 0, "taken_away": 1}
    await telegram.wait_until(lambda: bool(telegram.deleted))
    assert telegram.deleted[0].message_id == telegram.sent[0].message_id
    assert not await call(hass, "clear", response=False, entity_id=ADA_ENTITY, tag="leak")
    with pytest.raises(vol.Invalid):
        await call(hass, "clear", entity_id=ADA_ENTITY, tag="")


async def test_a_message_gets_a_reaction(hass: HomeAssistant, telegram: TelegramServer, sent: None) -> None:
    """People would need a second message to see that the home has done what they asked."""
    await call(hass, "react", message_id=1, reaction="👍")
    await telegram.wait_until(lambda: bool(telegram.reactions))
    assert telegram.reactions[0].emoji == ("👍",)


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("edit_message", {"message_id": 9, "message": "new"}, "unknown_message"),
        ("edit_message", {"message_id": 1, "message": " "}, "empty_text"),
        ("edit_message", {"message_id": 1, "message": "x" * 65_000}, "text_too_long"),
        ("edit_message", {"message_id": 1, "message": "new", "buttons": [{"text": " "}]}, "invalid_buttons"),
        ("delete_message", {"message_id": 9}, "unknown_message"),
        ("react", {"message_id": 9, "reaction": "👍"}, "unknown_message"),
        ("react", {"message_id": 1, "reaction": ""}, "empty_text"),
    ],
)
async def test_what_cannot_be_changed_is_explained(
    hass: HomeAssistant, sent: None, action: str, data: dict[str, Any], key: str
) -> None:
    """A message that stays as it was would look as if it had been changed."""
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, action, **data)
    assert raised.value.translation_key == key


async def test_what_has_not_been_sent_cannot_be_changed(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """There is nothing on the phone yet; taking it back is another action."""
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.home_bot_enabled"}, blocking=True)
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    await send(hass, ADA_ENTITY, "The door is open")
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "delete_message", message_id=1)
    assert raised.value.translation_key == "not_sent"
    with pytest.raises(vol.Invalid):
        await call(hass, "react", message_id=1)


async def written(hass: HomeAssistant, telegram: TelegramServer, words: str = "Is the door shut?") -> int:
    """Ada writes to the bot; her message's number there."""
    message = telegram.says(words, bot=telegram.bots[TOKEN], chat_id=ADA)
    async with asyncio.timeout(60):
        while not await the_bach(hass).inbox():
            await hass.async_block_till_done()
    return int(str(message["message_id"]))


async def test_what_came_in_is_answered_and_gets_a_reaction(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An automation would have to know who wrote, and nobody would see which of three questions "yes" answers."""
    number = await written(hass, telegram)
    answer = await call(hass, "send_message", reply_to=1, message="Yes", wait=60)
    assert "lost" not in answer["messages"][0]
    [sent] = telegram.sent
    assert (sent.text, sent.chat_id, sent.reply_to) == ("Yes", ADA, number)
    await call(hass, "react", incoming_id=1, reaction="👍")
    await telegram.wait_until(lambda: bool(telegram.reactions))
    assert (telegram.reactions[0].message_id, telegram.reactions[0].emoji) == (number, ("👍",))


async def test_what_cannot_be_answered_there_goes_without(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An alarm would not arrive because a message was deleted; and what is neither would be taken for one."""
    answer = await call(hass, "send_message", entity_id=ADA_ENTITY, reply_to=99, message="Water!", wait=60)
    assert [(one["what"], "99" in one["reason"]) for one in answer["messages"][0]["lost"]] == [("reply", True)]
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "send_message", reply_to=99, message="nowhere to go")
    assert raised.value.translation_key == "unknown_message"
    wrong: list[tuple[dict[str, Any], str]] = [({}, "invalid_value"), ({"incoming_id": 99}, "unknown_message")]
    for named, key in wrong:
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, "react", reaction="👍", **named)
        assert raised.value.translation_key == key


async def test_whose_connection_is_gone_cannot_be_answered(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The action would fail with words that nobody understands."""
    await written(hass, telegram)
    monkeypatch.setattr(incoming_targets, "connections", lambda _: [])
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "send_message", reply_to=1, message="Yes")
    assert raised.value.translation_key == "no_recipients"


async def test_what_was_sent_or_came_in_is_pinned(hass: HomeAssistant, telegram: TelegramServer, sent: None) -> None:
    """When the plumber comes would be lost among the messages of a week."""
    number = await written(hass, telegram)
    await call(hass, "pin", message_id=1, silent=True)
    await call(hass, "pin", incoming_id=1)
    await telegram.wait_until(lambda: len(telegram.pinned) == 2)
    assert [one.message_id for one in telegram.pinned] == [telegram.sent[0].message_id, number]
    await call(hass, "unpin", message_id=1)
    await telegram.wait_until(lambda: len(telegram.pinned) == 1)
    with pytest.raises(ServiceValidationError) as raised:
        await call(hass, "pin")
    assert raised.value.translation_key == "invalid_value"


async def test_what_was_sent_or_came_in_is_passed_on(hass: HomeAssistant, telegram: TelegramServer, sent: None) -> None:
    """Somebody else would read that it has been written, and not what; or a code that is not theirs."""
    number = await written(hass, telegram)
    answer = await call(hass, "forward", entity_id="notify.bob", incoming_id=1)
    [row] = answer["messages"]
    await call(hass, "forward", response=False, entity_id="notify.bob", message_id=1, copy=True, silent=True)
    await telegram.wait_until(lambda: len(telegram.sent) == 3)
    forwarded, copied = telegram.sent[1:]
    assert (forwarded.text, forwarded.chat_id, forwarded.origin and forwarded.origin.message_id) == (
        "Is the door shut?",
        BOB,
        number,
    )
    assert (copied.text, copied.chat_id, copied.silent, copied.origin) == ("The door is open", BOB, True, None)
    assert (row["recipient"], row["lost"]) == (str(BOB), [])
    for data, key in (
        ({"entity_id": ADA_ENTITY}, "invalid_value"),
        ({"entity_id": ADA_ENTITY, "message_id": 99}, "unknown_message"),
        ({"entity_id": "light.none", "message_id": 1}, "not_a_recipient"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, "forward", **data)
        assert raised.value.translation_key == key
