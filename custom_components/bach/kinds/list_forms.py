"""Lists made by clicking, in the options of a connection; in most, an entry is for one recipient or for everybody."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from homeassistant.helpers.selector import ObjectSelector, ObjectSelectorConfig, ObjectSelectorField

from .form_fields import drop_down, labelled

EVERYBODY: Final = "*"
"""In the form, for an entry that names nobody."""


def list_selector(
    key: str, fields: Mapping[str, ObjectSelectorField], *, label: str, description: str
) -> ObjectSelector:
    """The field. An entry is shown by the two of its fields that are named."""
    return ObjectSelector(
        ObjectSelectorConfig(
            fields=dict(fields),
            multiple=True,
            label_field=label,
            description_field=description,
            translation_key=key,
        )
    )


def whom_field(people: Mapping[str, str], stored: object, texts: Mapping[str, str]) -> ObjectSelectorField:
    """A drop-down of these recipients (titles by address), of those in `stored`, and for all of them.

    `texts`: of the home's language; the frontend translates no options of what lies in a list.
    """
    known = {str(one["recipient"]): str(one["recipient"]) for one in shown_entries(stored, ("recipient",))}
    whom = drop_down(labelled({**known, **people, EVERYBODY: texts["everybody"]}))
    return {"required": True, "default": EVERYBODY, "selector": whom}


def shown_entries(stored: object, names: Sequence[str]) -> list[dict[str, Any]]:
    """What a form with these fields shows of what is stored."""
    return [
        {"recipient": EVERYBODY} | {name: one[name] for name in names if one.get(name) is not None}
        for one in (stored if isinstance(stored, list) else ())
        if isinstance(one, Mapping)
    ]


def whom_and_below(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of the two fields that entries for somebody have in common."""
    found = dict[str, Any]()
    if given["recipient"] != EVERYBODY:
        found["recipient"] = given["recipient"]
    if (below := given.get("below")) is not None:
        found["below"] = int(below)
    return found
