"""What the entities of a connection show, and what can be done with them."""

from datetime import timedelta

import pytest
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EVENT_STATE_CHANGED, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events, async_fire_time_changed

from bach_lib import Direction
from bach_lib.errors import StoreFailedError
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from custom_components.bach.binary_sensor import BINARY_SENSORS
from custom_components.bach.const import DOMAIN
from custom_components.bach.sensor import SENSORS
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    BOB_ENTITY,
    CONNECTION,
    entity_ids,
    press,
    send,
    set_up,
    state,
    the_bach,
    until,
    until_shown,
)

ALL = {
    "binary_sensor.home_bot_receiving",
    "binary_sensor.home_bot_sending",
    "button.ada_send_test_message",
    "button.bob_send_test_message",
    "button.home_bot_check_now",
    "button.home_bot_retry_dead_letters",
    "event.ada_incoming_message",
    "event.bob_incoming_message",
    "notify.ada",
    "notify.bob",
    "sensor.home_bot_circuit_breaker",
    "sensor.home_bot_dead_letters",
    "sensor.home_bot_waiting_for_another_try",
    "sensor.home_bot_last_sent",
    "sensor.home_bot_oldest_waiting_message",
    "sensor.home_bot_waiting_messages",
    "sensor.home_bot_sent_messages",
    "sensor.home_bot_uncertain_messages",
    "switch.home_bot_enabled",
}


async def turn(hass: HomeAssistant, service: str) -> None:
    """Switch the connection on or off."""
    await hass.services.async_call("switch", service, {"entity_id": "switch.home_bot_enabled"}, blocking=True)


async def test_what_a_connection_has(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, loaded: MockConfigEntry
) -> None:
    """Dashboards and automations are built on these names; what only matters at times is off at first."""
    assert entity_ids(hass, loaded) == ALL
    entries = {name: entity_registry.async_get(name) for name in ALL}
    disabled = {name for name, entry in entries.items() if entry and entry.disabled_by}
    assert disabled == {
        "event.ada_incoming_message",  # a line in the Activity for each message, beside the one that says who wrote
        "event.bob_incoming_message",
        "sensor.home_bot_last_sent",
        "sensor.home_bot_oldest_waiting_message",
        "sensor.home_bot_sent_messages",
        "sensor.home_bot_uncertain_messages",
        "sensor.home_bot_waiting_for_another_try",
    }
    everyday = {name for name, entry in entries.items() if entry and entry.entity_category is None}
    recipients = {name for name in ALL if name.startswith(("event.", "notify."))}
    assert everyday == recipients | {"sensor.home_bot_dead_letters", "sensor.home_bot_waiting_messages"}
    switch = entries["switch.home_bot_enabled"]
    assert switch
    assert switch.entity_category is EntityCategory.CONFIG


def test_what_a_value_is_decides_how_it_is_shown() -> None:
    """A time would be shown as a row of digits, and a delay could not be had in seconds."""
    shown = {one.key: str(one.device_class) for one in (*SENSORS, *BINARY_SENSORS) if one.device_class}
    assert shown == {
        "breaker": "enum",
        "last_check": "timestamp",
        "last_sent": "timestamp",
        "latency": "duration",
        "oldest_waiting": "timestamp",
        "reachable": "connectivity",
        "receiving": "connectivity",
        "sending": "connectivity",
    }


async def test_a_quiet_connection(hass: HomeAssistant, with_the_noisy_ones: None, loaded: MockConfigEntry) -> None:
    """After setting up, everything says that all is well."""
    assert state(hass, "binary_sensor.home_bot_sending") == "on"
    assert state(hass, "binary_sensor.home_bot_receiving") == "on"
    assert state(hass, "sensor.home_bot_circuit_breaker") == "closed"
    for name in ("waiting_messages", "dead_letters", "sent_messages", "waiting_for_another_try"):
        assert state(hass, f"sensor.home_bot_{name}") == "0"
    assert state(hass, "switch.home_bot_enabled") == "on"


