"""The panel's title in the sidebar, with the number of messages and alarms that need a person: "BACH (3)".

It is no entity, so no history of it is kept. When a title changes, Home Assistant builds the panel anew in each browser
that shows it: the title stands still while somebody has it open, who sees the number there. Everybody who sees the
panel reads the same title: where an administrator has opened it to people who may not know of all messages, the number
is left out.
"""

import logging
from typing import Final

from homeassistant.components import frontend
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, EVENT_PANELS_UPDATED
from homeassistant.core import Event as HomeEvent
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.debounce import Debouncer

from bach_lib import BachError
from bach_lib.events import Event
from bach_lib.web.alarm_commands import unacknowledged
from custom_components.bach.const import DOMAIN
from custom_components.bach.home.hub import HUB

from .panel_commands import is_panel_open

_LOGGER = logging.getLogger(__name__)

TITLE: Final = "BACH"
PAUSE: Final = 5.0
"""Seconds between two looks: with each new title, all open browsers ask for all panels."""
PATIENCE: Final = 600.0
"""Seconds for which the title stands still at most: a screen on a wall may show the panel for ever."""


class SidebarTitle:
    """Keeps the number up to date, until it is stopped or Home Assistant is."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._held_since: float | None = None
        self._looking = Debouncer(hass, _LOGGER, cooldown=PAUSE, immediate=True, function=self._look)
        self._stop_following = hass.data[HUB].follow(Event, self._changed)
        # somebody may see the panel now who was not to, or no longer
        self._stop_listening = hass.bus.async_listen(EVENT_PANELS_UPDATED, self._changed)
        self._ends_with_home = hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._end)
        self._looking.async_schedule_call()

    @callback
    def stop(self) -> None:
        """Leave the title as it is."""
        if not self._hass.is_stopping:
            self._ends_with_home()
            self._end()

    @callback
    def _end(self, _: HomeEvent | None = None) -> None:
        self._stop_following()
        self._stop_listening()
        self._looking.async_shutdown()

    @callback
    def _changed(self, _: Event | HomeEvent) -> None:
        self._looking.async_schedule_call()

    async def _look(self) -> None:
        try:
            bach = self._hass.data[HUB].bach
            queues, alarms = await bach.queue_status(), await unacknowledged(bach)
        except BachError:  # the disk, or nothing is loaded yet: others tell of that
            return
        title = _title(self._hass, sum(queue.needs_person for queue in queues.values()) + alarms)
        if title is None:
            self._held_since = None
            return
        now = self._hass.loop.time()
        self._held_since = self._held_since or now
        if is_panel_open(self._hass) and now - self._held_since < PATIENCE:
            self._looking.async_schedule_call()  # when the pause is over
            return
        self._held_since = None
        _show(self._hass, title)


@callback
def _title(hass: HomeAssistant, number: int) -> str | None:
    """What it has to be; None: it is so, or there is no panel."""
    if (panel := hass.data[frontend.DATA_PANELS].get(DOMAIN)) is None:
        return None
    chosen = hass.data.get(frontend.DATA_PANELS_CONFIG, {}).get(DOMAIN, {})  # by administrators, in their settings
    is_for_admins = chosen.get("require_admin", panel.require_admin)
    title = f"{TITLE} ({number})" if number and is_for_admins else TITLE
    return title if title != panel.sidebar_title else None


@callback
def _show(hass: HomeAssistant, title: str) -> None:
    panel = hass.data[frontend.DATA_PANELS][DOMAIN]
    frontend.async_register_built_in_panel(
        hass,
        panel.component_name,
        title,
        panel.sidebar_icon,
        frontend_url_path=DOMAIN,
        config=panel.config,
        require_admin=panel.require_admin,
        update=True,
    )
