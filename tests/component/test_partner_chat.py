"""Chatting with an AI partner that BACH itself asks."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.testing.partners.ai import OllamaServer
from bach_lib.testing.partners.base import Told
from bach_lib.testing.telegram_server import SentMessage, TelegramServer
from custom_components.bach.assist.partner_agent import HISTORY
from tests.component.chat import add_agent, add_home
from tests.component.conftest import ADA, BOB, STRANGER, TOKEN, set_up, until_state
from tests.component.test_partners import add_partner

ADAS_MODEL = "small"


@pytest.fixture
async def ollama(socket_enabled: None) -> AsyncGenerator[OllamaServer]:
    """An Ollama that says everything backwards."""
    async with OllamaServer() as server:
        yield server


@pytest.fixture
async def partner(hass: HomeAssistant, ollama: OllamaServer) -> MockConfigEntry:
    """A connection to it that knows its model."""
    entry = add_partner(hass, ollama, auth_type="none", model=ADAS_MODEL, system="Be short")
    await set_up(hass, entry)
    await until_state(hass, "binary_sensor.workshop_reachable", "on")
    return entry


@pytest.fixture
async def home(hass: HomeAssistant, telegram: TelegramServer, partner: MockConfigEntry) -> MockConfigEntry:
    """Ada and Bob are answered by it."""
    entry = add_home(hass, telegram, {"Ada": ADA, "Bob": BOB}, partner=partner.entry_id)
    await set_up(hass, entry)
    return entry


async def ask(telegram: TelegramServer, text: str, number: int, who: int = ADA) -> SentMessage:
    """Write, and wait for the answer, which is the `number`th."""
    telegram.says(text, bot=telegram.bots[TOKEN], chat_id=who)
    return (await telegram.wait_for(number))[-1]


def told(ollama: OllamaServer) -> list[list[str]]:
    """What it was told in each conversation."""
    bodies = [asked.body for asked in ollama.asked if asked.path == "/api/chat"]
    return [[one["content"] for one in body["messages"]] for body in bodies if isinstance(body, dict)]


async def test_a_message_is_answered_and_remembered(
    telegram: TelegramServer, ollama: OllamaServer, home: MockConfigEntry
) -> None:
    """Without what was said before, "and tomorrow?" means nothing; what another person said is nobody's business."""
    first = await ask(telegram, "abc", 1)
    assert (first.chat_id, first.text) == (ADA, "cba")
    assert first.reply_to is not None
    assert (await ask(telegram, "def", 2)).text == "fed"
    assert (await ask(telegram, "xyz", 3, BOB)).text == "zyx"
    assert told(ollama) == [["Be short", "abc"], ["Be short", "abc", "cba", "def"], ["Be short", "xyz"]]


async def test_only_the_last_turns_are_told(
    telegram: TelegramServer, ollama: OllamaServer, home: MockConfigEntry
) -> None:
    """A long evening would become slower and dearer with every message."""
    for number in range(HISTORY + 3):
        await ask(telegram, f"question {number}", number + 1)
    assert len(told(ollama)[-1]) == 1 + 2 * HISTORY + 1
    assert told(ollama)[-1][1] == "question 2"


async def test_a_stranger_is_not_answered(
    hass: HomeAssistant, telegram: TelegramServer, ollama: OllamaServer, home: MockConfigEntry
) -> None:
    """Whoever finds the bot would talk at the home's expense."""
    telegram.says("for nothing", bot=telegram.bots[TOKEN], chat_id=STRANGER)
    await ask(telegram, "abc", 1)
    assert told(ollama) == [["Be short", "abc"]]


async def test_a_failure_is_a_friendly_sentence(
    telegram: TelegramServer, ollama: OllamaServer, home: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """The person reads no error of a program; the log says why, and the next message is answered."""
    ollama.told.append(Told(status=500, body=b'{"error": "out of memory"}'))
    assert (await ask(telegram, "abc", 1)).text == "Sorry, that did not work. Please try again later."
    assert "out of memory" in caplog.text
    assert (await ask(telegram, "def", 2)).text == "fed"
    assert told(ollama)[-1] == ["Be short", "def"]


async def test_a_partner_that_is_not_there_is_said(
    hass: HomeAssistant, telegram: TelegramServer, partner: MockConfigEntry, home: MockConfigEntry
) -> None:
    """Silence would look like a lost message."""
    assert await hass.config_entries.async_remove(partner.entry_id)
    assert (await ask(telegram, "abc", 1)).text.startswith("Nobody can answer")


async def test_a_model_that_cannot_be_one_is_a_friendly_sentence(
    hass: HomeAssistant, telegram: TelegramServer, partner: MockConfigEntry, home: MockConfigEntry
) -> None:
    """A slip in the settings must not end the chat without a word."""
    hass.config_entries.async_update_entry(partner, data={**partner.data, "model": "x" * 300})
    await hass.async_block_till_done()
    assert (await ask(telegram, "abc", 1)).text == "Sorry, that did not work. Please try again later."


async def test_an_agent_comes_first(
    hass: HomeAssistant, telegram: TelegramServer, ollama: OllamaServer, partner: MockConfigEntry
) -> None:
    """Two answers to one message would contradict each other."""
    agent = await add_agent(hass)
    await set_up(hass, add_home(hass, telegram, {"Ada": ADA}, partner=partner.entry_id, agent=agent.id))
    assert (await ask(telegram, "abc", 1)).text == "You said: abc"
    assert not told(ollama)


def partner_field(result: ConfigFlowResult) -> tuple[vol.Marker, Any]:
    """The field of a form in which a partner is chosen."""
    assert result["data_schema"]
    chat = next(value for key, value in result["data_schema"].schema.items() if key == "chat")
    return next((key, value) for key, value in chat.schema.schema.items() if key == "partner")


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_partner_that_has_gone_is_not_suggested(
    hass: HomeAssistant, telegram: TelegramServer, partner: MockConfigEntry, is_there: bool
) -> None:
    """The form would refuse what it had filled in by itself."""
    chosen = partner.entry_id if is_there else "gone"
    entry = add_home(hass, telegram, {"Ada": ADA}, partner=chosen)
    await set_up(hass, entry)
    [ada] = entry.subentries
    key, _ = partner_field(await entry.start_subentry_reconfigure_flow(hass, ada))
    assert (key.description or {}).get("suggested_value") == (chosen if is_there else None)


async def test_a_recipient_is_given_a_partner_by_clicking(
    hass: HomeAssistant, telegram: TelegramServer, ollama: OllamaServer, partner: MockConfigEntry
) -> None:
    """Only partners that know their model are offered; others could not answer."""
    dumb = add_partner(hass, ollama, auth_type="none")
    entry = add_home(hass, telegram, {"Ada": ADA})
    await set_up(hass, entry)
    [ada] = entry.subentries
    result = await entry.start_subentry_reconfigure_flow(hass, ada)
    _, box = partner_field(result)
    assert [option["value"] for option in box.config["options"]] == [partner.entry_id]
    assert dumb.entry_id not in str(box.config)
    assert box.config["mode"] == "dropdown", "of radio buttons, nobody could choose none again"

    given = {"recipient": str(ADA), "role": "user", "chat": {"partner": partner.entry_id}}
    done = await hass.config_entries.subentries.async_configure(result["flow_id"], given)
    await hass.async_block_till_done()
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.subentries[ada].data["partner"] == partner.entry_id
    assert (await ask(telegram, "abc", 1)).text == "cba"
