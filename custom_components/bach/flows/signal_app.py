"""Finds the app with signal-cli-rest-api among those that the Supervisor runs.

It does not announce itself, as an app could (its `config.yaml` names no discovery), so the dialog looks for it.
"""

from typing import Final

from homeassistant.components.hassio import HassioNotReadyError, get_addons_list, hostname_from_addon_slug
from homeassistant.core import HomeAssistant
from homeassistant.helpers.hassio import is_hassio

_SLUG: Final = "_signal_messenger"
"""How the slug of https://github.com/haberda/hassio_addons ends; what stands before it depends on its address."""
_PORT: Final = 8080
"""Of its container, whatever is shown outside."""


def signal_app(hass: HomeAssistant) -> str | None:
    """The address of the app from within Home Assistant; None where it is not installed."""
    if not is_hassio(hass):
        return None
    try:
        slugs = [str(app["slug"]) for app in get_addons_list(hass)]
    except HassioNotReadyError:  # it is asked when Home Assistant starts
        return None
    hosts = [hostname_from_addon_slug(slug) for slug in slugs if slug.endswith(_SLUG)]
    return f"http://{hosts[0]}:{_PORT}" if hosts else None
