"""A German home reads German, down to the reason of a reason; words of a platform stay as they are, in its name."""

import json
import re
from unittest.mock import patch

import pytest
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_translations, async_load_integrations
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib import Bach
from bach_lib.errors import StoreFailedError
from bach_lib.said import Sentence
from bach_lib.testing import TelegramServer
from custom_components.bach.const import DOMAIN, EVENT_ENDED, EVENT_MESSAGE, EVENT_PROVEN, EVENT_TROUBLE, LANGUAGES
from custom_components.bach.flows.dead_letters_repair import DeadLettersFlow
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.language import common_texts, home_texts, in_home_language
from custom_components.bach.logbook import ENDS, LINES, PROOFS, SUBJECTS, TROUBLES, async_describe_events
from tests.component.conftest import ADA, ADA_ENTITY, press, send, until_state
from tests.component.dialogs import choose, submit
from tests.component.test_rules import BACH

_OUTAGE = re.compile(r"Keine Verbindung zu [\w.]+: [Ss]ie wurde abgelehnt\.")
OTHER_TOKEN = "987654321:" + "A" * 35
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


async def test_the_words_of_a_platform_are_marked_as_its_own(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, german: None
) -> None:
    """In the middle of a German sentence an English one would stand, and nobody knew whose words it is."""
    telegram.chats.pop(ADA)
    with pytest.raises(HomeAssistantError) as failed:
        await press(hass, "button.ada_send_test_message")
    assert "Telegram sagt: „Chat not found“" in await said(hass, failed.value)


async def test_a_dialog_says_in_german_why_it_goes_no_further(
    hass: HomeAssistant, telegram: TelegramServer, loaded: MockConfigEntry, german: None
) -> None:
    """Below a German form, the reason why the server cannot be reached would stand in English."""
    await telegram.pause()
    form = await choose(hass, "telegram")
    form = await submit(hass, form, {"bot_token": OTHER_TOKEN, "server": {"endpoint": telegram.url}})
    assert form["errors"] == {"server": "refused"}
    assert _OUTAGE.fullmatch((form["description_placeholders"] or {})["reason"])
    await telegram.resume()


async def test_a_repair_says_in_german_what_stands_against_it(
    hass: HomeAssistant, loaded: MockConfigEntry, german: None
) -> None:
    """Whoever repairs at night would have to translate why it does not work."""
    repair = DeadLettersFlow(loaded.entry_id)
    repair.hass, repair.handler, repair.issue_id = hass, DOMAIN, "any"
    error = StoreFailedError(path="bach.db", reason=Sentence("it_was_refused", "it was refused"))
    with patch.object(Bach, "retry_and_follow", side_effect=error):
        result = await repair.async_step_retry()
    reason = (result["description_placeholders"] or {})["reason"]
    assert "bach.db" in reason
    assert not ENGLISH.search(reason)


async def test_the_activity_is_in_german(hass: HomeAssistant, loaded: MockConfigEntry, german: None) -> None:
    """Below a German heading, each line about a message would be English."""
    described = {}
    async_describe_events(hass, lambda _, kind, describe: described.update({kind: describe}))

    def line(of: str, **data: object) -> str:
        shown = described[of](Event(of, data))
        return f"{shown['name']} {shown['message']}"

    end = {"status": "dead", "operation": "edit", "recipient_name": "Ada", "message_id": 7}
    assert line(EVENT_ENDED, **end) == "Änderung einer Nachricht an Ada nicht zugestellt (Nachricht 7)"
    wrote = {"kind": "command", "command": "tür", "person": "Ada", "recipient_name": "Familie"}
    assert line(EVENT_MESSAGE, **wrote) == "Ada hat den Befehl /tür gesendet (in Familie)"
    assert line(EVENT_MESSAGE) == "Jemand hat etwas gesendet"
    assert line(EVENT_PROVEN, proof="seen") == "Nachricht an jemanden gesehen"
    assert line(EVENT_TROUBLE, name="@home_bot", direction="sending") == "@home_bot kann nicht senden"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_each_line_of_the_activity_has_its_words(language: str) -> None:
    """The Activity of a whole day would not open, for one place that is called otherwise in one language."""
    texts = json.loads((BACH / f"translations/{language}.json").read_text("utf-8"))["common"]
    keys = {key for key, _ in (*LINES.values(), *ENDS.values(), *PROOFS.values())}
    keys |= {key for pair in SUBJECTS.values() for key in pair} | set(TROUBLES.values())
    also = {"activity_in", "activity_nobody_known", "activity_number", "activity_somebody"}
    assert keys | also == {key for key in texts if key.startswith("activity_")}
    words = dict.fromkeys(("command", "label", "line", "name", "number", "place", "to"), "x")
    assert all(texts[key].format(**words) for key in keys | also)


@pytest.mark.parametrize("language", ["de-CH", "es-419"])
async def test_who_speaks_it_another_way_reads_it_too(
    hass: HomeAssistant, loaded: MockConfigEntry, language: str
) -> None:
    """A home in Switzerland or Mexico would read English, where there are texts that everybody there understands."""
    await hass.config.async_update(language=language)
    await hass.async_block_till_done()
    reason = Sentence("it_was_refused", "it was refused")
    plain = json.loads((BACH / "translations" / f"{language[:2]}.json").read_text("utf-8"))
    assert in_home_language(hass, reason) == plain["exceptions"]["it_was_refused"]["message"]
    assert home_texts(hass) == plain["common"]
    assert await common_texts(hass, language) == plain["common"]
