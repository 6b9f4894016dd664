"""The error for a chat message without an answer, as one friendly sentence in the language of the person."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations

from custom_components.bach.const import DOMAIN


class NoAnswerError(HomeAssistantError):
    """There is no answer to a message."""


async def in_words(hass: HomeAssistant, error: NoAnswerError, language: str) -> str:
    """The sentence for an error. What Home Assistant makes of one by itself is always English."""
    texts = await async_get_translations(hass, language, "exceptions", [DOMAIN])
    return texts[f"component.{DOMAIN}.exceptions.{error.translation_key}.message"]
