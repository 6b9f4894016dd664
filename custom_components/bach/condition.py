"""Automation conditions: how a connection is, and whether a route waits for somebody who acknowledges it.

They also validate, and are false, while the connection is not loaded.
"""

from collections.abc import Callable
from typing import ClassVar, Unpack, cast, override

import voluptuous as vol
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import Condition, ConditionCheckParams, ConditionConfig
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.typing import ConfigType

from bach_lib import BreakerState, ConnectionState, Direction
from bach_lib.events import BreakerChanged, ConnectionChanged, Event, RouteEvent

from .const import CONF_RECIPIENT
from .home.attribution import SIGNAL_HAPPENED, SIGNAL_RUN
from .home.target_recipients import async_choose
from .lifecycle.route_runs import ROUTE_RUNS
from .lifecycle.status import breaker_state, connection_state
from .triggers.options import CONF_DIRECTION, one_of, require_connection, require_recipients
from .triggers.target import TARGET_SCHEMA

_ENTRY = {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string}
_DIRECTIONS = [direction.value for direction in Direction]


class _ConnectionCondition(Condition):
    """Base class of the conditions about one connection; false while the connection is not loaded."""

    _schema: ClassVar[vol.Schema] = vol.Schema({vol.Required(CONF_OPTIONS, default=dict): {**_ENTRY}})

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        checked = cast(ConfigType, cls._schema(config))
        require_connection(hass, checked[CONF_OPTIONS][ATTR_CONFIG_ENTRY_ID])
        return checked

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        super().__init__(hass, config)
        self._options = config.options or {}
        self._entry_id: str = self._options[ATTR_CONFIG_ENTRY_ID]

    @property
    @override
    def needs_polling(self) -> bool:
        return False

    @override
    async def _async_track_changes(self, action: Callable[[], None]) -> CALLBACK_TYPE:
        @callback
        def happened(entry_id: str, event: Event) -> None:
            if entry_id == self._entry_id and isinstance(event, BreakerChanged | ConnectionChanged):
                action()

        @callback
        def entry_changed(_: ConfigEntryChange, entry: ConfigEntry) -> None:
            if entry.entry_id == self._entry_id:
                action()

        stop_events = async_dispatcher_connect(self._hass, SIGNAL_HAPPENED, happened)
        stop_entry = async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed)

        @callback
        def stop() -> None:
            stop_events()
            stop_entry()

        return stop


class IsConnectedCondition(_ConnectionCondition):
    """Condition: the connection works in the given direction."""

    _schema = vol.Schema(
        {
            vol.Required(CONF_OPTIONS, default=dict): {
                **_ENTRY,
                vol.Optional(CONF_DIRECTION, default=Direction.SENDING.value): one_of(CONF_DIRECTION, _DIRECTIONS),
            }
        }
    )

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        direction = Direction(self._options[CONF_DIRECTION])
        return connection_state(self._hass, self._entry_id, direction) is ConnectionState.CONNECTED


class IsBreakerOpenCondition(_ConnectionCondition):
    """Condition: the circuit breaker is open, so nothing is sent. Half-open does not count as open."""

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        return breaker_state(self._hass, self._entry_id) is BreakerState.OPEN


class IsUnacknowledgedCondition(Condition):
    """Condition: somebody was told by one of these routes, and nobody has acknowledged it."""

    _schema: ClassVar[vol.Schema] = vol.Schema({**TARGET_SCHEMA, vol.Required(CONF_OPTIONS, default=dict): {}})

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        checked = cast(ConfigType, cls._schema(config))
        require_recipients(hass, checked.get(CONF_TARGET))
        return checked

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        super().__init__(hass, config)
        self._target = config.target or {}

    @property
    @override
    def needs_polling(self) -> bool:
        return False

    @override
    async def _async_track_changes(self, action: Callable[[], None]) -> CALLBACK_TYPE:
        @callback
        def happened(_entry_id: str, _subentry_id: str, _event: RouteEvent) -> None:
            action()

        return async_dispatcher_connect(self._hass, SIGNAL_RUN, happened)

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        runs, chosen = self._hass.data.get(ROUTE_RUNS), async_choose(self._hass, self._target)
        return runs is not None and any(runs.of(one.data[CONF_RECIPIENT]) for _, one in chosen.recipients.values())


_CONDITIONS: dict[str, type[Condition]] = {
    "is_breaker_open": IsBreakerOpenCondition,
    "is_connected": IsConnectedCondition,
    "is_unacknowledged": IsUnacknowledgedCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return all conditions, whether a connection is loaded or not."""
    return _CONDITIONS
