"""Messages that wait for a connection that was switched off and forgotten: after a day somebody is told."""

import time
from pathlib import Path

import pytest
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Status
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.const import DOMAIN
from custom_components.bach.lifecycle.inactive import INACTIVE, InactiveConnections, async_track_inactive
from tests.component.conftest import ADA_ENTITY, send, the_bach, until, until_state
from tests.component.test_dead_letters import start
from tests.component.test_removed_recipients import switch
from tests.component.test_undelivered import repairs

HOUR = 3600.0
WAITING = "sensor.home_bot_waiting_messages"


async def later(hass: HomeAssistant, hours: float) -> None:
    """Let so much time pass on the wall, and the hourly look be taken."""
    inactive = hass.data[INACTIVE]
    now = inactive.now() + hours * HOUR
    inactive.now = lambda: now
    await inactive.look()


async def switch_off_with_a_message(hass: HomeAssistant) -> None:
    """One message waits."""
    await switch(hass, "off")
    await until_state(hass, "switch.home_bot_enabled", "off")
    await send(hass, ADA_ENTITY, "a secret of ours")
    await until_state(hass, WAITING, "1")
    await hass.async_block_till_done()


async def disable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """By hand, in Home Assistant."""
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await hass.async_block_till_done()


async def test_what_waits_for_a_connection_that_was_switched_off_is_told_after_a_day(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Alarms would wait for weeks, and every screen would look as it should."""
    await switch_off_with_a_message(hass)
    await later(hass, 23)
    assert repairs(hass, "switched_off") == []
    await later(hass, 2)
    [issue] = repairs(hass, "switched_off")
    words = issue.translation_placeholders or {}
    assert (words["name"], words["count"], words["oldest"]) == ("@home_bot", "1", words["since"])
    assert words["since"].startswith("20")

    dialog = await start(hass, issue)
    menu = await dialog.flow.async_step_init()
    assert (menu["type"], menu["menu_options"]) == (FlowResultType.MENU, ["switch_on", "show", "discard"])
    shown = await dialog.flow.async_step_show()
    assert "Ada" in shown["description_placeholders"]["messages"]
    assert "secret" not in str(shown)
    assert (await dialog.flow.async_step_switch_on())["type"] is FlowResultType.CREATE_ENTRY
    assert (await the_bach(hass).wait(1, 60)).status is Status.SENT
    await until(hass, lambda: not repairs(hass, "switched_off"))


async def test_what_waits_there_can_be_given_up(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Whoever switches on after weeks would send what nobody wants to read any more."""
    await switch_off_with_a_message(hass)
    await later(hass, 25)
    dialog = await start(hass, repairs(hass, "switched_off")[0])
    discarded = await dialog.flow.async_step_discard()
    assert (discarded["step_id"], discarded["description_placeholders"]) == ("discarded", {"count": "1"})
    assert (await dialog.flow.async_step_discarded({}))["type"] is FlowResultType.CREATE_ENTRY
    assert repairs(hass, "switched_off") == []
    assert (await the_bach(hass).get(1)).status is Status.CANCELLED


async def test_the_repair_goes_by_itself(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """It would tell of what is not so any more."""
    await switch_off_with_a_message(hass)
    await later(hass, 25)
    assert repairs(hass, "switched_off")
    await the_bach(hass).cancel(1)
    await until(hass, lambda: not repairs(hass, "switched_off"))
    await send(hass, ADA_ENTITY, "another")
    await until(hass, lambda: bool(repairs(hass, "switched_off")))  # it has rested for more than a day all the time
    await switch(hass, "on")
    await until(hass, lambda: not repairs(hass, "switched_off"))
    await later(hass, 100)
    assert repairs(hass, "switched_off") == []


async def test_since_when_it_rests_outlives_a_restart(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A home that is restarted each night would never be told."""
    await switch_off_with_a_message(hass)
    hass.data[INACTIVE] = again = InactiveConnections(hass, lambda: time.time() + 25 * HOUR)
    await again.load()
    await again.look()
    assert len(repairs(hass, "switched_off")) == 1


async def test_a_clock_that_was_ahead_is_not_believed(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """A connection that was switched off at a time that lies in the future would not be told of for as long."""
    hass.data[INACTIVE].now = lambda: time.time() + 1000 * HOUR
    await switch_off_with_a_message(hass)
    hass.data[INACTIVE].now = time.time
    await later(hass, 0)
    await later(hass, 25)
    assert len(repairs(hass, "switched_off")) == 1


async def test_a_disabled_connection_is_told_of_too(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """It is the only connection, so nothing of ours runs; what waits in its database would be forgotten."""
    await switch_off_with_a_message(hass)
    await switch(hass, "off")
    await disable(hass, loaded)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    await later(hass, 25)
    assert repairs(hass, "switched_off") == []
    [issue] = repairs(hass, "disabled")
    assert (issue.translation_placeholders or {})["count"] == "1"

    dialog = await start(hass, issue)
    assert "Ada" in (await dialog.flow.async_step_show())["description_placeholders"]["messages"]
    assert (await dialog.flow.async_step_switch_on())["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert (await the_bach(hass).wait(1, 60)).status is Status.SENT
    assert not ir.async_get(hass).issues


async def test_nothing_is_told_of_a_connection_that_is_gone(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, hass_storage: dict[str, object]
) -> None:
    """A repair about what was removed could not be mended by anybody."""
    await switch_off_with_a_message(hass)
    await later(hass, 25)
    assert repairs(hass, "switched_off")
    assert "bach.inactive" in hass_storage
    await hass.config_entries.async_remove(loaded.entry_id)
    await hass.async_block_till_done()
    assert repairs(hass, "switched_off") == []
    assert "bach.inactive" not in hass_storage


@pytest.mark.parametrize("stored", [[], {"x": "long"}, None])
async def test_what_is_written_wrongly_is_as_if_it_were_not(
    hass: HomeAssistant, hass_storage: dict[str, object], stored: object
) -> None:
    """A broken file would keep BACH from starting."""
    hass_storage["bach.inactive"] = {"version": 1, "minor_version": 1, "key": "bach.inactive", "data": stored}
    inactive = InactiveConnections(hass)
    await inactive.load()
    await inactive.look()


async def test_a_home_that_disabled_all_is_told_over_a_restart(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Nothing of ours is loaded there any more, so nobody would ever hear of what waits."""
    await switch_off_with_a_message(hass)
    await disable(hass, loaded)
    assert repairs(hass, "all_disabled") == []
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    [issue] = repairs(hass, "all_disabled")
    assert (issue.is_persistent, issue.is_fixable) == (True, False), "a dialog of ours could not be opened"
    assert (issue.translation_placeholders or {})["count"] == "1"
    assert "@home_bot" in (issue.translation_placeholders or {})["name"]
    await async_track_inactive(hass)
    assert repairs(hass, "all_disabled") == [], "a connection is loaded again"


async def test_a_home_that_stops_while_a_connection_works_is_told_nothing(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Each restart would leave a repair behind."""
    await switch_off_with_a_message(hass)
    await disable(hass, loaded)
    await hass.config_entries.async_set_disabled_by(loaded.entry_id, None)
    await hass.async_block_till_done()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert repairs(hass, "all_disabled") == []


async def test_the_last_connection_is_removed_also_where_nothing_of_ours_runs(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """What people wrote would stay on the disk of who has removed BACH, and so would a repair about it."""
    entry = MockConfigEntry(domain=DOMAIN, data={"type": "telegram"}, disabled_by=ConfigEntryDisabler.USER)
    entry.add_to_hass(hass)
    assert "bach" not in hass.config.components
    database = Path(hass.config.path(".storage", "bach", "bach.db"))
    database.parent.mkdir(parents=True)
    database.write_bytes(b"what somebody wrote")
    ir.async_create_issue(
        hass,
        "bach",
        "all_disabled",
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="all_disabled",
    )
    await hass.config_entries.async_remove(entry.entry_id)
    assert "Error calling entry remove" not in caplog.text
    assert not database.parent.exists()
    assert repairs(hass, "all_disabled") == []
