"""The recipes of docs/recipes.md: each is loaded as it stands there, and does what the page says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from bach_lib import ConnectionState, Content, Direction, Fault, Health, Kind
from bach_lib.events import ConnectionChanged
from bach_lib.testing.telegram_server import TelegramServer
from custom_components.bach.home.attribution import SIGNAL_HAPPENED
from tests.component.conftest import ADA, BOB, CONNECTION, add_entry, arrive, incoming, set_up, the_bach, until

RECIPES = {
    recipe["alias"]: recipe
    for block in re.findall(
        r"```yaml\n(.*?)```", (Path(__file__).parents[2] / "docs/recipes.md").read_text("utf-8"), re.DOTALL
    )
    for recipe in [yaml.safe_load(block)]
}


async def load(hass: HomeAssistant, alias: str, recipe: dict[str, Any] | None = None) -> None:
    """The automation, as somebody has pasted it."""
    assert await async_setup_component(hass, "automation", {"automation": recipe or RECIPES[alias]})
    await hass.async_block_till_done()
    [found] = hass.states.async_all("automation")
    assert (found.state, found.attributes["friendly_name"]) == ("on", alias)


def turns(hass: HomeAssistant, entity_id: str, *states: str) -> None:
    """An entity has the first state, then the next, and so on. What that starts may wait, and is not waited for."""
    for one in states:
        hass.states.async_set(entity_id, one)


async def run(hass: HomeAssistant) -> None:
    """Let the automation run as if it were time; its conditions are asked."""
    [found] = hass.states.async_entity_ids("automation")
    await hass.services.async_call("automation", "trigger", {"entity_id": found, "skip_condition": False})


@pytest.fixture
def expected_lingering_timers() -> bool:
    """The clock of those that run at a time of day."""
    return True


def test_every_recipe_has_a_test() -> None:
    """Somebody would copy what nobody has tried."""
    tried = re.findall(r'await load\(hass, "([^"]+)"', Path(__file__).read_text("utf-8"))
    assert {*tried} == {*RECIPES}
    assert len(RECIPES) == 9


async def ended(hass: HomeAssistant, automation: str) -> None:
    """An automation has run to its end."""

    def is_over() -> bool:
        found = hass.states.get(automation)
        return found is not None and found.attributes["current"] == 0

    await until(hass, is_over)


@pytest.fixture
def siren(hass: HomeAssistant) -> list[ServiceCall]:
    """What the siren is told."""
    return async_mock_service(hass, "siren", "turn_on")


async def test_an_alarm_goes_before_all_others_and_needs_no_siren(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, siren: list[ServiceCall]
) -> None:
    """Smoke, and nobody reads of it; or the siren howls although everybody knows."""
    await load(hass, "Smoke")
    turns(hass, "binary_sensor.smoke", "off", "on")
    sent = await telegram.wait_for(2)
    assert {one.chat_id for one in sent} == {ADA, BOB}
    assert {one.text for one in sent} == {"Smoke\n\nsmoke in the house reports smoke"}
    await ended(hass, "automation.smoke")
    assert siren == []
    assert (await the_bach(hass).get(1)).priority == 10


async def test_an_alarm_that_nobody_gets_is_heard_in_the_house(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, siren: list[ServiceCall]
) -> None:
    """Smoke, the internet is gone, and the house is silent."""
    for person in (ADA, BOB):
        telegram.chats[person].block()
    await load(hass, "Smoke")
    turns(hass, "binary_sensor.smoke", "off", "on")
    await until(hass, lambda: len(siren) == 1)


@pytest.mark.parametrize(("button", "closed"), [("Close it", 1), ("Leave it open", 0)])
async def test_nothing_is_closed_without_a_yes(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, button: str, closed: int
) -> None:
    """The garage would close on somebody's feet, or stay open although they have pressed."""
    calls = async_mock_service(hass, "cover", "close_cover")
    await load(hass, "The garage is open at night")
    turns(hass, "cover.garage", "closed")
    await run(hass)
    turns(hass, "cover.garage", "open")
    await run(hass)
    [question] = await telegram.wait_for(1)
    assert question.text == "The garage is still open. Shall I close it?"
    telegram.presses(question, button)
    automation = "automation.the_garage_is_open_at_night"
    await ended(hass, automation)
    assert len(calls) == closed


