"""The list of what is gathered, in the options of a connection: read from what is stored, and stored again.

An entry may say several things at once; each is stored as one of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
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

from custom_components.bach.const import CONF_GATHERING

from .form_fields import drop_down, labelled
from .quiet_forms import EVERYBODY

_WAYS: Final[Mapping[str, int]] = {"per_hour": 500, "same_minutes": 1_440}
"""What may be said instead of a time, and the most of it."""
_OF_TIME: Final = ("at", "after")


def gathering_selector(people: Mapping[str, str], stored: object, texts: Mapping[str, str]) -> ObjectSelector:
    """The field, with a drop-down of these recipients (titles by address), of those in `stored`, and for all."""
    known = {str(one["recipient"]): str(one["recipient"]) for one in shown_gathering(stored)}
    whom = drop_down(labelled({**known, **people, EVERYBODY: texts["everybody"]}))
    fields: dict[str, ObjectSelectorField] = {
        "recipient": {"required": True, "default": EVERYBODY, "selector": whom},
        "at": {"selector": TimeSelector()},
        "after": {"selector": _number(2, 500)},
        **{name: {"selector": _number(1, most)} for name, most in _WAYS.items()},
        "below": {"default": 1, "selector": _number(-9, 5)},
    }
    return ObjectSelector(
        ObjectSelectorConfig(
            fields=fields,
            multiple=True,
            label_field="recipient",
            description_field="at",
            translation_key=CONF_GATHERING,
        )
    )


def shown_gathering(stored: object) -> list[dict[str, Any]]:
    """What the form shows of what is stored."""
    names = ("recipient", "below", *_OF_TIME, *_WAYS)
    return [
        {"recipient": EVERYBODY} | {name: one[name] for name in names if one.get(name) is not None}
        for one in (stored if isinstance(stored, list) else ())
        if isinstance(one, Mapping)
    ]


def stored_gathering(given: Sequence[Mapping[str, Any]], zone: str) -> list[dict[str, Any]]:
    """What is stored of what was chosen. `zone`: of the home."""
    return [entry for one in given for entry in _entries(one, zone)]


def _entries(given: Mapping[str, Any], zone: str) -> Iterator[dict[str, Any]]:
    common: dict[str, Any] = {"zone": zone}
    if given["recipient"] != EVERYBODY:
        common["recipient"] = given["recipient"]
    if (below := given.get("below")) is not None:
        common["below"] = int(below)
    says = {name: int(given[name]) for name in ("after", *_WAYS) if given.get(name)}
    timed = {"at": given["at"]} if given.get("at") else {}
    if timed or not says.keys() & _WAYS.keys():  # what says nothing is refused as it stands
        yield common | timed | {name: says[name] for name in ("after",) if name in says}
    yield from (common | {name: says[name]} for name in _WAYS if name in says)


def _number(least: int, most: int) -> NumberSelector:
    return NumberSelector(NumberSelectorConfig(min=least, max=most, step=1, mode=NumberSelectorMode.BOX))
