"""The web app in Home Assistant: hands it out, and offers its panel and its card while there is a connection.

The panel stays while an entry reloads: whoever looks at it would otherwise be sent to another page.
"""

import logging
from typing import Final

from homeassistant.components import frontend, panel_custom
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from bach_lib.web.app_files import NOT_BUILT, STATIC, version
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.entry import connections

from .sidebar_title import TITLE, SidebarTitle

_LOGGER = logging.getLogger(__name__)

_VERSION: HassKey[str | None] = HassKey(f"{DOMAIN}_panel")
_SIDEBAR: HassKey[SidebarTitle] = HassKey(f"{DOMAIN}_panel_title")
FILES: Final = "/bach_panel"


async def async_serve_panel(hass: HomeAssistant) -> None:
    """Hand out the files under an address that has their version in it: browsers keep them for a month."""
    hass.data[_VERSION] = built = await hass.async_add_executor_job(version)
    if built is None:
        _LOGGER.error("%s", NOT_BUILT)
        return
    await hass.http.async_register_static_paths([StaticPathConfig(f"{FILES}/{built}", str(STATIC), cache_headers=True)])


async def async_follow_entries(hass: HomeAssistant) -> None:
    """Offer both while there is an entry that a person has not disabled, whatever state it is in."""
    wanted = any(not entry.disabled_by for entry in connections(hass))
    if wanted == frontend.async_panel_exists(hass, DOMAIN) or (built := hass.data.get(_VERSION)) is None:
        return
    if frontend.DATA_EXTRA_MODULE_URL in hass.data:  # else the home has no user interface
        with_card = frontend.add_extra_js_url if wanted else frontend.remove_extra_js_url
        with_card(hass, f"{FILES}/{built}/card-loader.js")
    if not wanted:
        hass.data.pop(_SIDEBAR).stop()
        frontend.async_remove_panel(hass, DOMAIN)
        return
    await panel_custom.async_register_panel(
        hass,
        frontend_url_path=DOMAIN,
        webcomponent_name="bach-panel",
        sidebar_title=TITLE,
        sidebar_icon="mdi:message-fast-outline",
        module_url=f"{FILES}/{built}/panel.js",
        require_admin=True,  # who else may see it, an administrator can say in Home Assistant; each command asks anyway
        config={"version": built},
    )
    hass.data[_SIDEBAR] = SidebarTitle(hass)