async def test_a_delivered_message_is_counted(
    hass: HomeAssistant, with_the_noisy_ones: None, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The question "Did it go out?" is answered by a glance at the device page, also after a restart."""
    await send(hass, ADA_ENTITY, "hello")
    await until(hass, lambda: state(hass, "sensor.home_bot_last_sent") != "unknown")
    assert state(hass, "sensor.home_bot_sent_messages") == "0"  # a row for each message would tell no more
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=301))
    await until_shown(hass, "sensor.home_bot_sent_messages", "1")
    last_sent = state(hass, "sensor.home_bot_last_sent")
    assert last_sent != "unknown"

    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert state(hass, "sensor.home_bot_last_sent") == last_sent
    assert state(hass, "sensor.home_bot_sent_messages") == "1"


async def test_an_outage_shows_and_goes(
    hass: HomeAssistant, with_the_noisy_ones: None, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """People must see that messages wait, since when and why, and recipients must stay usable meanwhile."""
    await telegram.pause()
    await send(hass, ADA_ENTITY, "one")
    await send(hass, BOB_ENTITY, "two")
    await until_shown(hass, "sensor.home_bot_waiting_messages", "2")
    await until_shown(hass, "binary_sensor.home_bot_sending", "off")
    await until_shown(hass, "binary_sensor.home_bot_receiving", "off")
    sending = hass.states.get("binary_sensor.home_bot_sending")
    assert sending
    assert sending.attributes["reason"] == "refused"
    fault = the_bach(hass).health(CONNECTION, Direction.SENDING).fault
    assert fault
    assert sending.attributes["problem"] == fault.text, "for people, who read no codes"
    assert sending.attributes["problem"] != "refused"
    oldest = dt_util.parse_datetime(state(hass, "sensor.home_bot_oldest_waiting_message") or "")
    assert oldest
    assert timedelta() <= dt_util.utcnow() - oldest < timedelta(minutes=1)
    assert "unavailable" not in {state(hass, ADA_ENTITY), state(hass, BOB_ENTITY)}

    await telegram.resume()
    await press(hass, "button.home_bot_check_now")
    await telegram.wait_for(2)
    await until_shown(hass, "sensor.home_bot_waiting_messages", "0")
    assert state(hass, "sensor.home_bot_oldest_waiting_message") == "unknown"
    sending = hass.states.get("binary_sensor.home_bot_sending")
    assert sending
    assert (sending.state, sending.attributes["reason"], sending.attributes["problem"]) == ("on", None, None)


async def test_a_breaker_that_opens_is_shown(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """An open circuit explains why nothing is tried at the moment."""
    sensor = hass.states.get("sensor.home_bot_circuit_breaker")
    assert sensor
    assert sensor.attributes["device_class"] == SensorDeviceClass.ENUM
    assert set(sensor.attributes["options"]) == {"closed", "open", "half_open"}

    telegram.revoke(bot)
    await send(hass, ADA_ENTITY, "hello")
    await until_shown(hass, "sensor.home_bot_circuit_breaker", "open")


async def test_a_burst_is_written_once_a_second(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The recorder writes every state change to disk; a hundred messages must not become hundreds of rows."""
    await telegram.pause()
    await until_shown(hass, "binary_sensor.home_bot_receiving", "off")
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)

    before = hass.loop.time()
    for number in range(30):
        await the_bach(hass).send(CONNECTION, "42", f"message {number}")
        await hass.async_block_till_done()
    await until_shown(hass, "sensor.home_bot_waiting_messages", "30")

    queued = [change for change in changes if change.data["entity_id"] == "sensor.home_bot_waiting_messages"]
    assert len(queued) <= 2 + (hass.loop.time() - before)


async def test_dead_letters_are_retried_by_a_button(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """After whatever made messages fail was repaired, one press sends them all."""
    telegram.chats[ADA].block()
    await send(hass, ADA_ENTITY, "hello")
    await until_shown(hass, "sensor.home_bot_dead_letters", "1")

    telegram.chats[ADA].welcome()
    await press(hass, "button.home_bot_retry_dead_letters")

    await telegram.wait_for(1)
    await until_shown(hass, "sensor.home_bot_dead_letters", "0")


async def test_checking_a_connection_that_does_not_work_says_why(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever presses "Check now" wants an answer, not a grey button."""
    telegram.fail(Fault.server_error(), methods=["getMe"])
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, "button.home_bot_check_now")
    assert raised.value.translation_key == "check_failed_http"
    assert "@home_bot" in str(raised.value)
    assert (raised.value.translation_placeholders or {})["reason"].endswith("."), "a sentence follows"
    await until_shown(hass, "binary_sensor.home_bot_sending", "off")

    await press(hass, "button.home_bot_check_now")
    await until_shown(hass, "binary_sensor.home_bot_sending", "on")


async def test_a_connection_can_be_switched_off_and_on(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Off means: nothing goes out and nothing comes in, nothing is lost, and a restart does not switch it on again."""
    await turn(hass, "turn_off")
    await until_shown(hass, "switch.home_bot_enabled", "off")
    await until_shown(hass, "binary_sensor.home_bot_sending", "off")
    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert state(hass, "switch.home_bot_enabled") == "off"
    await send(hass, ADA_ENTITY, "later")
    assert not telegram.sent

    await turn(hass, "turn_on")
    await telegram.wait_for(1)
    await until_shown(hass, "switch.home_bot_enabled", "on")


async def test_a_database_that_fails_makes_the_numbers_unavailable(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old numbers would look as if all were well; recipients stay, for their error is a better one."""

    async def fail() -> None:
        raise StoreFailedError(path="bach.db", reason="disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(the_bach(hass), "queue_status", fail)
        await loaded.runtime_data.async_refresh()
        assert state(hass, "sensor.home_bot_waiting_messages") == "unavailable"
        assert state(hass, ADA_ENTITY) == "unknown"
    await loaded.runtime_data.async_refresh()
    assert state(hass, "sensor.home_bot_waiting_messages") == "0"


@pytest.mark.parametrize("link", ["", "x", "javascript:alert(1)", "http://", "https://["])
async def test_a_link_that_home_assistant_does_not_take_stops_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, link: str
) -> None:
    """The connector of another package may give any link, and its connection would never start."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, "link": link})
    await set_up(hass, entry)
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, entry.entry_id), entry.entry_id)
    assert device
    assert device.configuration_url is None
