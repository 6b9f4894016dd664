"""Setting connections up, changing them, and what is left when they go."""

import logging
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState, ConfigSubentry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from bach_lib import Bach, ConnectionState, Direction, Status
from bach_lib.errors import NotOpenError
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.home.vaults import EntryVault
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    CONNECTION,
    TOKEN,
    add_entry,
    press,
    send,
    set_up,
    state,
    the_bach,
    until,
    until_state,
)

OTHER_TOKEN = "987654321:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
OTHER_CONNECTION = "telegram_987654321"


@pytest.fixture
def database(hass: HomeAssistant) -> Path:
    """Where the database is."""
    return Path(hass.config.path(".storage", "bach", "bach.db"))


@pytest.fixture
async def other(hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry) -> MockConfigEntry:
    """A second connection beside the first."""
    telegram.add_bot(OTHER_TOKEN, username="other_bot")
    entry = add_entry(hass, telegram, token=OTHER_TOKEN, title="@other_bot", recipients={"Eve": 44})
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.other_bot_sending", "on")
    return entry


async def test_a_connection_is_set_up_and_unloaded(
    hass: HomeAssistant, loaded: MockConfigEntry, database: Path
) -> None:
    """A connection that cannot be loaded, or not be unloaded, is of no use to anybody."""
    assert database.exists()
    assert state(hass, ADA_ENTITY) == "unknown"

    assert await hass.config_entries.async_unload(loaded.entry_id)
    await hass.async_block_till_done()

    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert state(hass, ADA_ENTITY) == "unavailable"
    with pytest.raises(NotOpenError):
        the_bach(hass)


async def test_recipients_are_devices_below_their_connection(
    hass: HomeAssistant, device_registry: dr.DeviceRegistry, loaded: MockConfigEntry
) -> None:
    """People find a recipient on the page of its connection, and can open the bot from there."""
    connection = device_registry.async_get_device_by_identifier(("bach", loaded.entry_id), loaded.entry_id)
    assert connection
    assert connection.configuration_url == "https://t.me/home_bot"
    for subentry_id, subentry in loaded.subentries.items():
        identifier = ("bach", f"{loaded.entry_id}_{subentry_id}")
        device = device_registry.async_get_device_by_identifier(identifier, loaded.entry_id)
        assert device
        assert (device.name, device.via_device_id) == (subentry.title, connection.id)
        assert device.config_subentry_id == subentry_id


async def test_without_internet_everything_is_there_and_queues(
    hass: HomeAssistant, telegram: TelegramServer, entry: MockConfigEntry
) -> None:
    """After a power cut the router comes up last; automations that run before must not fail or be forgotten."""
    await telegram.pause()
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    assert state(hass, ADA_ENTITY) == "unknown"

    await send(hass, ADA_ENTITY, "The garage door is open")
    assert state(hass, ADA_ENTITY) == "unknown"  # nothing has been sent yet, and nothing says so

    await telegram.resume()
    await press(hass, "button.home_bot_check_now")
    [message] = await telegram.wait_for(1)
    assert message.text == "The garage door is open"
    await until(hass, lambda: state(hass, ADA_ENTITY) not in {"unknown", "unavailable"})


