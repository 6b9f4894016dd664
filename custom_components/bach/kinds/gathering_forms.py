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
    ObjectSelectorField,
    TimeSelector,
)

from custom_components.bach.const import CONF_GATHERING

from .list_forms import list_selector, shown_entries, whom_and_below, whom_field

_WAYS: Final[Mapping[str, int]] = {"per_hour": 500, "same_minutes": 1_440}
"""What may be said instead of a time, and the most of it."""
_OF_TIME: Final = ("at", "after")


def gathering_selector(people: Mapping[str, str], stored: object, texts: Mapping[str, str]) -> ObjectSelector:
    """The field, with a drop-down of these recipients (titles by address), of those in `stored`, and for all."""
    fields: dict[str, ObjectSelectorField] = {
        "recipient": whom_field(people, stored, texts),
        "at": {"selector": TimeSelector()},
        "after": {"selector": _number(2, 500)},
        **{name: {"selector": _number(1, most)} for name, most in _WAYS.items()},
        "below": {"default": 1, "selector": _number(-9, 5)},
    }
    return list_selector(CONF_GATHERING, fields, label="recipient", description="at")


def shown_gathering(stored: object) -> list[dict[str, Any]]:
    """What the form shows of what is stored."""
    return shown_entries(stored, ("recipient", "below", *_OF_TIME, *_WAYS))


def stored_gathering(given: Sequence[Mapping[str, Any]], zone: str) -> list[dict[str, Any]]:
    """What is stored of what was chosen. `zone`: of the home."""
    return [entry for one in given for entry in _entries(one, zone)]


def _entries(given: Mapping[str, Any], zone: str) -> Iterator[dict[str, Any]]:
    common = {"zone": zone} | whom_and_below(given)
    says = {name: int(given[name]) for name in ("after", *_WAYS) if given.get(name)}
    timed = {"at": given["at"]} if given.get("at") else {}
    if timed or not says.keys() & _WAYS.keys():  # what says nothing is refused as it stands
        yield common | timed | {name: says[name] for name in ("after",) if name in says}
    yield from (common | {name: says[name]} for name in _WAYS if name in says)


def _number(least: int, most: int) -> NumberSelector:
    return NumberSelector(NumberSelectorConfig(min=least, max=most, step=1, mode=NumberSelectorMode.BOX))
