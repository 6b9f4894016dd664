"""The actions on messages that are on the platform already."""

from typing import Any

import pytest
import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.testing.telegram_server import TelegramServer
from tests.component.conftest import ADA_ENTITY, send, the_bach, until_state
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
