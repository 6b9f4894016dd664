"""Form that shows what to copy to a webhook's other side: address, secret, and a curl line to try it.

It can be opened as long as the connection exists, so that nobody has to copy it in the one moment of creation. What
else the connection knows, the credentials of others, is never shown (ADR 0039).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import CONF_ADDRESS, CONF_TYPE
from homeassistant.core import HomeAssistant

from bach_lib.connectors.webhook.examples import curl_lines
from custom_components.bach.const import (
    CONF_INCOMING_ADDRESSES,
    CONF_INCOMING_SECRET,
    CONF_INCOMING_TOKEN,
    CONF_OWN_SECRET,
    CONF_RECIPIENT,
    CONF_ROLE,
    CONF_SECRET,
    CONF_WEBHOOK_ID,
    SUBENTRY_RECIPIENT,
    TYPE_WEBHOOK,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.attribution import Role
from custom_components.bach.kinds.form_fields import LINES_BOX
from custom_components.bach.kinds.stored_data import damage_of
from custom_components.bach.kinds.webhook import receives
from custom_components.bach.web.hooks import post_address

"""To copy from. Not `read_only`: in some browsers nothing can be selected in such a box."""
_LINES: Final = {"header": "curl", "signature": "curl", "login": "curl_login", "address": "curl_address"}


def to_copy(hass: HomeAssistant, entry: BachConfigEntry) -> dict[str, str]:
    """The values to copy, by field; empty if the other side needs nothing."""
    data = entry.data
    if data.get(CONF_TYPE) != TYPE_WEBHOOK or damage_of(entry):
        return {}
    found: dict[str, str] = {}
    if receives(data):
        found[CONF_ADDRESS] = post_address(hass, data[CONF_WEBHOOK_ID], data.get(CONF_INCOMING_ADDRESSES, []))
        found |= {name: data[name] for name in (CONF_INCOMING_TOKEN, CONF_INCOMING_SECRET) if name in data}
        found |= {_LINES[way]: line for way, line in _lines(entry, found[CONF_ADDRESS]).items()}
    if CONF_SECRET in data:
        found[CONF_SECRET] = data[CONF_SECRET]
    return found


def copy_schema(found: Mapping[str, str]) -> vol.Schema:
    """The schema of the page, with the values as defaults."""
    return vol.Schema({vol.Optional(field, default=value): LINES_BOX for field, value in found.items()})


def first_line(hass: HomeAssistant, entry: BachConfigEntry) -> str:
    """The simplest curl line, as a Markdown code block."""
    data = entry.data
    address = post_address(hass, data[CONF_WEBHOOK_ID], data.get(CONF_INCOMING_ADDRESSES, []))
    line = next(iter(_lines(entry, address).values()), "")
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in re.findall("`*", line)))
    return f"{fence}sh\n{line}\n{fence}"


def _lines(entry: BachConfigEntry, address: str) -> Mapping[Any, str]:
    return curl_lines(
        address,
        entry.data,
        token=entry.data.get(CONF_INCOMING_TOKEN),
        secret=entry.data.get(CONF_INCOMING_SECRET),
        sender=_somebody(entry),
    )


def _somebody(entry: BachConfigEntry) -> str | None:
    """A recipient for the curl line: one that is heard without a secret of its own."""
    for one in entry.get_subentries_of_type(SUBENTRY_RECIPIENT):
        if one.data.get(CONF_ROLE) != Role.NOTIFY_ONLY and not one.data.get(CONF_OWN_SECRET):
            return str(one.data[CONF_RECIPIENT])
    return None
