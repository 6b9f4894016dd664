"""Translates the library's errors into Home Assistant's exceptions with translation keys.

People then read them in their language, with connections called by their titles.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypedDict

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_exception_message
from homeassistant.helpers.update_coordinator import UpdateFailed

from bach_lib import BachError, InputError
from custom_components.bach.const import DOMAIN

from .entry import titles
from .language import in_home_language


@contextmanager
def translated_errors(hass: HomeAssistant) -> Iterator[None]:
    """Context manager: raise `InputError` as `ServiceValidationError`, other library errors as `HomeAssistantError`."""
    try:
        yield
    except InputError as error:
        raise ServiceValidationError(*_english(hass, error), **translation(hass, error)) from error
    except BachError as error:
        raise HomeAssistantError(*_english(hass, error), **translation(hass, error)) from error


def placeholders(hass: HomeAssistant, error: BachError) -> dict[str, str]:
    """The error's placeholders in the language of the home, with connection names replaced by titles."""
    return {key: in_home_language(hass, value) for key, value in _named(hass, error).items()}


def _english(hass: HomeAssistant, error: BachError) -> tuple[str, ...]:
    """What the log says where Home Assistant would put words of another language into an English sentence."""
    words = _named(hass, error)
    return () if words == placeholders(hass, error) else (async_get_exception_message(DOMAIN, error.code, words),)


def _named(hass: HomeAssistant, error: BachError) -> dict[str, str]:
    known: Mapping[str, str] = titles(hass)
    return {key: known.get(value, value) for key, value in error.placeholders.items()}


class _Translation(TypedDict):
    translation_domain: str
    translation_key: str
    translation_placeholders: dict[str, str]


def translation(hass: HomeAssistant, error: BachError) -> _Translation:
    """What any exception of Home Assistant takes to be shown in people's language."""
    return _Translation(
        translation_domain=DOMAIN, translation_key=error.code, translation_placeholders=placeholders(hass, error)
    )


def update_failed(hass: HomeAssistant, error: BachError) -> UpdateFailed:
    """The error as one that Home Assistant shows of a connection whose state cannot be read."""
    return UpdateFailed(**translation(hass, error))
