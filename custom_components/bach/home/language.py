"""Says the library's sentences in the language of the home; words of platforms are said as they are."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations, async_load_integrations

from bach_lib.said import TOGETHER, Sentence, fitted
from custom_components.bach.const import DOMAIN


async def async_load_texts(hass: HomeAssistant) -> None:
    """Load them for a dialog that comes before the integration is set up."""
    await async_load_integrations(hass, {DOMAIN})


@callback
def in_home_language(hass: HomeAssistant, text: str) -> str:
    """What is to be shown of a text of the library; English where the language lacks it."""
    if not isinstance(text, Sentence):
        return text
    words = {name: in_home_language(hass, value) for name, value in text.placeholders.items()}
    if text.key == TOGETHER:
        return " ".join(words.values())
    texts = async_get_cached_translations(hass, hass.config.language, "exceptions", DOMAIN)
    template = texts.get(f"component.{DOMAIN}.exceptions.{text.key}.message")
    try:
        return template.format(**fitted(template, words)) if template else str(text)
    except KeyError, IndexError, ValueError:  # an older BACH wrote it, with other places
        return str(text)