async def test_what_waits_survives_a_reload(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Reloading is what people try first when something hangs; it must not cost them their messages."""
    await telegram.pause()
    await send(hass, ADA_ENTITY, "hello")
    await telegram.resume()

    assert await hass.config_entries.async_reload(loaded.entry_id)

    [message] = await telegram.wait_for(1)
    assert message.text == "hello"


async def test_a_new_recipient_does_not_interrupt_the_connection(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever adds a recipient while messages go out must not cause repetitions or a log-in of its own."""
    checks = telegram.calls["getMe"]
    data = MappingProxyType({"recipient": "44"})
    hass.config_entries.async_add_subentry(
        loaded,
        ConfigSubentry(data=data, subentry_type="recipient", title="Eve", unique_id="recipient_44"),
    )
    await hass.async_block_till_done()

    assert state(hass, "notify.eve") == "unknown"
    assert the_bach(hass).registry.get(CONNECTION).allowed == {"42", "43", "44"}
    assert the_bach(hass).health(CONNECTION, Direction.SENDING).state is ConnectionState.CONNECTED
    assert telegram.calls["getMe"] == checks


async def test_a_removed_recipient_takes_its_entity_along(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A recipient that was deleted must neither be offered nor be let in any more."""
    ada = next(key for key, subentry in loaded.subentries.items() if subentry.title == "Ada")
    hass.config_entries.async_remove_subentry(loaded, ada)
    await hass.async_block_till_done()

    assert state(hass, ADA_ENTITY) is None
    assert the_bach(hass).registry.get(CONNECTION).allowed == {"43"}


async def test_new_credentials_are_used_at_once(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """After the token was renewed nothing may go on with the old one."""
    new_token = f"{TOKEN[:-3]}new"
    telegram.revoke(telegram.bots[TOKEN])
    telegram.add_bot(new_token, username="home_bot")
    hass.config_entries.async_update_entry(loaded, data={**loaded.data, "bot_token": new_token})
    await hass.async_block_till_done()

    await send(hass, ADA_ENTITY, "hello")
    await telegram.wait_for(1)


async def test_references_lead_to_our_secrets_only(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A row of the database must not be a way to the credentials of other integrations."""
    stranger = MockConfigEntry(domain="bank", data={"bot_token": "secret", "password": "secret"})
    stranger.add_to_hass(hass)
    assert EntryVault(hass)(f"{loaded.entry_id}/bot_token") == TOKEN
    for target in (f"{stranger.entry_id}/bot_token", f"{loaded.entry_id}/endpoint", "nobody/bot_token", ""):
        assert EntryVault(hass)(target) is None


async def test_two_connections_share_one_database(hass: HomeAssistant, other: MockConfigEntry) -> None:
    """A second bot must not need, or lock, a database of its own."""
    assert [row.name for row in the_bach(hass).registry.list()] == [CONNECTION, OTHER_CONNECTION]

    assert await hass.config_entries.async_unload(other.entry_id)

    assert the_bach(hass).health(CONNECTION, Direction.SENDING).state is ConnectionState.CONNECTED


async def test_every_connection_has_its_own_numbers(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, other: MockConfigEntry
) -> None:
    """What one bot sent must not be shown as sent by another."""
    telegram.add_chat(44, first_name="Eve")
    await send(hass, "notify.eve", "hello")
    await until(hass, lambda: state(hass, "notify.eve") != "unknown")
    await other.runtime_data.async_refresh()
    assert (other.runtime_data.data.queue.sent, other.runtime_data.data.last_sent is None) == (1, False)
    await loaded.runtime_data.async_refresh()
    assert (loaded.runtime_data.data.queue.sent, loaded.runtime_data.data.last_sent) == (0, None)


async def test_a_disabled_connection_rests(
    hass: HomeAssistant, telegram: TelegramServer, other: MockConfigEntry, loaded: MockConfigEntry
) -> None:
    """Disabling a connection in the UI must stop it, though another one keeps the database open."""
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, ConfigEntryDisabler.USER)
    assert the_bach(hass).health(CONNECTION, Direction.SENDING).state is ConnectionState.DISABLED

    receipt = await the_bach(hass).send(CONNECTION, str(ADA), "not yet")
    assert await hass.config_entries.async_reload(other.entry_id)
    await until_state(hass, "binary_sensor.other_bot_sending", "on")
    assert (await the_bach(hass).get(receipt.id)).status is Status.PENDING

    await hass.config_entries.async_set_disabled_by(loaded.entry_id, None)
    await telegram.wait_for(1)


async def test_removing_a_connection_removes_its_rows_only(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, other: MockConfigEntry
) -> None:
    """Removing one bot must not leave its messages behind, nor touch those of another."""
    await telegram.pause()
    await send(hass, ADA_ENTITY, "of the first")
    await send(hass, "notify.eve", "of the other")

    await hass.config_entries.async_remove(loaded.entry_id)

    assert [row.name for row in the_bach(hass).registry.list()] == [OTHER_CONNECTION]
    assert [message.text for message in await the_bach(hass).messages()] == ["of the other"]


async def test_removing_the_last_connection_removes_the_database(
    hass: HomeAssistant, loaded: MockConfigEntry, database: Path
) -> None:
    """Whoever removes everything expects that no message stays on the disk."""
    await send(hass, ADA_ENTITY, "private")
    await hass.config_entries.async_remove(loaded.entry_id)
    assert not database.parent.exists()


async def test_a_connection_that_never_ran_can_be_removed(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """An entry that was never set up has no row, which is no reason to fail."""
    entry = add_entry(hass, telegram, token=OTHER_TOKEN)
    await hass.config_entries.async_remove(entry.entry_id)
    assert [row.name for row in the_bach(hass).registry.list()] == [CONNECTION]


async def test_home_assistant_stopping_closes_the_database(
    hass: HomeAssistant, loaded: MockConfigEntry, database: Path
) -> None:
    """Home Assistant unloads nothing when it stops; the database must be closed all the same, and quietly."""
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()

    with pytest.raises(NotOpenError):
        the_bach(hass)
    async with Bach(database, autostart=False) as bach:
        assert [row.name for row in bach.registry.list()] == [CONNECTION]


async def test_home_assistant_stops_without_a_complaint(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """An error in the log at every restart would hide the one that matters."""
    caplog.clear()
    await send(hass, ADA_ENTITY, "on its way when everything stops")
    await hass.async_stop(force=True)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2), fire_all=True)
    await hass.async_block_till_done()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def damage(path: Path) -> None:
    """Not a database."""
    path.write_bytes(b"This is not a database, whatever its name says." * 100)


def make_newer(path: Path) -> None:
    """A database of a version that does not exist yet."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()


@pytest.mark.parametrize(("spoil", "reason"), [(damage, "store_damaged"), (make_newer, "store_too_new")])
async def test_a_database_that_cannot_be_used_is_explained(
    hass: HomeAssistant, entry: MockConfigEntry, database: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    """A broken or newer file needs a person, who must be told what to do; trying again would not help."""
    database.parent.mkdir(parents=True)
    spoil(database)

    assert not await hass.config_entries.async_setup(entry.entry_id)

    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == reason
    assert database.exists()


async def test_a_database_in_use_is_waited_for(hass: HomeAssistant, entry: MockConfigEntry, database: Path) -> None:
    """During a restart the old process may still hold the file for a moment."""
    database.parent.mkdir(parents=True)
    async with Bach(database):
        assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "store_in_use"


async def test_a_connection_is_removed_even_if_the_database_is_broken(
    hass: HomeAssistant,
    telegram: TelegramServer,
    entry: MockConfigEntry,
    database: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody may be stuck with an entry that cannot be deleted."""
    add_entry(hass, telegram, token=OTHER_TOKEN)
    database.parent.mkdir(parents=True)
    damage(database)
    await hass.config_entries.async_setup(entry.entry_id)

    await hass.config_entries.async_remove(entry.entry_id)

    assert hass.config_entries.async_get_entry(entry.entry_id) is None
    assert "could not be removed" in caplog.text
