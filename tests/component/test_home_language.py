"""A German home reads German, down to the reason of a reason; words of a platform stay as they are, in its name."""

import re

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations, async_load_integrations
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.errors import StoreFailedError
from bach_lib.said import Sentence
from bach_lib.testing import TelegramServer
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.language import in_home_language
from tests.component.conftest import ADA_ENTITY, press, send, until_state

_OUTAGE = re.compile(r"Keine Verbindung zu [\w.]+: [Ss]ie wurde abgelehnt\.")
ENGLISH = re.compile(r"\b(the|was|is|not|connection to|refused|could|read|of|no)\b")


@pytest.fixture
async def german(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A home that was set to German after its entities got their ids."""
    hass.config.language = "de"
    await async_load_integrations(hass, {DOMAIN})


async def said(hass: HomeAssistant, error: HomeAssistantError) -> str:
    """What the frontend shows of it."""
    texts = await async_get_translations(hass, "de", "exceptions", [DOMAIN])
    text = texts[f"component.{DOMAIN}.exceptions.{error.translation_key}.message"]
    return text.format(**(error.translation_placeholders or {}))


async def test_an_outage_is_told_in_german(
    hass: HomeAssistant, with_the_noisy_ones: None, telegram: TelegramServer, loaded: MockConfigEntry, german: None
) -> None:
    """On the page of the device, and after "Check now", people would read why in English."""
    await telegram.pause()
    await send(hass, ADA_ENTITY, "one")
    await until_state(hass, "binary_sensor.home_bot_sending", "off")
    sending = hass.states.get("binary_sensor.home_bot_sending")
    assert sending
    assert _OUTAGE.fullmatch(sending.attributes["problem"])
    with pytest.raises(HomeAssistantError) as failed:
        await press(hass, "button.home_bot_check_now")
    assert _OUTAGE.search(await said(hass, failed.value))
    await telegram.resume()


async def test_the_log_reads_english_to_the_last_word(
    hass: HomeAssistant, loaded: MockConfigEntry, german: None
) -> None:
    """Whoever helps by the log of somebody's home would read half of a sentence in a language that they do not know."""
    reason = Sentence("it_was_refused", "it was refused")
    with pytest.raises(HomeAssistantError) as failed, translated_errors(hass):
        raise StoreFailedError(path="x.db", reason=reason)
    assert "it was refused" in str(failed.value)
    assert not ENGLISH.search(await said(hass, failed.value))


async def test_an_action_says_in_german_what_it_expects(
    hass: HomeAssistant, loaded: MockConfigEntry, german: None
) -> None:
    """What to write instead would be said in English."""
    with pytest.raises(ServiceValidationError) as failed:
        await hass.services.async_call(
            DOMAIN,
            "send_message",
            {"config_entry_id": loaded.entry_id, "recipient": "Kein Chat!", "message": "hi"},
            blocking=True,
        )
    text = await said(hass, failed.value)
    assert "eine Chat-ID" in text
    assert not ENGLISH.search(text)


async def test_words_of_others_stay_as_they_are(hass: HomeAssistant, german: None) -> None:
    """Words that nobody here knows could be lost, or pass for ours."""
    assert in_home_language(hass, "Bad Request: chat not found") == "Bad Request: chat not found"
    unknown = Sentence("of_a_newer_bach", "{host} is late.", host="x")
    assert in_home_language(hass, unknown) == "x is late."
