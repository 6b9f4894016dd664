"""Looks up a typed address on the platform before it is saved, on the platforms that can answer that.

An unknown id would become a dead letter with the first message. If the platform cannot be asked now, the form only
warns once.
"""

from collections.abc import Mapping
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant

from bach_lib import BachError, Fault
from bach_lib.common_sentences import THE_CONNECTION_IS_NOT_AT_WORK
from custom_components.bach.const import TYPE_DISCORD, TYPE_SIGNAL, TYPE_TELEGRAM
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.language import in_home_language

_CHECKED_PREFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    TYPE_DISCORD: ("",),
    TYPE_SIGNAL: ("+", "group."),
    TYPE_TELEGRAM: ("",),
}
"""Prefixes of the addresses that a platform can look up; signal-cli cannot look up account ids."""


def can_check_addresses(entry: BachConfigEntry) -> bool:
    """Whether the platform of this entry can look up addresses."""
    return entry.data.get(CONF_TYPE, "") in _CHECKED_PREFIXES


async def async_check_address(
    hass: HomeAssistant, entry: BachConfigEntry, recipient: str
) -> tuple[str, str] | str | None:
    """Return the kind of chat behind the address (None: not checked), or a form error with its reason."""
    if not recipient.startswith(_CHECKED_PREFIXES.get(entry.data.get(CONF_TYPE, ""), ())):
        return None
    if entry.state is not ConfigEntryState.LOADED:
        return "cannot_ask", in_home_language(hass, THE_CONNECTION_IS_NOT_AT_WORK)
    try:
        found = await entry.runtime_data.bach.find(entry.runtime_data.connection, recipient)
    except BachError as error:
        return "cannot_ask", in_home_language(hass, error.sentence)
    if isinstance(found, Fault):
        return "cannot_ask", in_home_language(hass, found.text)
    return found[0].kind if found else ("unknown_recipient", "")
