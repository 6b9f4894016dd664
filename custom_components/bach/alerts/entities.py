"""Entities of an alert: how it stands, and the buttons of whoever has it or wants quiet for a while."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util

from bach_lib import RouteRun
from bach_lib.redact import readable
from custom_components.bach.const import DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.entity import recipient_device
from custom_components.bach.home.entry import alert_unique_id
from custom_components.bach.home.errors import translated_errors
from custom_components.bach.home.language import in_home_language
from custom_components.bach.home.users import name_of_caller

from .alert import USUAL_SNOOZE
from .at_work import KEEPERS, SIGNAL_ALERT
from .keeper import AlertKeeper, AlertState

_LONGEST: Final = 200

STATE: Final = SensorEntityDescription(
    key="alert",
    translation_key="alert",
    name=None,
    device_class=SensorDeviceClass.ENUM,
    options=[one.value for one in AlertState],
)


@dataclass(frozen=True, kw_only=True)
class AlertButtonDescription(ButtonEntityDescription):
    """Button of an alert with what pressing it does; None comes of it where there is nothing to do."""

    press_fn: Callable[[AlertKeeper, str], Awaitable[RouteRun | None]]


BUTTONS: Final = (
    AlertButtonDescription(
        key="acknowledge", translation_key="acknowledge", press_fn=lambda keeper, by: keeper.acknowledge(by)
    ),
    AlertButtonDescription(
        key="snooze",
        translation_key="snooze",
        press_fn=lambda keeper, by: keeper.snooze(keeper.alert.snooze or USUAL_SNOOZE, by),
    ),
)


class _AlertEntity(Entity):
    """Base class of them."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry, key: str) -> None:
        self._attr_unique_id = alert_unique_id(entry, subentry.subentry_id, key)
        self._attr_device_info = recipient_device(hass, entry, subentry)
        self._alert_id = subentry.subentry_id

    @property
    def _keeper(self) -> AlertKeeper | None:
        return self.hass.data[KEEPERS].get(self._alert_id)

    @override
    async def async_added_to_hass(self) -> None:
        """Hear of how it stands."""
        self.async_on_remove(async_dispatcher_connect(self.hass, SIGNAL_ALERT, self._stands_otherwise))

    @callback
    def _stands_otherwise(self, alert_id: str) -> None:
        if alert_id == self._alert_id:
            self.async_write_ha_state()


class AlertSensor(_AlertEntity, SensorEntity):
    """How an alert stands. What it says is not among its attributes, which every user may read."""

    entity_description = STATE

    def __init__(self, hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> None:
        super().__init__(hass, entry, subentry, STATE.key)

    @property
    @override
    def native_value(self) -> str | None:
        return keeper.state.value if (keeper := self._keeper) else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, object]:
        keeper = self._keeper
        episode, run = (keeper.episode, keeper.run) if keeper else (None, None)
        problem = keeper.problem.sentence if keeper and keeper.problem else None
        return {
            "since": _moment(episode.since) if episode else None,
            "by": readable(who) if run and (who := run.by or run.snoozed_by) else None,
            "told": len({one.at for one in run.tried}) if run else 0,
            "last_told": _moment(run.tried[-1].at) if run and run.tried else None,
            "next_at": _moment(run.due_at) if run else None,
            "run_id": run.id if run else None,
            "problem": in_home_language(self.hass, problem)[:_LONGEST] if problem else None,
        }


def _moment(timestamp: float | None) -> str | None:
    return None if timestamp is None else dt_util.utc_from_timestamp(timestamp).isoformat()


class AlertButton(_AlertEntity, ButtonEntity):
    """Button of an alert."""

    entity_description: AlertButtonDescription

    def __init__(
        self,
        hass: HomeAssistant,
        entry: BachConfigEntry,
        subentry: ConfigSubentry,
        description: AlertButtonDescription,
    ) -> None:
        super().__init__(hass, entry, subentry, description.key)
        self.entity_description = description

    @override
    async def async_press(self) -> None:
        """Do it for the user who presses, or say that there is nothing to do."""
        by, keeper = await name_of_caller(self.hass, self._context), self._keeper
        with translated_errors(self.hass):
            done = await self.entity_description.press_fn(keeper, by) if keeper else None
        if done is None:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="alert_is_not_on")
