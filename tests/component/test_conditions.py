"""Automations that ask how a connection stands."""

from typing import Any

import pytest
import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import ConditionChecker, async_from_config, async_validate_condition_config
from homeassistant.helpers.dispatcher import async_dispatcher_send
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from bach_lib import BreakerState
from bach_lib.events import BreakerChanged
from bach_lib.testing.telegram_server import Bot, TelegramServer
from custom_components.bach.home.attribution import SIGNAL_HAPPENED
from custom_components.bach.home.hub import HUB
from tests.component.automations import Json, automate
from tests.component.conftest import (
    ADA,
    ADA_ENTITY,
    CONNECTION,
    arrive,
    incoming,
    press,
    send,
    set_up,
    until,
    until_state,
)

ASKED = {"trigger": "bach.message_received"}

BREAKER_OPENS = BreakerChanged(
    connection=CONNECTION, old=BreakerState.CLOSED, new=BreakerState.OPEN, disabled_until=None
)


def connected(entry: MockConfigEntry, **options: str) -> Json:
    """The condition "is connected"."""
    return {"condition": "bach.is_connected", "options": {"config_entry_id": entry.entry_id, **options}}


def breaker_open(entry: MockConfigEntry) -> Json:
    """The condition "circuit breaker is open"."""
    return {"condition": "bach.is_breaker_open", "options": {"config_entry_id": entry.entry_id}}


async def checker(hass: HomeAssistant, config: Json) -> ConditionChecker:
    """The condition as automations use it."""
    return await async_from_config(hass, await async_validate_condition_config(hass, cv.CONDITION_SCHEMA(config)))


async def holds(hass: HomeAssistant, config: Json) -> bool | None:
    """Whether the condition holds now."""
    condition = await checker(hass, config)
    try:
        return condition.async_check()
    finally:
        condition.async_unload()


async def test_an_automation_can_ask_whether_a_connection_works(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """The siren would stay silent although no message gets out, or sound although it does."""
    automation = await automate(hass, ASKED, [{"condition": "not", "conditions": [connected(loaded)]}])
    await arrive(hass, incoming(ADA))
    assert not automation.runs

    await telegram.pause()
    await send(hass, ADA_ENTITY, "hello")
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    await arrive(hass, incoming(ADA))
    assert len(automation.runs) == 1
    await telegram.resume()


async def test_the_directions_are_asked_apart(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """Receiving that hangs would look like sending that does, or the other way round."""
    await telegram.pause()
    await until_state(hass, "binary_sensor.home_bot_receiving", "off")
    answers = [await holds(hass, connected(loaded, direction=direction)) for direction in ("sending", "receiving")]
    assert answers == [True, False]
    assert await holds(hass, connected(loaded))
    await telegram.resume()


async def test_a_refused_token_opens_the_breaker(
    hass: HomeAssistant, telegram: TelegramServer, bot: Bot, loaded: MockConfigEntry
) -> None:
    """An automation could not choose another way while messages wait."""
    assert await holds(hass, breaker_open(loaded)) is False
    telegram.revoke(bot)
    await send(hass, ADA_ENTITY, "hello")
    await until_state(hass, "sensor.home_bot_circuit_breaker", "open")
    assert await holds(hass, breaker_open(loaded)) is True
    assert await holds(hass, connected(loaded)) is False


async def test_a_connection_that_is_not_loaded_is_nothing(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A disabled connection would count as one that works, or stop the automation with an error."""
    conditions = [await checker(hass, config) for config in (connected(loaded), breaker_open(loaded))]
    async with hass.data[HUB].hold() as bach:
        await bach.registry.remove(CONNECTION)
        assert [condition.async_check() for condition in conditions] == [False, False]
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert [condition.async_check() for condition in conditions] == [False, False]
    await hass.config_entries.async_remove(loaded.entry_id)
    assert [condition.async_check() for condition in conditions] == [False, False]


async def test_the_editor_shows_at_once_whether_a_condition_holds(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """The person who builds an automation during an outage would see what was true before it."""
    condition = await checker(hass, connected(loaded))
    seen: list[bool | None] = []
    stop = await condition.async_track_changes(lambda: seen.append(condition.async_check()))
    assert not condition.needs_polling
    async_dispatcher_send(hass, SIGNAL_HAPPENED, "another entry", BREAKER_OPENS)
    assert not seen
    await telegram.pause()
    await send(hass, ADA_ENTITY, "hello")
    await until(hass, lambda: False in seen)
    await telegram.resume()
    await press(hass, "button.home_bot_check_now")
    await until(hass, lambda: seen[-1] is True)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert seen[-1] is False

    count = len(seen)
    stop()
    condition.async_unload()
    await set_up(hass, loaded)
    async_dispatcher_send(hass, SIGNAL_HAPPENED, loaded.entry_id, BREAKER_OPENS)
    await hass.async_block_till_done()
    assert len(seen) == count


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "config_entry_id"),
        (
            {"config_entry_id": "01GONE"},
            '"01GONE" is not possible for config_entry_id. Use the id of a connection',
        ),
        ({"config_entry_id": None, "direction": "up"}, '"up" is not possible for direction'),
    ],
)
async def test_a_bad_option_is_refused_in_one_sentence(
    hass: HomeAssistant, entry: MockConfigEntry, options: dict[str, Any], sentence: str
) -> None:
    """A condition about a connection that was removed would be false for ever, and nobody would know why."""
    if "config_entry_id" in options:
        options = options | {"config_entry_id": options["config_entry_id"] or entry.entry_id}
    with pytest.raises(vol.Invalid) as error:
        await async_validate_condition_config(hass, {"condition": "bach.is_connected", "options": options})
    assert sentence in str(error.value)
