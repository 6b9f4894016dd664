"""Resolves the target of a trigger to recipients, anew for each message: labels and areas may change."""

import logging
from typing import Final

import voluptuous as vol
from homeassistant.const import CONF_TARGET
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.typing import ConfigType

from custom_components.bach.home.target_recipients import async_choose

_LOGGER = logging.getLogger(__name__)

TARGET_SCHEMA: Final = {vol.Optional(CONF_TARGET): vol.Schema(cv.TARGET_FIELDS)}


class RecipientTarget:
    """Whoever is meant now: labels and areas may change at any time, so nothing is remembered.

    Without a target everybody is meant; with one that leads to nobody, nobody is.
    """

    def __init__(self, hass: HomeAssistant, target: ConfigType | None) -> None:
        self._hass = hass
        self._target = target or {}
        self._selection = TargetSelection(self._target)

    @callback
    def includes(self, subentry_id: str | None) -> bool:
        """Whether this recipient is meant; None is a place that nobody added."""
        if not self._selection.has_any_target:
            return True
        return any(subentry_id == found for _, found in async_choose(self._hass, self._target).recipients)

    @callback
    def warn_of_missing(self, trigger: str) -> None:
        """Log once, when an automation is loaded, what it names and can no longer be heard from."""
        registry = er.async_get(self._hass)
        for entity_id in sorted(self._selection.entity_ids):
            if registry.async_get(entity_id) is None:
                _LOGGER.warning(
                    "%s waits for %s, which is no recipient of BACH any more; choose another one", trigger, entity_id
                )
