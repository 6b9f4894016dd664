"""What a person is told about a connection without asking."""

import logging
from datetime import timedelta

import pytest
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from bach_lib import BreakerState
from bach_lib.testing.telegram_server import Bot, Fault, TelegramServer
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    CONNECTION,
    STRANGER,
    TOKEN,
    add_entry,
    person,
    press,
    send,
    set_up,
    state,
    the_bach,
    until,
    until_state,
)

GROUP, SUPERGROUP = -100, -1001234567890


def reauth_flows(hass: HomeAssistant) -> list[str]:
    """The dialogs that ask for a new token."""
    return [
        flow["flow_id"]
        for flow in hass.config_entries.flow.async_progress()
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


async def names_shown(hass: HomeAssistant, flow_id: str) -> set[str]:
    """What a dialog calls its connection: in the list of what needs attention, and on its page."""
    listed = hass.config_entries.flow.async_get(flow_id)["context"]["title_placeholders"]
    shown = (await hass.config_entries.flow.async_configure(flow_id))["description_placeholders"]
    assert shown
    return {listed["name"], shown["name"]}


async def test_a_token_that_is_refused_at_run_time_asks_for_a_new_one(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """One question, not one for every attempt; and what waits goes out with the new token."""
    telegram.revoke(bot)
    await send(hass, ADA_ENTITY, "waits for the new token")
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    await until_state(hass, "binary_sensor.home_bot_receiving", "off")
    # Whichever was refused first, the poll or the message: the other may still be under way.
    await until_state(hass, "sensor.home_bot_circuit_breaker", "open")
    await until(hass, lambda: bool(reauth_flows(hass)))
    [flow_id] = reauth_flows(hass)
    assert await names_shown(hass, flow_id) == {"@home_bot"}, "with five bots, nobody knows which of them asks"

    new_token = f"{TOKEN[:-3]}new"
    telegram.add_bot(new_token, username="home_bot")
    result = await hass.config_entries.flow.async_configure(flow_id, {"bot_token": new_token})
    assert result["reason"] == "reauth_successful"
    [message] = await telegram.wait_for(1)
    assert message.text == "waits for the new token"
    assert not reauth_flows(hass)
    assert the_bach(hass).breaker(CONNECTION) is BreakerState.CLOSED
    await until_state(hass, "binary_sensor.home_bot_sending", "on")


async def test_a_page_that_was_closed_over_a_dialog_does_not_keep_it_from_asking(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """Weeks later a token is refused, and as some page once left *Reconfigure* open, nobody is asked for another."""
    left = await loaded.start_reconfigure_flow(hass)
    telegram.revoke(bot)
    await send(hass, ADA_ENTITY, "waits for the new token")
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    await until_state(hass, "binary_sensor.home_bot_receiving", "off")
    assert not reauth_flows(hass), "somebody may just be filling it in"
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=1, seconds=1))
    await until(hass, lambda: bool(reauth_flows(hass)))
    assert left["flow_id"] not in {flow["flow_id"] for flow in hass.config_entries.flow.async_progress()}


async def test_whoever_mends_it_in_that_dialog_is_not_asked_again(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """They would wonder which of the two tokens counts."""
    dialog = await loaded.start_reconfigure_flow(hass)
    telegram.revoke(bot)
    await send(hass, ADA_ENTITY, "waits for the new token")
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    new_token = f"{TOKEN[:-3]}new"
    telegram.add_bot(new_token, username="home_bot")
    given = {"bot_token": new_token, "server": {"endpoint": loaded.data["endpoint"]}}
    await hass.config_entries.flow.async_configure(dialog["flow_id"], given)
    await telegram.wait_for(1)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=1, seconds=1))
    await hass.async_block_till_done()
    assert not reauth_flows(hass)


async def test_a_token_that_is_refused_at_boot_asks_for_a_new_one(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, entry: MockConfigEntry
) -> None:
    """The entities are there all the same, and queue."""
    telegram.revoke(bot)
    await set_up(hass, entry)
    await until(hass, lambda: bool(reauth_flows(hass)))
    assert state(hass, ADA_ENTITY) == "unknown"


async def test_a_missing_token_asks_for_one(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """An entry whose data were damaged must lead back to the form, not to a wall."""
    await set_up(hass, entry)
    data = {key: value for key, value in entry.data.items() if key != "bot_token"}
    hass.config_entries.async_update_entry(entry, data=data)
    await until(hass, lambda: bool(reauth_flows(hass)))


async def test_a_second_program_on_the_bot_becomes_a_repair(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry, issue_registry: ir.IssueRegistry
) -> None:
    """With five bots, "409 Conflict" alone helps nobody. Sending goes on, and the repair goes by itself."""
    issue_id = f"conflict_{loaded.entry_id}"
    telegram.fail(Fault.conflict(), times=1, methods=["getUpdates"])
    telegram.says("ends the poll that is under way", bot=bot, chat_id=STRANGER)
    await until(hass, lambda: issue_registry.async_get_issue("bach", issue_id) is not None)
    issue = issue_registry.async_get_issue("bach", issue_id)
    assert issue
    assert issue.translation_placeholders
    assert issue.translation_placeholders["name"] == "@home_bot"
    assert "@home_bot" in issue.translation_placeholders["reason"]
    assert not issue.is_persistent
    await send(hass, ADA_ENTITY, "hello")
    await telegram.wait_for(1)

    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=1), fire_all=True)
    telegram.says("ends the next poll", bot=bot, chat_id=STRANGER)
    await until(hass, lambda: issue_registry.async_get_issue("bach", issue_id) is None)


