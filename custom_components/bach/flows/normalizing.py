"""Normalizes typed or pasted config flow input: strips quotes and prefixes of tokens, adds the scheme of addresses.

People paste a whole line with a token in it, or an address as they know it; both should just work.
"""

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
"""Faults after which the same address is tried with another scheme or port."""


def normalized(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the data with all secrets and addresses normalized."""
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


def other_addresses(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return further addresses the input may mean (another scheme or port), in the order to try them."""
    return pasted.addresses(data[CONF_TYPE], data[CONF_ENDPOINT])[1:] if CONF_ENDPOINT in data else ()
