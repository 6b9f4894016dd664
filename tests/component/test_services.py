"""The actions on messages that are in the queue already."""

from typing import Any, cast

import pytest
import voluptuous as vol
from homeassistant.auth.models import Group
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from bach_lib import Status
from bach_lib.testing.telegram_server import TelegramServer
from tests.component.conftest import ADA, ADA_ENTITY, BOB_ENTITY, TOKEN, send, the_bach, until_state


async def call(
    hass: HomeAssistant, action: str, response: bool = True, context: Context | None = None, **data: object
) -> dict[str, Any]:
    """Call one of our actions."""
    answer = await hass.services.async_call(
        "bach", action, data, blocking=True, return_response=response, context=context
    )
    return cast("dict[str, Any]", answer or {})


@pytest.fixture
async def dead(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> MockConfigEntry:
    """A connection with two dead letters, whose cause has gone."""
    telegram.chats[ADA].block()
    for text in ("first", "second"):
        await send(hass, ADA_ENTITY, text)
    for message_id in (1, 2):
        await the_bach(hass).wait(message_id, timeout=60)
    telegram.chats[ADA].welcome()
    return loaded


async def test_one_message_is_retried(hass: HomeAssistant, telegram: TelegramServer, dead: MockConfigEntry) -> None:
    """Whoever looks at a dead letter must be able to send just that one again."""
    answer = await call(hass, "retry", message_id=2)
    assert answer == {"retried": 1, "id": 2, "status": "sent", "error": None, "next_retry_at": None}
    [message] = await telegram.wait_for(1)
    assert message.text == "second"
    assert (await the_bach(hass).get(1)).status is Status.DEAD


async def test_all_dead_letters_are_retried(
    hass: HomeAssistant, telegram: TelegramServer, dead: MockConfigEntry
) -> None:
    """After the cause has gone, an automation may clean up; the only connection needs no naming."""
    numbers = {"retried": 2, "sent": 2, "waiting": 0, "dead": 0, "uncertain": 0, "reasons": []}
    assert await call(hass, "retry", config_entry_id=dead.entry_id) == numbers
    assert [message.text for message in await telegram.wait_for(2)] == ["first", "second"]
    assert not await call(hass, "retry", response=False)


async def test_what_cannot_be_retried_is_explained(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A message that arrived must not be sent twice by a wrong id."""
    await send(hass, ADA_ENTITY, "hello")
    await the_bach(hass).wait(1, timeout=60)
    for message_id, key in ((1, "not_retryable"), (99, "unknown_message")):
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, "retry", message_id=message_id)
        assert raised.value.translation_key == key
    with pytest.raises(vol.Invalid):
        await call(hass, "retry", message_id=1, config_entry_id=loaded.entry_id)


async def test_a_waiting_message_is_cancelled(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A message "The door is open" should not go out any more when the door is closed."""
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.home_bot_enabled"}, blocking=True)
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    await send(hass, ADA_ENTITY, "The door is open")

    assert await call(hass, "cancel", message_id=1) == {"id": 1, "status": "cancelled"}
    for message_id, key in ((1, "not_cancellable"), (99, "unknown_message")):
        with pytest.raises(ServiceValidationError) as raised:
            await call(hass, "cancel", response=False, message_id=message_id)
        assert raised.value.translation_key == key


async def test_the_queue_can_be_looked_at(hass: HomeAssistant, telegram: TelegramServer, dead: MockConfigEntry) -> None:
    """A dashboard or a script can show what waits and why, and never how we log in."""
    answer = await call(hass, "get_queue")
    [connection] = answer["connections"]
    assert connection | {"oldest": None} == {
        "config_entry_id": dead.entry_id,
        "name": "@home_bot",
        "pending": 0,
        "sending": 0,
        "failed": 0,
        "sent": 0,
        "dead": 2,
        "uncertain": 0,
        "oldest": None,
    }
    assert answer["messages"] == []

    answer = await call(hass, "get_queue", config_entry_id=dead.entry_id, limit=1, status="dead")
    [message] = answer["messages"]
    assert (message["id"], message["message"], message["status"]) == (2, "second", "dead")
    assert "blocked" in message["error"]
    assert message["created_at"] <= message["finished_at"]
    assert TOKEN not in str(answer)

    assert (await call(hass, "get_queue", limit=10, status=["sent", "pending"]))["messages"] == []


async def test_only_administrators_see_the_queue(
    hass: HomeAssistant, hass_read_only_user: MockUser, hass_admin_user: MockUser, loaded: MockConfigEntry
) -> None:
    """What people write to each other is nobody else's business."""
    with pytest.raises(Unauthorized):
        await call(hass, "get_queue", context=Context(user_id=hass_read_only_user.id))
    assert await call(hass, "get_queue", context=Context(user_id=hass_admin_user.id))


async def test_other_peoples_messages_cannot_be_cancelled(hass: HomeAssistant, dead: MockConfigEntry) -> None:
    """Who may use one recipient only must not touch what was sent to others."""
    child = MockUser(groups=[Group(name="children", id="children", policy={})]).add_to_hass(hass)
    child.mock_policy({"entities": {"entity_ids": {BOB_ENTITY: {"control": True}}}})
    mine = Context(user_id=child.id)
    for action, data in (
        ("cancel", {"message_id": 1}),
        ("retry", {"message_id": 1}),
        ("retry", {"config_entry_id": dead.entry_id}),
        ("edit_message", {"message_id": 1, "message": "mine now"}),
        ("delete_message", {"message_id": 1}),
        ("react", {"message_id": 1, "reaction": "👍"}),
    ):
        with pytest.raises(Unauthorized):
            await call(hass, action, response=False, context=mine, **data)


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("retry", {"message_id": 1}),
        ("cancel", {"message_id": 1}),
        ("get_queue", {}),
        ("edit_message", {"message_id": 1, "message": "new"}),
        ("delete_message", {"message_id": 1}),
        ("react", {"message_id": 1, "reaction": "👍"}),
    ],
)
async def test_without_a_loaded_connection_the_actions_say_so(
    hass: HomeAssistant, loaded: MockConfigEntry, action: str, data: dict[str, Any]
) -> None:
    """A disabled connection must not look like a broken integration."""
    await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()  # until then it could be a reload
    with pytest.raises(HomeAssistantError) as raised:
        await call(hass, action, **data)
    assert raised.value.translation_key == "not_open"
    assert "not running" in str(raised.value)
