"""Translates errors of the library into those that Home Assistant shows in the user's language."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from bach_lib import BachError, InputError
from custom_components.bach.const import DOMAIN

from .entry import titles


@contextmanager
def translated_errors(hass: HomeAssistant) -> Iterator[None]:
    """Raise errors of the library as `ServiceValidationError` (the caller can correct it) or `HomeAssistantError`."""
    try:
        yield
    except InputError as error:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key=error.code, translation_placeholders=placeholders(hass, error)
        ) from error
    except BachError as error:
        raise HomeAssistantError(
            translation_domain=DOMAIN, translation_key=error.code, translation_placeholders=placeholders(hass, error)
        ) from error


def placeholders(hass: HomeAssistant, error: BachError) -> dict[str, str]:
    """What fills the sentence of `error`, with connections called by the titles that people gave them."""
    known: Mapping[str, str] = titles(hass)
    return {key: known.get(value, value) for key, value in error.placeholders.items()}
