"""The list of quiet hours in the options of a connection: read from what is stored, and stored from what was chosen."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    TimeSelector,
)

from custom_components.bach.const import CONF_QUIET_HOURS

from .form_fields import drop_down, radio_buttons

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERYBODY: Final = "*"
"""In the form, for an entry that names nobody."""
_BELOW: Final = NumberSelector(NumberSelectorConfig(min=-9, max=11, step=1, mode=NumberSelectorMode.BOX))
_SHOWN: Final = ("recipient", "from", "until", "below", "days")
"""What the form knows; the rest of an entry stays as it is."""


def quiet_selector(people: Sequence[SelectOptionDict], everybody: str) -> ObjectSelector:
    """The field, with a drop-down of these recipients, and `everybody` for all of them."""
    whom = drop_down([SelectOptionDict(value=_EVERYBODY, label=everybody), *people], custom_value=True)
    fields: dict[str, ObjectSelectorField] = {
        "recipient": {"required": True, "default": _EVERYBODY, "selector": whom},
        "from": {"required": True, "selector": TimeSelector()},
        "until": {"required": True, "selector": TimeSelector()},
        "below": {"default": 1, "selector": _BELOW},
        "days": {"selector": radio_buttons(_DAYS, multiple=True, translation_key="days")},
    }
    return ObjectSelector(
        ObjectSelectorConfig(
            fields=fields,
            multiple=True,
            label_field="from",
            description_field="recipient",
            translation_key=CONF_QUIET_HOURS,
        )
    )


def shown_quiet_hours(stored: object) -> list[dict[str, Any]]:
    """What the form shows of what is stored."""
    return [
        {"recipient": _EVERYBODY} | {key: one[key] for key in _SHOWN if one.get(key) is not None}
        for one in (stored if isinstance(stored, list) else ())
        if isinstance(one, Mapping)
    ]


def stored_quiet_hours(given: Sequence[Mapping[str, Any]], before: object, zone: str) -> list[dict[str, Any]]:
    """What is stored of what was chosen. `zone`: of the home. `before`: what else stood in an entry is kept there."""
    known = {_key(one): one for one in (before if isinstance(before, list) else ()) if isinstance(one, Mapping)}
    return [_entry(one, known.get(_key(one), {}), zone) for one in given]


def _entry(given: Mapping[str, Any], before: Mapping[str, Any], zone: str) -> dict[str, Any]:
    kept = {key: value for key, value in before.items() if key not in _SHOWN}
    found: dict[str, Any] = {"zone": zone} | kept | {"from": given["from"], "until": given["until"]}
    if given["recipient"] != _EVERYBODY:
        found["recipient"] = given["recipient"]
    if (below := given.get("below")) is not None:
        found["below"] = int(below)
    if days := given.get("days"):
        found["days"] = list(days)
    return found


def _key(entry: Mapping[str, Any]) -> tuple[object, object, object]:
    return entry.get("recipient", _EVERYBODY), entry.get("from"), entry.get("until")
