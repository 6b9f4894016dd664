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
    TimeSelector,
)

from custom_components.bach.const import CONF_QUIET_HOURS

from .form_fields import drop_down, labelled, radio_buttons

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERYBODY: Final = "*"
"""In the form, for an entry that names nobody."""
_BELOW: Final = NumberSelector(NumberSelectorConfig(min=-9, max=11, step=1, mode=NumberSelectorMode.BOX))
_SHOWN: Final = ("recipient", "from", "until", "below", "days")
"""What the form knows; the rest of an entry stays as it is."""


def quiet_selector(people: Mapping[str, str], stored: object, texts: Mapping[str, str]) -> ObjectSelector:
    """The field, with a drop-down of these recipients (titles by address), of those in `stored`, and for all of them.

    `texts`: of the home's language; the frontend translates no options of what lies in a list.
    """
    known = {str(one["recipient"]): str(one["recipient"]) for one in shown_quiet_hours(stored)}
    whom = drop_down(labelled({**known, **people, _EVERYBODY: texts["everybody"]}))
    days = radio_buttons(labelled({day: texts[f"day_{day}"] for day in _DAYS}), multiple=True)
    fields: dict[str, ObjectSelectorField] = {
        "recipient": {"required": True, "default": _EVERYBODY, "selector": whom},
        "from": {"required": True, "default": "22:00:00", "selector": TimeSelector()},
        "until": {"required": True, "default": "07:00:00", "selector": TimeSelector()},
        "below": {"default": 1, "selector": _BELOW},
        "days": {"selector": days},
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
