"""What was not delivered is told: in the Activity, by a repair, and to automations that cannot go round in circles."""

from typing import cast

import pytest
from homeassistant.core import Event, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from bach_lib import Status
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.logbook import Describe, async_describe_events
from custom_components.bach.messages.undelivered import _MAX_LINES, limited
from tests.component.conftest import ADA, ADA_ENTITY, CONNECTION, send, the_bach, until, until_state
from tests.component.test_dead_letters import start


def repairs(hass: HomeAssistant, key: str = "dead_letters") -> list[ir.IssueEntry]:
    """Those about dead letters, or about something else."""
    return [one for one in ir.async_get(hass).issues.values() if one.translation_key == key]


async def test_a_dead_letter_is_told_where_people_look(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The Activity said that it was sent, and nothing ever contradicted."""
    events = async_capture_events(hass, "bach_undelivered")
    telegram.chats.pop(ADA)
    await send(hass, ADA_ENTITY, "a secret of ours")
    await the_bach(hass).wait(1, 60)
    await until(hass, lambda: bool(events))
    [event] = events
    assert (event.data["status"], event.data["error"]) == ("dead", "Chat not found")
    assert "a secret of ours" not in str(event.data)
    lines: dict[str, Describe] = {}
    async_describe_events(hass, lambda _, name, describe: lines.update({name: describe}))
    assert lines["bach_undelivered"](cast("Event", event)) == {
        "name": "Message",
        "message": "to Ada not delivered: Chat not found (message 1)",
        "icon": "mdi:email-alert",
    }


def test_ten_thousand_ends_are_no_ten_thousand_lines() -> None:
    """A day's messages that expire together would fill the recorder's database."""
    may_tell = limited()
    assert sum(may_tell() for _ in range(10_000)) == _MAX_LINES


async def test_a_repair_is_there_as_long_as_dead_letters_are(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Nobody would notice them who does not look at a number on the device's page."""
    chat = telegram.chats.pop(ADA)
    await send(hass, ADA_ENTITY, "hello")
    await until_state(hass, "sensor.home_bot_dead_letters", "1")
    await hass.async_block_till_done()
    [issue] = repairs(hass)
    assert issue.translation_placeholders == {
        "name": "@home_bot",
        "count": "1",
        "recipient": "Ada",
        "name_text": "\\@home\\_bot",
        "recipient_text": "Ada",
        "reason": "Chat not found",
        "url": "/bach/message/1",
    }

    dialog = await start(hass, issue)
    still = await dialog.flow.async_step_retry()
    assert (still["type"], still["step_id"]) == (FlowResultType.FORM, "still_dead")
    telegram.chats[ADA] = chat
    again = await dialog.flow.async_step_still_dead({})
    assert (again["type"], again["menu_options"]) == (FlowResultType.MENU, ["show", "retry", "discard"])
    assert (await dialog.flow.async_step_retry())["step_id"] == "all_sent"
    assert (await dialog.flow.async_step_all_sent({}))["type"] is FlowResultType.CREATE_ENTRY
    await until_state(hass, "sensor.home_bot_dead_letters", "0")
    assert repairs(hass) == []

    telegram.chats.pop(ADA)
    await send(hass, ADA_ENTITY, "hello")
    await until_state(hass, "sensor.home_bot_dead_letters", "1")
    discarded = await dialog.flow.async_step_discard()
    assert (discarded["step_id"], discarded["description_placeholders"]) == ("discarded", {"count": "1"})
    assert (await dialog.flow.async_step_discarded({}))["type"] is FlowResultType.CREATE_ENTRY
    await until_state(hass, "sensor.home_bot_dead_letters", "0")
    assert (await the_bach(hass).get(2)).status is Status.CANCELLED


@pytest.mark.parametrize(("choice", "status"), [("release", Status.SENT), ("discard", Status.CANCELLED)])
async def test_what_a_restored_database_holds_waits_for_its_owners_word(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, choice: str, status: Status
) -> None:
    """After a backup was restored, last month's alarms would go out again, or nobody would learn that they wait."""
    switch = {"entity_id": "switch.home_bot_enabled"}
    await hass.services.async_call("switch", "turn_off", switch, blocking=True)
    await send(hass, ADA_ENTITY, "ding")
    await the_bach(hass)._base.store.submit(lambda tx: tx.run("hold_unfinished"))  # as at the start of a restored one
    await hass.services.async_call("switch", "turn_on", switch, blocking=True)
    await until(hass, lambda: bool(repairs(hass, "held")))
    [issue] = repairs(hass, "held")
    assert (issue.translation_placeholders or {}).items() >= {"name": "@home_bot", "count": "1"}.items()
    assert telegram.sent == []

    dialog = await start(hass, issue)
    assert (await getattr(dialog.flow, f"async_step_{choice}")())["type"] is FlowResultType.CREATE_ENTRY
    assert (await the_bach(hass).wait(1, 60)).status is status
    await until(hass, lambda: not repairs(hass, "held"))


async def test_an_automation_does_not_tell_of_its_own_dead_letters(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The obvious first automation, through the chat that died, would make a dead letter a second for ever."""
    action = {"action": "bach.send_message", "target": {"entity_id": ADA_ENTITY}, "data": {"message": "Not delivered"}}
    automation = {"alias": "T", "triggers": [{"trigger": "bach.message_dead"}], "actions": [action]}
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    telegram.chats.pop(ADA)
    await send(hass, ADA_ENTITY, "first")
    await until_state(hass, "sensor.home_bot_dead_letters", "2")
    await the_bach(hass).wait(2, 60)
    await hass.async_block_till_done()
    await send(hass, ADA_ENTITY, "another of ours is told again")
    await until_state(hass, "sensor.home_bot_dead_letters", "4")
    assert len(await the_bach(hass).messages(connection=CONNECTION)) == 4


async def test_an_automation_on_our_event_does_not_tell_of_its_own_dead_letters(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The same through the event that the Activity shows: each dead letter would be the cause of the next for ever."""
    action = {"action": "bach.send_message", "target": {"entity_id": ADA_ENTITY}, "data": {"message": "Not delivered"}}
    trigger = {"trigger": "event", "event_type": "bach_undelivered"}
    assert await async_setup_component(
        hass, "automation", {"automation": [{"alias": "T", "triggers": [trigger], "actions": [action]}]}
    )
    await hass.async_block_till_done()
    alarms, ended = async_capture_events(hass, "bach_undelivered"), async_capture_events(hass, "bach_ended")
    telegram.chats.pop(ADA)
    for number, total in ((1, 2), (2, 4)):
        await send(hass, ADA_ENTITY, "one of ours")
        await until_state(hass, "sensor.home_bot_dead_letters", str(total))
        await hass.async_block_till_done()
        assert (len(alarms), len(ended)) == (number, number)
    assert len(await the_bach(hass).messages(connection=CONNECTION)) == 4
