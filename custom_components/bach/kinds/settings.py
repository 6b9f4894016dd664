"""What of an entry makes its connection, which is its data, and what is a setting of it, which is one of its options.

So Home Assistant's *Configure* changes settings without a word about credentials, and a dialog that asks for new
credentials cannot lose a setting. Whoever reads both alike asks for `whole`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypedDict

from homeassistant.core import HomeAssistant, callback

from bach_lib.connectors.ours import OF_CONNECTOR
from custom_components.bach.const import (
    CONF_AVATAR_URL,
    CONF_BODY,
    CONF_BODY_TYPE,
    CONF_EXPECTED_STATUS,
    CONF_HEADERS,
    CONF_MAX_TOKENS,
    CONF_METHOD,
    CONF_MODEL,
    CONF_NUM_CTX,
    CONF_SETTINGS,
    CONF_SYSTEM,
    CONF_THINKING,
    CONF_USERNAME,
)
from custom_components.bach.coordinator import BachConfigEntry

OURS: Final = frozenset(one.name for one in OF_CONNECTOR)
"""The settings that BACH itself follows; they have the library's names."""

OPTIONS: Final = OURS | {
    CONF_AVATAR_URL,
    CONF_BODY,
    CONF_BODY_TYPE,
    CONF_EXPECTED_STATUS,
    CONF_HEADERS,
    CONF_MAX_TOKENS,
    CONF_METHOD,
    CONF_MODEL,
    CONF_NUM_CTX,
    CONF_SYSTEM,
    CONF_THINKING,
    CONF_USERNAME,
}
"""The fields that are no part of the connection."""

VERSION: Final = 1
MINOR_VERSION: Final = 2
"""Since this one, options are kept apart. An older BACH reads such an entry as one without settings."""


class Stored(TypedDict):
    """What makes the connection, and the rest."""

    data: dict[str, Any]
    options: dict[str, Any]


def whole(entry: BachConfigEntry) -> dict[str, Any]:
    """Data and options together."""
    return {**entry.options, **entry.data}


def stored(data: Mapping[str, Any], options: Iterable[str] = ()) -> Stored:
    """Both apart, as an entry stores them. `options`: those it has; among them are a later version's."""
    apart = OPTIONS | set(options)
    kept = {name: value for name, value in data.items() if name not in apart}
    chosen = {name: value for name, value in data.items() if name in apart}
    if isinstance(others := kept.get(CONF_SETTINGS), Mapping):  # of another package's connector, and among them ours
        chosen = {name: value for name, value in others.items() if name in OURS} | chosen
        kept[CONF_SETTINGS] = {name: value for name, value in others.items() if name not in OURS}
    return Stored(data=kept, options=chosen)


@callback
def async_part(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Move to the options what stands in the data and is one.

    A version from before the options has put it there, whether this entry comes from it for the first time or after a
    way back.
    """
    parted = stored(whole(entry), entry.options)
    if parted["data"] != dict(entry.data):
        hass.config_entries.async_update_entry(entry, **parted)
