"""Which recipients the target of a trigger means: entities of theirs, or devices, areas and labels that have some."""

import logging
from typing import Final

import voluptuous as vol
from homeassistant.const import CONF_TARGET
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids
from homeassistant.helpers.typing import ConfigType

from .automation_options import is_recipients

_LOGGER = logging.getLogger(__name__)

TARGET_SCHEMA: Final = {vol.Optional(CONF_TARGET): vol.Schema(cv.TARGET_FIELDS)}


class RecipientTarget:
    """Whoever is meant now: labels and areas may change at any time, so nothing is remembered.

    Without a target everybody is meant; with one that leads to nobody, nobody is.
    """

    def __init__(self, hass: HomeAssistant, target: ConfigType | None) -> None:
        self._hass = hass
        self._selection = TargetSelection(target or {})

    @callback
    def includes(self, subentry_id: str | None) -> bool:
        """Whether this recipient is meant; None is a place that nobody added."""
        if not self._selection.has_any_target:
            return True
        return subentry_id is not None and subentry_id in self._recipients()

    def _recipients(self) -> set[str | None]:
        selected = async_extract_referenced_entity_ids(self._hass, self._selection)
        registry = er.async_get(self._hass)
        return {
            found.config_subentry_id
            for entity_id in selected.referenced | selected.indirectly_referenced
            if (found := registry.async_get(entity_id)) and is_recipients(self._hass, found)
        }

    @callback
    def warn_of_missing(self, trigger: str) -> None:
        """Log once, when an automation is loaded, what it names and can no longer be heard from."""
        registry = er.async_get(self._hass)
        for entity_id in sorted(self._selection.entity_ids):
            if registry.async_get(entity_id) is None:
                _LOGGER.warning(
                    "%s waits for %s, which is no recipient of BACH any more; choose another one", trigger, entity_id
                )
