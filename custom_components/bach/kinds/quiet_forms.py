"""The lists of quiet hours and holidays in the options of a connection: read from what is stored, and stored again."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from homeassistant.helpers.selector import (
    BooleanSelector,
    DateSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorField,
    TimeSelector,
)

from custom_components.bach.const import CONF_HOLIDAYS, CONF_QUIET_HOURS

from .form_fields import labelled, radio_buttons
from .list_forms import EVERYBODY, list_selector, shown_entries, whom_and_below, whom_field

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BELOW: Final = NumberSelector(NumberSelectorConfig(min=-9, max=11, step=1, mode=NumberSelectorMode.BOX))
_SHOWN: Final = ("recipient", "from", "until", "below", "days")
"""What the form knows; the rest of an entry stays as it is."""
_SOME_YEAR: Final = "2000-"
"""In the form, for days of every year."""
HOLIDAY_LIST: Final = list_selector(
    CONF_HOLIDAYS,
    {
        "from": {"required": True, "selector": DateSelector()},
        "until": {"selector": DateSelector()},
        "yearly": {"selector": BooleanSelector()},
    },
    label="from",
    description="until",
)
"""The field for days that count as a Sunday."""


def quiet_selector(people: Mapping[str, str], stored: object, texts: Mapping[str, str]) -> ObjectSelector:
    """The field, with a drop-down of these recipients (titles by address), of those in `stored`, and for all."""
    days = radio_buttons(labelled({day: texts[f"day_{day}"] for day in _DAYS}), multiple=True)
    fields: dict[str, ObjectSelectorField] = {
        "recipient": whom_field(people, stored, texts),
        "from": {"required": True, "default": "22:00:00", "selector": TimeSelector()},
        "until": {"required": True, "default": "07:00:00", "selector": TimeSelector()},
        "below": {"default": 1, "selector": _BELOW},
        "days": {"selector": days},
    }
    return list_selector(CONF_QUIET_HOURS, fields, label="from", description="recipient")


def shown_quiet_hours(stored: object) -> list[dict[str, Any]]:
    """What the form shows of what is stored."""
    return shown_entries(stored, _SHOWN)


def stored_quiet_hours(given: Sequence[Mapping[str, Any]], before: object, zone: str) -> list[dict[str, Any]]:
    """What is stored of what was chosen. `zone`: of the home. `before`: what else stood in an entry is kept there."""
    known = {_key(one): one for one in (before if isinstance(before, list) else ()) if isinstance(one, Mapping)}
    return [_entry(one, known.get(_key(one), {}), zone) for one in given]


def shown_holidays(stored: object) -> list[dict[str, Any]]:
    """What the form shows of what is stored."""
    return [_shown_day(one) for one in (stored if isinstance(stored, list) else ()) if isinstance(one, str)]


def stored_holidays(given: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is stored of what was chosen."""
    return [_stored_days(one) for one in given]


def _shown_day(stored: str) -> dict[str, Any]:
    begin, _, end = stored.partition("/")
    is_yearly = len(begin) == len("12-25")
    year = _SOME_YEAR if is_yearly else ""
    return {
        "from": f"{year}{begin}",
        **({"until": f"{year}{end}"} if end else {}),
        **({"yearly": True} if is_yearly else {}),
    }


def _stored_days(given: Mapping[str, Any]) -> str:
    days = [str(day) for day in (given["from"], given.get("until")) if day]
    return "/".join(day[len(_SOME_YEAR) :] if given.get("yearly") else day for day in days)


def _entry(given: Mapping[str, Any], before: Mapping[str, Any], zone: str) -> dict[str, Any]:
    kept = {key: value for key, value in before.items() if key not in _SHOWN}
    found = {"zone": zone} | kept | {"from": given["from"], "until": given["until"]} | whom_and_below(given)
    if days := given.get("days"):
        found["days"] = list(days)
    return found


def _key(entry: Mapping[str, Any]) -> tuple[object, object, object]:
    return entry.get("recipient", EVERYBODY), entry.get("from"), entry.get("until")
