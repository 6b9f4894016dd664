"""What a bug report needs to know about a connection, without secrets, names or messages."""

from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_UNIQUE_ID
from homeassistant.core import HomeAssistant

from .const import (
    CONF_AVATAR_URL,
    CONF_BODY,
    CONF_ENDPOINT,
    CONF_HEADERS,
    CONF_INCOMING_ADDRESSES,
    CONF_LINK,
    CONF_NUMBER,
    CONF_RECIPIENT,
    CONF_SENDER_ID,
    CONF_SYSTEM,
    CONF_TITLE,
    CONF_TOKEN_ENDPOINT,
    CONF_USER_ID,
    CONF_WEBHOOK_ID,
    SECRET_FIELDS,
)
from .coordinator import BachConfigEntry
from .partner_kinds import is_partner

REDACTED_FIELDS = {
    *SECRET_FIELDS,
    CONF_AVATAR_URL,
    CONF_BODY,
    CONF_ENDPOINT,
    CONF_HEADERS,
    CONF_INCOMING_ADDRESSES,
    CONF_LINK,
    CONF_NUMBER,
    CONF_RECIPIENT,
    CONF_SENDER_ID,
    CONF_SYSTEM,
    CONF_TITLE,
    CONF_TOKEN_ENDPOINT,
    CONF_UNIQUE_ID,
    CONF_USER_ID,
    CONF_WEBHOOK_ID,
}


def _refused(entry: BachConfigEntry) -> dict[str, Any] | None:
    """The last request that was refused, where requests come in."""
    coordinator = entry.runtime_data
    refused = None if is_partner(entry) else coordinator.bach.refused(coordinator.connection)
    return asdict(refused) if refused else None


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: BachConfigEntry) -> dict[str, Any]:
    """Return the diagnostics of a connection."""
    coordinator = entry.runtime_data
    row = coordinator.bach.registry.get(coordinator.connection)
    return {
        "entry": async_redact_data(entry.as_dict(), REDACTED_FIELDS),
        "connection": {
            "type": row.type,
            "category": row.category.value,
            "auth_type": row.auth_type,
            "is_active": row.is_active,
            "allowed": len(row.allowed),
            "success_count": row.success_count,
            "error_count": row.error_count,
            "blocked_count": row.blocked_count,
            "last_used": row.last_used,
            "consecutive_failures": row.consecutive_failures,
            "disabled_until": row.disabled_until,
        },
        "refused": _refused(entry),
        "snapshot": async_redact_data(
            asdict(coordinator.data), {"connection", "id", "link", "name", "offers", "text"}
        ),  # a fault's text may name a host, and what a server offers may name what stands in a home
    }
