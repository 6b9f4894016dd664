"""What a recipient is told about chatting: the agent that answers, its language, and who understands voice messages.

Nobody is answered until a person chooses an agent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol
from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    ConversationAgentSelector,
    EntitySelector,
    EntitySelectorConfig,
    LanguageSelector,
)

from .const import CONF_AGENT, CONF_LANGUAGE, CONF_SPEECH_TO_TEXT

SECTION_CHAT: Final = "chat"

_FIELDS: Final = (CONF_AGENT, CONF_LANGUAGE, CONF_SPEECH_TO_TEXT)

CHAT_SECTION: Final = section(
    vol.Schema(
        {
            vol.Optional(CONF_AGENT): ConversationAgentSelector(),
            vol.Optional(CONF_LANGUAGE): LanguageSelector(),
            vol.Optional(CONF_SPEECH_TO_TEXT): EntitySelector(EntitySelectorConfig(domain=STT_DOMAIN)),
        }
    ),
    {"collapsed": True},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """How one recipient is answered. `language` is Home Assistant's if None; without `engine` voice is not heard."""

    agent: str
    language: str | None
    engine: str | None


def chat_settings(subentry: ConfigSubentry | None) -> ChatSettings | None:
    """How a recipient is answered, or None if it is not."""
    agent = subentry.data.get(CONF_AGENT) if subentry else None
    if subentry is None or not agent:
        return None
    return ChatSettings(
        agent=agent,
        language=subentry.data.get(CONF_LANGUAGE) or None,
        engine=subentry.data.get(CONF_SPEECH_TO_TEXT) or None,
    )


def chat_values(data: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the section that have a value."""
    return {field: data[field] for field in _FIELDS if data.get(field)}


def without_chat(data: Mapping[str, Any]) -> dict[str, Any]:
    """The rest of a recipient's data."""
    return {field: value for field, value in data.items() if field not in _FIELDS}
