"""The error for a chat message that gets no answer, and its text in the language of the person.

Home Assistant's own text of an exception is always English, and people in a chat should not read a traceback.
"""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.translation import async_get_translations

from custom_components.bach.const import DOMAIN
from custom_components.bach.home.language import spoken


class NoAnswerError(HomeAssistantError):
    """A chat message gets no answer; the translation key says why."""


async def in_words(hass: HomeAssistant, error: NoAnswerError, language: str) -> str:
    """Return the error's text in this language."""
    texts = await async_get_translations(hass, spoken(language), "exceptions", [DOMAIN])
    return texts[f"component.{DOMAIN}.exceptions.{error.translation_key}.message"]
