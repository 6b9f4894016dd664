"""Form fields that the dialogs share: selectors, sections, and how values are stored.

So a field looks and behaves alike in every form, and empty input is handled in one place.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Unpack

import voluptuous as vol
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BaseSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from bach_lib.redact import readable

SECRET_BOX: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="current-password"))
ADDRESS_BOX: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
NUMBER_BOX: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.TEL))
LINES_BOX: Final = TextSelector(TextSelectorConfig(multiline=True))


class SelectDetails(BaseSelectorConfig, total=False):
    """Further options of a select selector."""

    multiple: bool
    custom_value: bool
    translation_key: str
    sort: bool


def drop_down[Option: (str, SelectOptionDict)](
    options: Sequence[Option], **details: Unpack[SelectDetails]
) -> SelectSelector:
    """A drop-down, also for few options, as radio buttons cannot be cleared again."""
    return SelectSelector(SelectSelectorConfig(options=list(options), mode=SelectSelectorMode.DROPDOWN, **details))


def radio_buttons[Option: (str, SelectOptionDict)](
    options: Sequence[Option], **details: Unpack[SelectDetails]
) -> SelectSelector:
    """Radio buttons, or with `multiple` check boxes, for any number of options."""
    return SelectSelector(SelectSelectorConfig(options=list(options), mode=SelectSelectorMode.LIST, **details))


def labelled(labels: Mapping[str, str]) -> list[SelectOptionDict]:
    """Select options from a mapping of values to labels, which can only be read."""
    return [SelectOptionDict(value=value, label=readable(label)) for value, label in labels.items()]


def form_section(fields: Mapping[vol.Marker, Any], *, is_open: bool = False) -> section:
    """A section of a form, collapsed unless `is_open`."""
    return section(vol.Schema(dict(fields)), {"collapsed": not is_open})


def optional(fields: Mapping[str, Any]) -> dict[vol.Marker, Any]:
    """Mark all of these fields as optional."""
    return {vol.Optional(name): selector for name, selector in fields.items()}


def given_values(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Those of the named fields that the data has."""
    return {name: data[name] for name in names if name in data}


def put_value(data: dict[str, Any], name: str, value: object) -> None:
    """Store a field's value; an empty one removes the field."""
    data.pop(name, None)
    if value:
        data[name] = value


def put_texts(data: dict[str, Any], given: Mapping[str, Any], *names: str) -> None:
    """Store stripped text fields; an empty one removes the field."""
    for name in names:
        put_value(data, name, given.get(name, "").strip())


def put_secret(data: dict[str, Any], name: str, secret: str | None) -> None:
    """Store a typed secret; an empty field keeps the old one, as forms never show it."""
    if secret and secret.strip():
        data[name] = secret.strip()
