"""The few numbers for Settings → System → Repairs → System information."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import BachConfigEntry


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register the page."""
    register.async_register_info(_info, f"/config/integrations/integration/{DOMAIN}")


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[BachConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    snapshots = [entry.runtime_data.data for entry in entries]
    return {
        "connections": len(snapshots),
        "waiting": sum(snapshot.queue.waiting for snapshot in snapshots),
        "dead": sum(snapshot.queue.dead for snapshot in snapshots),
    }
