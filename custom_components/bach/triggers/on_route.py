"""Triggers on how a route ends: somebody has it, or all were told and nobody was heard of."""

from typing import ClassVar, cast, override

import voluptuous as vol
from homeassistant.const import CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import Trigger, TriggerActionRunner, TriggerConfig, TriggerNotTriggeredReporter
from homeassistant.helpers.typing import ConfigType

from bach_lib.events import RouteAcknowledged, RouteEvent, RouteExhausted
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.attribution import SIGNAL_RUN
from custom_components.bach.messages.run_payload import run_payload

from .options import require_recipients
from .target import TARGET_SCHEMA, RecipientTarget

_SCHEMA = vol.Schema({**TARGET_SCHEMA, vol.Required(CONF_OPTIONS, default=dict): {}})


class _RouteTrigger(Trigger):
    """Base class: filters what happens to runs by route."""

    _event: ClassVar[type[RouteEvent]]
    _says: ClassVar[str]

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        checked = cast(ConfigType, _SCHEMA(config))
        require_recipients(hass, checked.get(CONF_TARGET))
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        super().__init__(hass, config)
        self._key = config.key
        self._target = RecipientTarget(hass, config.target)

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        @callback
        def happened(entry_id: str, subentry_id: str, event: RouteEvent) -> None:
            entry: BachConfigEntry | None = self._hass.config_entries.async_get_entry(entry_id)
            route = entry.subentries.get(subentry_id) if entry else None
            if not isinstance(event, self._event) or not entry or not route or not self._target.includes(subentry_id):
                return
            run_action(run_payload(self._hass, entry, route, event.run), f"{route.title} {self._says}")

        self._target.warn_of_missing(self._key)
        return async_dispatcher_connect(self._hass, SIGNAL_RUN, happened)


class RouteAcknowledgedTrigger(_RouteTrigger):
    """Trigger on a run that somebody has acknowledged, also after it was exhausted."""

    _event = RouteAcknowledged
    _says = "acknowledged"


class RouteExhaustedTrigger(_RouteTrigger):
    """Trigger on a run that told all, and heard of nobody."""

    _event = RouteExhausted
    _says = "exhausted"
