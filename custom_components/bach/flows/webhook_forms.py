"""Forms for a new webhook: to receive, to send, or both.

Rare fields are in a collapsed section. The form that changes a webhook later has all of them.
"""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, TextSelector

from custom_components.bach.const import CONF_INCOMING_FROM, CONF_URL
from custom_components.bach.kinds import webhook_requests as outgoing
from custom_components.bach.kinds.form_fields import ADDRESS_BOX, form_section
from custom_components.bach.kinds.webhook import (
    CONF_IN_ADDRESS,
    CONF_TAKES,
    INCOMING,
    NOTHING,
    SECTION_INCOMING,
    SECTION_OUTGOING,
    TAKES,
)

_UP_FRONT: Final = (CONF_TAKES, CONF_INCOMING_FROM)

_NAME: Final[Mapping[vol.Marker, Any]] = {vol.Optional(CONF_NAME): TextSelector()}
_URL: Final[Mapping[vol.Marker, Any]] = {vol.Required(CONF_URL): ADDRESS_BOX}
_PROOF: Final[Mapping[vol.Marker, Any]] = {
    vol.Required(CONF_TAKES, default="token"): SelectSelector(
        SelectSelectorConfig(options=list(TAKES), translation_key="takes")
    ),
    **{marker: box for marker, box in INCOMING.schema.schema.items() if str(marker) == CONF_INCOMING_FROM},
}
_SENT: Final[Mapping[vol.Marker, Any]] = {vol.Required(SECTION_OUTGOING): outgoing.OUTGOING}
_TAKEN: Final[Mapping[vol.Marker, Any]] = {
    vol.Required(SECTION_INCOMING): form_section(
        {marker: box for marker, box in INCOMING.schema.schema.items() if str(marker) not in _UP_FRONT}
    )
}

HOOK_SCHEMAS: Final[Mapping[str, vol.Schema]] = {
    "hook_take": vol.Schema({**_NAME, **_PROOF, **_TAKEN}),
    "hook_send": vol.Schema({**_NAME, **_URL, **_SENT}),
    "hook_both": vol.Schema({**_NAME, **_URL, **_PROOF, **_SENT, **_TAKEN}),
}

_NOTHING_SENT: Final = vol.Schema(outgoing.OUTGOING.schema.schema)({})


def whole(user_input: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Convert the input of one of these forms to that of the form with all fields."""
    if user_input is None:
        return None
    taken = {CONF_TAKES: NOTHING, CONF_IN_ADDRESS: False, **user_input.get(SECTION_INCOMING, {})}
    taken |= {field: user_input[field] for field in _UP_FRONT if field in user_input}
    return {**user_input, SECTION_OUTGOING: user_input.get(SECTION_OUTGOING, _NOTHING_SENT), SECTION_INCOMING: taken}
