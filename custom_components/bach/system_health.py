"""System health: version, packages, and the number of waiting and dead messages of all connections.

Home Assistant shows it under Settings → System → Repairs → System information, which people copy into bug reports.
"""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from bach_lib import BachError, __version__

from .const import DOMAIN
from .coordinator import BachConfigEntry
from .home.entry import connections
from .home.hub import HUB
from .kinds.partners import type_of
from .kinds.requirements import async_versions

_KEYS = {"discord.py": "discord_py", "python-telegram-bot": "python_telegram_bot"}
"""Translation keys hold no dots and no capitals."""


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register the system health callback."""
    register.async_register_info(_info, f"/config/integrations/integration/{DOMAIN}")


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[BachConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    snapshots = [entry.runtime_data.data for entry in entries]
    types = [type_of(entry.data) for entry in connections(hass, include_disabled=False)]
    packages = await async_versions(hass, types)
    return {
        "version": __version__,
        **{_KEYS[name]: version or "-" for name, version in packages.items()},
        "database": _engine(hass),
        "connections": len(snapshots),
        "waiting": sum(snapshot.queue.waiting for snapshot in snapshots),
        "dead": sum(snapshot.queue.dead for snapshot in snapshots),
    }


def _engine(hass: HomeAssistant) -> str:
    try:
        return hass.data[HUB].bach.engine
    except BachError:  # it is closed, or being moved
        return "-"
