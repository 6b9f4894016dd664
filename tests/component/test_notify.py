"""Home Assistant's own action on our recipients."""

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.testing.telegram_server import TelegramServer
from tests.component.conftest import ADA, ADA_ENTITY, BOB, BOB_ENTITY, CONNECTION, send, state, the_bach, until


async def test_a_message_with_a_title(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> None:
    """`notify.send_message` is what blueprints use; the entity shows when it last sent something."""
    before = dt_util.utcnow()
    await send(hass, ADA_ENTITY, "The door is open", title="Garage")

    [message] = await telegram.wait_for(1)
    assert (message.chat_id, message.text) == (ADA, "Garage\n\nThe door is open")
    await until(hass, lambda: state(hass, ADA_ENTITY) != "unknown")
    last_used = dt_util.parse_datetime(state(hass, ADA_ENTITY) or "")
    assert last_used
    assert last_used >= before


async def test_an_underscore_is_only_an_underscore(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Entity ids are full of underscores, which elsewhere make a message fail as broken markup."""
    await send(hass, ADA_ENTITY, "binary_sensor.front_door is *open* <now>")
    [message] = await telegram.wait_for(1)
    assert message.text == "binary_sensor.front_door is *open* <now>"


async def test_several_recipients_get_one_each(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """One call for the whole family."""
    await hass.services.async_call(
        "notify", "send_message", {"entity_id": [ADA_ENTITY, BOB_ENTITY], "message": "Dinner"}, blocking=True
    )
    assert {message.chat_id for message in await telegram.wait_for(2)} == {ADA, BOB}


async def test_who_sent_it_is_kept(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The logbook can only say who caused a message if its context stays with it."""
    context = Context()
    await hass.services.async_call(
        "notify", "send_message", {"entity_id": ADA_ENTITY, "message": "hi"}, blocking=True, context=context
    )
    [message] = await the_bach(hass).messages()
    assert message.context == context.id


async def test_what_cannot_be_sent_is_explained(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """An empty message is a mistake in an automation, whose author must read what is wrong."""
    with pytest.raises(ServiceValidationError) as raised:
        await send(hass, ADA_ENTITY, "   ")
    assert raised.value.translation_key == "empty_text"
    assert "no text" in str(raised.value)
    assert state(hass, ADA_ENTITY) == "unknown"


async def test_errors_call_a_connection_by_its_title(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """People know "@home_bot", not the name of a row in our database."""
    await the_bach(hass).registry.remove(CONNECTION)
    with pytest.raises(ServiceValidationError) as raised:
        await send(hass, ADA_ENTITY, "hello")
    assert raised.value.translation_placeholders == {"name": "@home_bot", "known": "none"}