async def test_an_unloaded_connection_has_no_repairs(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, issue_registry: ir.IssueRegistry
) -> None:
    """Whoever gives a connection up must not be left with its repair."""
    telegram.fail(Fault.conflict(), times=None, methods=["getUpdates"])
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await until(hass, lambda: bool(issue_registry.issues))
    await hass.config_entries.async_unload(loaded.entry_id)
    assert not issue_registry.issues


async def test_a_group_that_becomes_a_supergroup_is_followed(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """Telegram gives the group a new id one day; entity, automations and later messages must go on as before."""
    group = telegram.add_chat(GROUP, type="group", title="Family")
    telegram.add_chat(SUPERGROUP, type="supergroup", title="Family")
    entry = add_entry(hass, telegram, recipients={"Ada": ADA, "Family": GROUP})
    await set_up(hass, entry)
    group.upgrade(SUPERGROUP)

    await send(hass, "notify.family", "hello")
    [message] = await telegram.wait_for(1)
    assert message.chat_id == SUPERGROUP
    family = next(subentry for subentry in entry.subentries.values() if subentry.title == "Family")
    await until(hass, lambda: family.data["recipient"] == str(SUPERGROUP))
    assert family.unique_id == f"recipient_{SUPERGROUP}"
    assert family.data["kind"] == "private"
    await hass.async_block_till_done()
    assert the_bach(hass).registry.get(CONNECTION).allowed == {str(ADA), str(SUPERGROUP)}
    await send(hass, "notify.family", "again")
    assert {message.chat_id for message in await telegram.wait_for(2)} == {SUPERGROUP}


async def test_the_people_of_a_group_move_with_it(hass: HomeAssistant, telegram: TelegramServer) -> None:
    """The one person who may run commands in the group would become a stranger in the night."""
    group = telegram.add_chat(GROUP, type="group", title="Family")
    telegram.add_chat(SUPERGROUP, type="supergroup", title="Family")
    people = [person("Dora", str(GROUP), "46", role="admin"), person("Carl", "-200", "45")]
    entry = add_entry(hass, telegram, recipients={"Family": GROUP}, more=people)
    await set_up(hass, entry)
    group.upgrade(SUPERGROUP)
    await send(hass, "notify.family", "hello")
    await telegram.wait_for(1)
    allowed = {str(SUPERGROUP), f"{SUPERGROUP}#46"}
    await until(hass, lambda: the_bach(hass).registry.get(CONNECTION).allowed == allowed)

    moved = {item.title: item for item in entry.get_subentries_of_type("person")}
    assert (moved["Dora"].data["recipient"], moved["Dora"].unique_id) == (str(SUPERGROUP), f"person_{SUPERGROUP}_46")
    assert moved["Dora"].data["role"] == "admin"
    assert moved["Carl"].data["recipient"] == "-200"
    await hass.async_block_till_done()


async def test_a_supergroup_that_was_added_by_hand_stays_one_recipient(
    hass: HomeAssistant, telegram: TelegramServer
) -> None:
    """Somebody may have added the new id already; the old one then simply has no place to go to."""
    group = telegram.add_chat(GROUP, type="group", title="Family")
    telegram.add_chat(SUPERGROUP, type="supergroup", title="Family")
    entry = add_entry(hass, telegram, recipients={"Old": GROUP, "New": SUPERGROUP})
    await set_up(hass, entry)
    group.upgrade(SUPERGROUP)
    await send(hass, "notify.old", "hello")
    await telegram.wait_for(1)
    await hass.async_block_till_done()
    assert {subentry.unique_id for subentry in entry.subentries.values()} == {
        f"recipient_{GROUP}",
        f"recipient_{SUPERGROUP}",
    }


async def test_other_connections_are_none_of_its_business(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """What happens to one bot must not ask for the token of another, nor move its recipients."""
    other_token = "987654321:AAaaBBbbCCccDDddEEeeFFffGGggHHhhIIi"
    other_bot = telegram.add_bot(other_token, username="other_bot")
    group = telegram.add_chat(GROUP, type="group", title="Family")
    telegram.add_chat(SUPERGROUP, type="supergroup", title="Family")
    other = add_entry(hass, telegram, token=other_token, title="@other_bot", recipients={"Family": GROUP})
    await set_up(hass, other)
    group.upgrade(SUPERGROUP)
    await send(hass, "notify.family", "hello")
    await telegram.wait_for(1)
    telegram.revoke(other_bot)
    await send(hass, "notify.family", "again")
    await until(hass, lambda: bool(reauth_flows(hass)))
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["entry_id"] == other.entry_id


async def test_an_outage_is_two_lines_in_the_log_and_no_secret(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """A night without internet must not fill the log, and no line of it may hold the token."""
    caplog.clear()
    await telegram.pause()
    for number in range(3):
        await send(hass, ADA_ENTITY, f"message {number}")
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    await until_state(hass, "binary_sensor.home_bot_receiving", "off")
    await telegram.resume()
    await press(hass, "button.home_bot_check_now")
    await until_state(hass, "binary_sensor.home_bot_sending", "on")

    lines = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("bach_lib", "custom_components.bach")) and record.levelno >= logging.INFO
    ]
    assert len([line for line in lines if line.startswith("Sending")]) == 2
    assert len([line for line in lines if "does not work" in line]) == 2
    assert TOKEN not in caplog.text
    assert TOKEN.partition(":")[2] not in caplog.text