async def test_a_command_is_answered_where_it_was_sent(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Bob would ask, and Ada be answered."""
    await load(hass, "How are things at home?")
    turns(hass, "sensor.living_room", "21")
    turns(hass, "cover.garage", "closed")
    await arrive(hass, incoming(BOB, kind=Kind.COMMAND, text="/status", content=Content(command="status")))
    [answer] = await telegram.wait_for(1)
    assert (answer.chat_id, answer.text) == (BOB, "It is 21 degrees inside, the garage is closed.")


async def test_the_words_come_also_without_the_picture(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Somebody rings, the camera has no picture, and nobody hears of it."""
    await load(hass, "Somebody rings")
    turns(hass, "binary_sensor.bell", "off", "on")
    [message] = await telegram.wait_for(1)
    assert message.text == "Somebody rings"
    [lost] = (await the_bach(hass).get(1)).lost
    assert lost.reason.startswith("camera.door brought no file")


async def test_yesterdays_weather_is_not_told(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """After an outage seven mornings would come at once."""
    await load(hass, "Good morning")
    turns(hass, "sensor.outside", "9")
    await run(hass)
    [message] = await telegram.wait_for(1)
    assert message.text == "Good morning! It is 9 degrees outside."
    kept = await the_bach(hass).get(1)
    assert kept.expires_at is not None
    assert (kept.tag, round(kept.expires_at - kept.created_at)) == ("morning", 7200)


async def test_the_message_on_the_phone_follows_the_machine(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The phone would say that it runs, for ever."""
    await load(hass, "Washing machine")
    turns(hass, "binary_sensor.washing_machine", "off", "on")
    [message] = await telegram.wait_for(1)
    assert message.text == "The washing machine is running"
    await until(hass, lambda: (found := hass.states.get("notify.ada")) is not None and found.state != "unknown")
    turns(hass, "binary_sensor.washing_machine", "off")
    chat = telegram.chats[ADA]
    done = "The washing machine is done"
    await until(hass, lambda: (now := chat.messages[message.message_id]) is not None and now.text == done)


@pytest.mark.parametrize(("words", "passed_on"), [("Backup FAILED: disk full", True), ("Backup done", False)])
async def test_what_a_program_reports_is_passed_on_if_it_matters(
    hass: HomeAssistant, telegram: TelegramServer, words: str, *, passed_on: bool
) -> None:
    """A failed backup would be noticed a year later; or every good one wakes somebody."""
    await set_up(hass, add_entry(hass, telegram, recipients={"Ada": ADA, "Nas": BOB}))
    await load(hass, "The backup failed")
    await arrive(hass, incoming(BOB, text=words))
    waiting = await the_bach(hass).messages()
    assert [(one.title, one.text) for one in waiting] == ([("Nas", words)] if passed_on else [])


@pytest.mark.parametrize("answered", [True, False])
async def test_a_lamp_tells_whoever_has_not_looked(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, *, answered: bool
) -> None:
    """Dinner gets cold; or the lamp flashes at somebody who is on the stairs."""
    lamp = async_mock_service(hass, "light", "turn_on")
    recipe = yaml.safe_load(yaml.safe_dump(RECIPES["Dinner is ready"]))
    assert recipe["actions"][1]["timeout"] == "00:10:00"
    if not answered:
        recipe["actions"][1]["timeout"] = {"milliseconds": 50}
    await load(hass, "Dinner is ready", recipe)
    turns(hass, "input_button.dinner", "unknown", "2026-01-01T12:00:00+00:00")
    [message] = await telegram.wait_for(1)
    if answered:
        await until(hass, lambda: (found := hass.states.get("notify.ada")) is not None and found.state != "unknown")
        telegram.says("I am coming", sender=str(ADA), reply_to=message.message_id)
    automation = "automation.dinner_is_ready"
    await ended(hass, automation)
    assert bool(lamp) is not answered


async def test_an_outage_is_told_by_another_way(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """Messages would wait for days, and nobody know."""
    told = async_mock_service(hass, "persistent_notification", "create")
    await load(hass, "Messages wait")
    health = Health(state=ConnectionState.DISCONNECTED, fault=Fault(code="dns", text="no such host"))
    for direction in Direction:
        event = ConnectionChanged(connection=CONNECTION, direction=direction, health=health)
        async_dispatcher_send(hass, SIGNAL_HAPPENED, loaded.entry_id, event)
    await hass.async_block_till_done()
    [call] = told
    assert call.data["message"] == "@home_bot: no such host"
