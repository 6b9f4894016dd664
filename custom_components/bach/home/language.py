"""Says sentences in the language of the home, and what is sent to somebody in theirs; words of platforms stay."""

from collections.abc import Mapping

from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import (
    async_get_cached_translations,
    async_get_translations,
)

from bach_lib.said import TOGETHER, Sentence, fitted
from custom_components.bach.const import CONF_LANGUAGE, DOMAIN, LANGUAGES
from custom_components.bach.coordinator import BachConfigEntry

from .roles import place


async def async_follow_language(hass: HomeAssistant) -> None:
    """Have the texts of the home's language at hand; Home Assistant loads those of Swiss German, which are English."""

    async def load(_: Event | None = None) -> None:
        await async_get_translations(hass, spoken(hass.config.language), "common", [DOMAIN])

    hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, load)
    await load()


@callback
def language_of(hass: HomeAssistant, entry: BachConfigEntry, recipient: str) -> str:
    """The language of what BACH itself says to a recipient: what is set there, else the home's."""
    subentry = place(entry.subentries.values(), recipient)
    return (subentry and subentry.data.get(CONF_LANGUAGE)) or hass.config.language


def spoken(language: str) -> str:
    """The language in which there are texts for somebody who reads this one: German for Swiss German, say."""
    return language if language in LANGUAGES else language.partition("-")[0]


async def common_texts(hass: HomeAssistant, language: str) -> dict[str, str]:
    """What BACH says to people on its own account, by key."""
    return _by_key(await async_get_translations(hass, spoken(language), "common", [DOMAIN]))


@callback
def home_texts(hass: HomeAssistant) -> dict[str, str]:
    """The same in the language of the home, which are loaded with the integration."""
    return _by_key(async_get_cached_translations(hass, spoken(hass.config.language), "common", DOMAIN))


def _by_key(texts: Mapping[str, str]) -> dict[str, str]:
    return {key.rpartition(".")[2]: text for key, text in texts.items()}


@callback
def in_home_language(hass: HomeAssistant, text: str) -> str:
    """What is to be shown of a text of the library; English where the language lacks it."""
    if not isinstance(text, Sentence):
        return text
    words = {name: in_home_language(hass, value) for name, value in text.placeholders.items()}
    if text.key == TOGETHER:
        return " ".join(words.values())
    texts = async_get_cached_translations(hass, spoken(hass.config.language), "exceptions", DOMAIN)
    template = texts.get(f"component.{DOMAIN}.exceptions.{text.key}.message")
    try:
        return template.format(**fitted(template, words)) if template else str(text)
    except KeyError, IndexError, ValueError:  # an older BACH wrote it, with other places
        return str(text)
