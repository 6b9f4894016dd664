"""The chat settings of a recipient and their form section: agent, language, speech-to-text engine.

Nobody is answered until a person chooses a conversation agent or an AI partner.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol
from homeassistant.components.stt import DOMAIN as STT_DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    ConversationAgentSelector,
    EntitySelector,
    EntitySelectorConfig,
    LanguageSelector,
)

from custom_components.bach.const import CONF_AGENT, CONF_LANGUAGE, CONF_PARTNER, CONF_SPEECH_TO_TEXT, DOMAIN
from custom_components.bach.home.entry import connections
from custom_components.bach.kinds.form_fields import drop_down, form_section, labelled
from custom_components.bach.kinds.partners import can_chat

SECTION_CHAT: Final = "chat"

_FIELDS: Final = (CONF_AGENT, CONF_LANGUAGE, CONF_PARTNER, CONF_SPEECH_TO_TEXT)


def chat_section(hass: HomeAssistant) -> section:
    """The form section; the field for AI partners is there only if there are any."""
    entries = connections(hass)
    partners = {entry.entry_id: entry.title for entry in entries if can_chat(entry)}
    fields: dict[vol.Marker, Any] = {vol.Optional(CONF_AGENT): ConversationAgentSelector()}
    if partners:
        # few options would become radio buttons, of which nobody can choose none again
        fields[vol.Optional(CONF_PARTNER)] = drop_down(labelled(partners))
    fields[vol.Optional(CONF_LANGUAGE)] = LanguageSelector()
    fields[vol.Optional(CONF_SPEECH_TO_TEXT)] = EntitySelector(EntitySelectorConfig(domain=STT_DOMAIN))
    return form_section(fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """How a recipient's messages are answered: by the conversation `agent`, or else by the AI `partner`.

    `partner` is an entry id. `language` defaults to Home Assistant's; without `engine`, voice messages are not
    transcribed.
    """

    agent: str | None
    partner: str | None
    language: str | None
    engine: str | None


def chat_settings(subentry: ConfigSubentry | None) -> ChatSettings | None:
    """The chat settings in a subentry, or None if nobody answers there."""
    if subentry is None or not (subentry.data.get(CONF_AGENT) or subentry.data.get(CONF_PARTNER)):
        return None
    return ChatSettings(
        agent=subentry.data.get(CONF_AGENT) or None,
        partner=subentry.data.get(CONF_PARTNER) or None,
        language=subentry.data.get(CONF_LANGUAGE) or None,
        engine=subentry.data.get(CONF_SPEECH_TO_TEXT) or None,
    )


def chat_values(data: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the section that have a value."""
    return {field: data[field] for field in _FIELDS if data.get(field)}


def chat_suggestions(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, str]:
    """The suggested values of the section, without an AI partner that was removed."""
    values = chat_values(data)
    entry = hass.config_entries.async_get_entry(values.get(CONF_PARTNER, ""))
    if entry is None or entry.domain != DOMAIN or not can_chat(entry):
        values.pop(CONF_PARTNER, None)
    return values


def without_chat(data: Mapping[str, Any]) -> dict[str, Any]:
    """A recipient's data without the chat settings."""
    return {field: value for field, value in data.items() if field not in _FIELDS}
