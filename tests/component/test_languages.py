"""Other languages than English, as Home Assistant reads them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.bach.const import DOMAIN
from custom_components.bach.const import LANGUAGES as SPOKEN
from tests.component.test_rules import BACH, TEXTS

LANGUAGES = sorted(SPOKEN - {"en"})
_MARKUP = re.compile(r"`[^`]*`|\]\([^)]*\)|\[%[^%]*%\]")
"""What is code or leads somewhere, and is the same in every language."""
_SAME = 0.1
"""The most of the texts that may be as in English: names of things, and words that both languages have."""


def _flat(texts: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in texts.items():
        if isinstance(value, str):
            yield f"{path}{key}", value
        else:
            yield from _flat(value, f"{path}{key}.")


ENGLISH = dict(_flat(TEXTS))
OTHERS = {
    language: dict(_flat(json.loads((BACH / "translations" / f"{language}.json").read_text("utf-8"))))
    for language in LANGUAGES
}


def _code(text: str) -> list[str]:
    return sorted(set(_MARKUP.findall(text)))


def test_these_are_all_languages() -> None:
    """A language that is half done would be shipped."""
    there = {file.stem for file in (BACH / "translations").glob("*.json")}
    assert there == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_text(language: str) -> None:
    """A dialog would be half in English, sentence by sentence."""
    assert (ENGLISH.keys() - OTHERS[language].keys(), OTHERS[language].keys() - ENGLISH.keys()) == (set(), set())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_keeps_code_and_links(language: str) -> None:
    """A link would lead nowhere, or a word that has to be typed be translated. The rest is asked in `validators/`."""
    for key, text in OTHERS[language].items():
        assert _code(text) == _code(ENGLISH[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_one(language: str) -> None:
    """What nobody has translated would pass for done."""
    other = OTHERS[language]
    long = [
        key for key in other if other[key] == ENGLISH[key] and len(re.findall(r"[^\W\d]{2,}", _plain(other[key]))) > 4
    ]
    assert long == []
    assert sum(other[key] == ENGLISH[key] for key in other) < _SAME * len(other)


def _plain(text: str) -> str:
    return re.sub(r"\{\w+\}", "", _MARKUP.sub("", text))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_home_assistant_takes_every_language(
    hass: HomeAssistant, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture, language: str
) -> None:
    """An error for each text would stand in the log of everybody who has it, and the dialogs would be in English."""
    for category in TEXTS:
        english = await async_get_translations(hass, "en", category, [DOMAIN])
        own = await async_get_translations(hass, language, category, [DOMAIN])
        assert own.keys() == english.keys(), category
    assert own != english
    assert [one.getMessage() for one in caplog.records if one.levelname in {"WARNING", "ERROR"}] == []
