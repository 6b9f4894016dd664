"""An alert as it is stored in its sub-entry: what is watched, what is said, to whom, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant

from custom_components.bach.const import CONF_RECIPIENT, CONF_RECIPIENTS, SUBENTRY_ALERT
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.entry import connections
from custom_components.bach.home.recipient_subentries import texts_in

CONF_ABOVE: Final = "above"
CONF_BELOW: Final = "below"
CONF_CAMERA: Final = "camera"
CONF_DONE_MESSAGE: Final = "done_message"
CONF_ENTITY: Final = "entity_id"
CONF_HEADING: Final = "heading"
CONF_HOLD: Final = "hold"
CONF_KIND_OF_ALERT: Final = "watches"
CONF_MESSAGE: Final = "message"
CONF_PRIORITY: Final = "priority"
CONF_REMINDERS: Final = "reminders"
CONF_SKIP_FIRST: Final = "skip_first"
CONF_SNOOZE: Final = "snooze"
CONF_STATES: Final = "states"
CONF_TEMPLATE: Final = "template"

CONDITION: Final = (
    *(CONF_KIND_OF_ALERT, CONF_ENTITY, CONF_STATES, CONF_ABOVE, CONF_BELOW, CONF_TEMPLATE),
    CONF_HOLD,
)
"""The fields that say what is watched."""
PREFIX: Final = "alert."
"""What the name of an alert begins with where it is called as a route is; those of routes have no dots."""
MOST_REMINDERS: Final = 15
USUAL_SNOOZE: Final = 3600.0
USUAL_PRIORITY: Final = 5


class Watches(StrEnum):
    """What an alert watches."""

    STATE = "state"
    """That an entity has one of some states."""
    NUMBER = "number"
    """That a number is above or below something."""
    MISSING = "missing"
    """That an entity is unavailable, or gone."""
    TEMPLATE = "template"
    """That a template is true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What has to be so, and for how long (`hold`, in seconds)."""

    watches: Watches
    entity_id: str = ""
    states: tuple[str, ...] = ()
    above: float | None = None
    below: float | None = None
    template: str = ""
    hold: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert. `told` are the ids of recipients, or of one route; times in seconds."""

    id: str
    title: str
    name: str
    """What its runs are called, unless it is told by a route."""
    condition: Condition
    told: tuple[str, ...]
    message: str = ""
    heading: str = ""
    done_message: str = ""
    cameras: tuple[str, ...] = ()
    """Cameras and images; what they show when it begins goes with each message."""
    reminders: tuple[float, ...] = ()
    skip_first: bool = False
    snooze: float = USUAL_SNOOZE
    """0: nobody is offered quiet."""
    priority: int = USUAL_PRIORITY

    @property
    def tag(self) -> str:
        """What its runs have in common: of several, only the newest goes on."""
        return f"alert {self.id}"


def read_alert(subentry: ConfigSubentry) -> Alert:
    """The alert of a sub-entry."""
    return alert_of(subentry.subentry_id, subentry.title, subentry.data)


def alert_of(alert_id: str, title: str, data: Mapping[str, Any]) -> Alert:
    """The alert that is stored so; what is damaged there is as usual."""
    reminders = data.get(CONF_REMINDERS)
    spans = [one for one in reminders if _is_number(one) and one > 0] if isinstance(reminders, list | tuple) else []
    return Alert(
        id=alert_id,
        title=title,
        name=_text(data, CONF_RECIPIENT),
        condition=read_condition(data),
        told=texts_in(data.get(CONF_RECIPIENTS)),
        message=_text(data, CONF_MESSAGE),
        heading=_text(data, CONF_HEADING),
        done_message=_text(data, CONF_DONE_MESSAGE),
        cameras=texts_in(data.get(CONF_CAMERA)),
        reminders=tuple(float(one) for one in spans[:MOST_REMINDERS]),
        skip_first=data.get(CONF_SKIP_FIRST) is True,
        snooze=_seconds(data, CONF_SNOOZE, USUAL_SNOOZE),
        priority=int(_number(data, CONF_PRIORITY, USUAL_PRIORITY)),
    )


def read_condition(data: Mapping[str, Any]) -> Condition:
    """What is watched; what is damaged is never so."""
    watches = data.get(CONF_KIND_OF_ALERT)
    return Condition(
        watches=Watches(watches) if watches in list(Watches) else Watches.STATE,
        entity_id=_text(data, CONF_ENTITY),
        states=texts_in(data.get(CONF_STATES)),
        above=_maybe(data, CONF_ABOVE),
        below=_maybe(data, CONF_BELOW),
        template=_text(data, CONF_TEMPLATE),
        hold=_seconds(data, CONF_HOLD, 0.0),
    )


def alerts_of(entry: BachConfigEntry) -> list[ConfigSubentry]:
    """The sub-entries of all alerts of a connection."""
    return list(entry.get_subentries_of_type(SUBENTRY_ALERT))


def all_alerts(hass: HomeAssistant) -> list[tuple[BachConfigEntry, ConfigSubentry]]:
    """Those of this home."""
    return [(entry, one) for entry in connections(hass) for one in alerts_of(entry)]


def _text(data: Mapping[str, Any], field: str) -> str:
    found = data.get(field)
    return found if isinstance(found, str) else ""


def _is_number(found: object) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


def _maybe(data: Mapping[str, Any], field: str) -> float | None:
    return float(data[field]) if _is_number(data.get(field)) else None


def _number(data: Mapping[str, Any], field: str, usual: float) -> float:
    found = _maybe(data, field)
    return usual if found is None else found


def _seconds(data: Mapping[str, Any], field: str, usual: float) -> float:
    return max(_number(data, field, usual), 0.0)
