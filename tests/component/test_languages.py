"""Other languages than English, as Home Assistant reads them."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.bach.const import DOMAIN

PANEL = f"component.{DOMAIN}.config_panel."


async def test_home_assistant_takes_the_panel_in_german(
    hass: HomeAssistant, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """An error for each text would stand in the log of everybody who has German, and the panel would be in English."""
    english = await async_get_translations(hass, "en", "config_panel", [DOMAIN])
    german = await async_get_translations(hass, "de", "config_panel", [DOMAIN])
    assert german[f"{PANEL}waiting.need_one"] == "{count} Nachricht braucht dich"
    assert german.keys() == english.keys()
    same = {key.removeprefix(PANEL) for key in german if german[key] == english[key]}
    names = {f"hop.{name}" for name in ("dns", "http", "tcp", "tls", "took")}
    assert same == {"came.text", "came.other", "change.text", "page.token", "waiting.text", *names}
    assert [one.getMessage() for one in caplog.records if one.levelname in {"WARNING", "ERROR"}] == []


async def test_what_is_not_translated_yet_is_in_english(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The other dialogs would be empty for everybody who has German."""
    for category in ("config", "exceptions", "services"):
        english = await async_get_translations(hass, "en", category, [DOMAIN])
        assert english
        assert await async_get_translations(hass, "de", category, [DOMAIN]) == english
