"""Lists in a repair who still uses what a bot offered before BACH took it over, and what stands there now.

The list is made anew whenever automations or scripts change, and is gone when nobody is left.
"""

import logging
from collections.abc import Mapping
from typing import Final

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import TrackStates, async_track_state_change_filtered
from homeassistant.helpers.start import async_at_started

from custom_components.bach.const import CONF_OLD_NAMES, CONF_TAKEN_FROM, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.language import home_texts
from custom_components.bach.kinds.markdown_escape import escape_markdown, with_escaped

from .configured import CONFIGURED
from .old_uses import Uses, old_uses
from .successors import NOT_NEEDED, successor

_LOGGER = logging.getLogger(__name__)

OLD_USES: Final = "old_uses"
LEARN_MORE: Final = "https://github.com/bach-project/bach/blob/main/docs/taking-over.md"
_MOST: Final = 25
_SECONDS: Final = 2.0
"""A reload changes all automations, one after the other."""


@callback
def async_report_old_uses(hass: HomeAssistant, entry: BachConfigEntry) -> int:
    """Look who still uses it, and say so or be silent; how many there are."""
    if not (origin := entry.data.get(CONF_TAKEN_FROM)):
        return 0
    issue_id = f"{OLD_USES}_{entry.entry_id}"
    if not (found := old_uses(hass, origin, entry.data.get(CONF_OLD_NAMES, ()))):
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return 0
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        learn_more_url=LEARN_MORE,
        severity=ir.IssueSeverity.WARNING,
        translation_key=OLD_USES,
        translation_placeholders=with_escaped({"name": entry.title})
        | {"count": str(len(found)), "uses": "\n".join(_lines(hass, found))},
    )
    return len(found)


@callback
def async_watch_old_uses(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Report it once Home Assistant has started and after every change, until the entry is unloaded."""
    if not entry.data.get(CONF_TAKEN_FROM):
        return

    @callback
    def look(_: HomeAssistant | None = None) -> None:
        async_report_old_uses(hass, entry)

    soon = Debouncer[None](hass, _LOGGER, cooldown=_SECONDS, immediate=False, function=look)

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        states = (event.data["old_state"], event.data["new_state"])
        if any(state is None or state.state == STATE_UNAVAILABLE for state in states):  # loaded or gone; no mere run
            soon.async_schedule_call()

    tracked = async_track_state_change_filtered(hass, TrackStates(False, set(), set(CONFIGURED)), changed)
    entry.async_on_unload(tracked.async_remove)
    entry.async_on_unload(soon.async_shutdown)
    entry.async_on_unload(async_at_started(hass, look))
    entry.async_on_unload(lambda: ir.async_delete_issue(hass, DOMAIN, f"{OLD_USES}_{entry.entry_id}"))


def _lines(hass: HomeAssistant, found: list[Uses]) -> list[str]:
    texts = home_texts(hass)
    words = {None: texts["no_successor"], NOT_NEEDED: texts["not_needed"]}
    lines = [f"- **{escape_markdown(one.name)}** (`{one.entity_id}`): {_changes(one, words)}" for one in found[:_MOST]]
    return [*lines, *([f"- … (+{len(found) - _MOST})"] if len(found) > _MOST else [])]


def _changes(uses: Uses, words: Mapping[str | None, str]) -> str:
    pairs = ((old, successor(old)) for old in uses.old)
    return ", ".join(f"`{old}` → {words.get(new, f'`{new}`')}" for old, new in pairs)
