"""What goes into a bug report."""

import asyncio
import json
from typing import Any, cast

from homeassistant.components.system_health import DOMAIN as SYSTEM_HEALTH
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from bach_lib.testing.telegram_server import TelegramServer
from tests.component.conftest import ADA_ENTITY, BOT_ID, TOKEN, add_entry, person, recipient, send, set_up, until_state


async def test_diagnostics_help_without_telling_secrets(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, telegram: TelegramServer, loaded: MockConfigEntry
) -> None:
    """People attach this file to public issues: it must hold what helps, and nothing that is theirs."""
    await send(hass, ADA_ENTITY, "my secret message", title="my secret title")
    await until_state(hass, "sensor.home_bot_sent", "1")

    diagnostics = cast("dict[str, Any]", await get_diagnostics_for_config_entry(hass, hass_client, loaded))

    text = json.dumps(diagnostics)
    for private in (TOKEN, TOKEN.partition(":")[2], BOT_ID, "home_bot", "Ada", "secret", "127.0.0.1", '"42"'):
        assert private not in text, private
    assert diagnostics["connection"]["success_count"] == 1
    assert diagnostics["connection"]["allowed"] == 2
    assert diagnostics["snapshot"]["breaker"] == "closed"
    assert diagnostics["snapshot"]["queue"]["sent"] == 1
    assert diagnostics["snapshot"]["sending"]["state"] == "connected"


async def test_diagnostics_tell_nothing_of_people(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, telegram: TelegramServer
) -> None:
    """Who is who in the family would be read by everybody who looks at the issue."""
    people = [
        recipient("Family", "-100777", user_id="ada-user"),
        person("Dora", "-100777", "46464", user_id="dora-user"),
    ]
    entry = add_entry(hass, telegram, recipients={}, more=people)
    await set_up(hass, entry)
    text = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    for private in ("Family", "Dora", "-100777", "46464", "ada-user", "dora-user"):
        assert private not in text, private


async def test_system_health_shows_the_sums(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The page that everybody is asked to copy into an issue."""
    assert await async_setup_component(hass, SYSTEM_HEALTH, {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, "bach")
    values = {key: await value if asyncio.iscoroutine(value) else value for key, value in info.items()}
    assert values == {"connections": 1, "waiting": 0, "dead": 0}
