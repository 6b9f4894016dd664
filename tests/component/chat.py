"""What the tests of chatting share: a conversation agent, a speech-to-text engine, and recipients who use them."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from typing import Literal, override

from homeassistant.components import conversation
from homeassistant.components.conversation import AbstractConversationAgent, ConversationInput, ConversationResult
from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechMetadata,
    SpeechResult,
    SpeechResultState,
    SpeechToTextEntity,
)
from homeassistant.const import MATCH_ALL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_component import EntityComponent
from homeassistant.helpers.intent import IntentResponse
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from bach_lib.testing.telegram_server import TelegramServer
from tests.component.conftest import add_entry, recipient

ENGINE = "stt.ears"


def says(asked: ConversationInput, text: str) -> ConversationResult:
    """What an agent gives back."""
    response = IntentResponse(language=asked.language)
    response.async_set_speech(text)
    return ConversationResult(response, conversation_id=asked.conversation_id or f"of {asked.text}")


class Agent(AbstractConversationAgent):
    """Answers with `respond`, and keeps what it was asked."""

    def __init__(self, agent_id: str) -> None:
        self.id = agent_id
        self.asked: list[ConversationInput] = []
        self.at_work = self.most_at_work = 0
        self.error: Exception | None = None
        self.respond: Callable[[ConversationInput], Awaitable[ConversationResult]] = self.echo

    @property
    @override
    def supported_languages(self) -> list[str] | Literal["*"]:
        return MATCH_ALL

    @property
    def heard(self) -> list[str]:
        """The texts that came to the agent."""
        return [asked.text for asked in self.asked]

    async def echo(self, asked: ConversationInput) -> ConversationResult:
        """Say what was asked."""
        return says(asked, f"You said: {asked.text}")

    @override
    async def async_process(self, user_input: ConversationInput) -> ConversationResult:
        self.asked.append(user_input)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            if self.error:
                raise self.error
            return await self.respond(user_input)
        finally:
            self.at_work -= 1


class Engine(SpeechToTextEntity):
    """Understands `text`, whatever is said, and keeps what it was given."""

    _attr_name = "Ears"
    entity_id = ENGINE

    def __init__(self, container: AudioFormats, codec: AudioCodecs) -> None:
        self.container, self.codec = container, codec
        self.given: list[tuple[SpeechMetadata, bytes]] = []
        self.text: str | None = "turn on the lamp"
        self.result = SpeechResultState.SUCCESS
        self.error: Exception | None = None
        self.is_broken = False

    @property
    @override
    def supported_languages(self) -> list[str]:
        if self.is_broken:
            raise RuntimeError("broken")
        return ["de-DE", "en-GB"]

    supported_formats = property(lambda self: [self.container])
    supported_codecs = property(lambda self: [self.codec])
    supported_bit_rates = property(lambda self: [AudioBitRates.BITRATE_16])
    supported_sample_rates = property(lambda self: [AudioSampleRates.SAMPLERATE_16000])
    supported_channels = property(lambda self: [AudioChannels.CHANNEL_MONO])

    @override
    async def async_process_audio_stream(self, metadata: SpeechMetadata, stream: AsyncIterable[bytes]) -> SpeechResult:
        self.given.append((metadata, b"".join([chunk async for chunk in stream])))
        if self.error:
            raise self.error
        return SpeechResult(self.text, self.result)


async def add_agent(hass: HomeAssistant) -> Agent:
    """A registered agent."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    owner = MockConfigEntry(domain="test_agent", title="Jeeves")
    owner.add_to_hass(hass)
    agent = Agent(owner.entry_id)
    conversation.async_set_agent(hass, owner, agent)
    return agent


async def add_engine(
    hass: HomeAssistant, container: AudioFormats = AudioFormats.OGG, codec: AudioCodecs = AudioCodecs.OPUS
) -> Engine:
    """A speech-to-text engine called `ENGINE`."""
    assert await async_setup_component(hass, STT_DOMAIN, {})
    component: EntityComponent[SpeechToTextEntity] = hass.data[STT_DOMAIN]
    engine = Engine(container, codec)
    await component.async_add_entities([engine])
    return engine


def add_home(
    hass: HomeAssistant, server: TelegramServer, people: Mapping[str, int | str], **chat: str
) -> MockConfigEntry:
    """An entry whose recipients are all answered in the same way."""
    more = [recipient(name, str(chat_id), **chat) for name, chat_id in people.items()]
    return add_entry(hass, server, recipients={}, more=more)


async def never(asked: ConversationInput) -> ConversationResult:
    """An agent that does not come back."""
    await asyncio.Event().wait()
    raise AssertionError
