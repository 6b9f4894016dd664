"""How a config entry and a row of the library's registry belong together."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant

from bach_lib import Connection

from .const import CONF_ENDPOINT, DOMAIN, SECRET_FIELDS, SETTING_FIELDS
from .roles import allowed

REFERENCE_SCHEME = "entry"
"""References such as `entry:<entry id>/bot_token`, so that credentials stay in the config entry."""


def connection_name(entry: ConfigEntry) -> str:
    """The name of the entry's row: stays the same for the account, and is readable in logs."""
    return f"{entry.data[CONF_TYPE]}_{entry.unique_id}"


def as_connection(entry: ConfigEntry) -> Connection:
    """The row that the entry asks for."""
    return Connection(
        name=connection_name(entry),
        type=entry.data[CONF_TYPE],
        endpoint=entry.data.get(CONF_ENDPOINT),
        auth_config={
            field: f"{REFERENCE_SCHEME}:{entry.entry_id}/{field}" for field in SECRET_FIELDS if field in entry.data
        },
        allowed=allowed(entry.subentries.values()),
        settings={field: entry.data[field] for field in SETTING_FIELDS if field in entry.data},
    )


def find_secret(hass: HomeAssistant, target: str) -> str | None:
    """The value behind `<entry id>/<field>`, or None."""
    entry_id, _, field = target.partition("/")
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN or field not in SECRET_FIELDS:
        return None
    secret: str | None = entry.data.get(field)
    return secret


def titles(hass: HomeAssistant) -> dict[str, str]:
    """What people call each connection, by its name in the registry."""
    return {connection_name(entry): entry.title for entry in hass.config_entries.async_entries(DOMAIN)}


def recipient_unique_id(recipient: str) -> str:
    """What keeps a recipient from being added twice. Subentries of all types share one space, hence the prefix."""
    return f"recipient_{recipient}"


def person_unique_id(recipient: str, sender_id: str) -> str:
    """What keeps a person from being added twice to one group."""
    return f"person_{recipient}_{sender_id}"


def notify_unique_id(entry: ConfigEntry, subentry_id: str) -> str:
    """The id of a recipient's notify entity, by which it is found however a person has renamed it."""
    return f"{entry.entry_id}_{subentry_id}"


def event_unique_id(entry: ConfigEntry, subentry_id: str) -> str:
    """The id of a recipient's event entity, by which it is found however a person has renamed it."""
    return f"{entry.entry_id}_{subentry_id}_incoming"
