"""Resolves the target of a trigger to recipients, anew for each message.

Labels, areas and groups may change at any time, so nothing is cached.
"""

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
    """Filter for the recipients that a trigger's target means.

    Without a target it lets everybody through; with one that leads to nobody, nobody.
    """

    def __init__(self, hass: HomeAssistant, target: ConfigType | None) -> None:
        self._hass = hass
        self._target = target or {}
        self._selection = TargetSelection(self._target)

    @callback
    def includes(self, subentry_id: str | None) -> bool:
        """Whether the target includes this recipient; None stands for an unknown chat."""
        if not self._selection.has_any_target:
            return True
        return any(subentry_id == found for _, found in async_choose(self._hass, self._target).recipients)

    @callback
    def warn_of_missing(self, trigger: str) -> None:
        """Warn in the log about targeted entities that do not exist any more."""
        registry = er.async_get(self._hass)
        for entity_id in sorted(self._selection.entity_ids):
            if registry.async_get(entity_id) is None:
                _LOGGER.warning(
                    "%s waits for %s, which is no recipient of BACH any more; choose another one", trigger, entity_id
                )
