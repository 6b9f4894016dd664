"""Normalizes what somebody typed or pasted: tokens without their wrapping, addresses with their scheme."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import CONF_TYPE

from bach_lib.registry import pasted
from custom_components.bach.const import (
    CONF_AUTH_TYPE,
    CONF_ENDPOINT,
    CONF_LOGIN,
    CONF_TOKEN_ENDPOINT,
    CONF_URL,
    SECRET_FIELDS,
    TYPE_WEBHOOK,
)
from custom_components.bach.kinds.partner_forms import AUTH_FIELDS
from custom_components.bach.kinds.partners import PARTNERS

TRY_ANOTHER: Final = frozenset(
    {"bad_answer", "bad_request", "connection", "no_websocket", "refused", "timeout", "tls", "unreachable"}
)
"""What a server says, or does not, that wants to be asked with another scheme."""


def as_meant(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with all secrets and addresses as they are meant."""
    type_, found = data[CONF_TYPE], dict(data)
    if type_ in PARTNERS:
        names = {field: ours for ours, field in AUTH_FIELDS[data[CONF_AUTH_TYPE]].items() if field != CONF_LOGIN}
    else:
        names = {field: field for field in SECRET_FIELDS if field != CONF_LOGIN}
    for field, ours in names.items():
        if field in found:
            found[field] = pasted.secret(type_, ours, found[field])
    for field in (CONF_ENDPOINT, CONF_TOKEN_ENDPOINT, *((CONF_URL,) if type_ == TYPE_WEBHOOK else ())):
        if field in found:
            found[field] = pasted.address(type_, found[field])
    return found


def others_meant(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Which other addresses of the server may be meant, in their order."""
    return pasted.addresses(data[CONF_TYPE], data[CONF_ENDPOINT])[1:] if CONF_ENDPOINT in data else ()
