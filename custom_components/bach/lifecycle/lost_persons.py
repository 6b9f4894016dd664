"""Keeps an issue for each person who was removed from Home Assistant and is told by nobody since.

A route that tells only them would be over with nobody told, and that would be noticed in the night of the alarm.
"""

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import (
    async_track_state_added_domain,
    async_track_state_removed_domain,
)
from homeassistant.helpers.start import async_at_started

from custom_components.bach.const import CONF_PERSON, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.persons import PERSON, person_of
from custom_components.bach.home.recipient_subentries import people_subentries
from custom_components.bach.home.whom import Who, who_of
from custom_components.bach.kinds.markdown_escape import with_escaped

from .recipients import async_follow_subentries


@callback
def async_watch_persons(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Keep these issues for an entry until it is unloaded. Before Home Assistant has started, nobody is missed."""
    reported = set[str]()

    @callback
    def look(*_: object) -> None:
        lost = [one for one in people_subentries(entry) if hass.is_running and _is_lost(hass, one)]
        take_back(reported - {_issue_id(one) for one in lost})
        for one in lost:
            reported.add(_issue_id(one))
            ir.async_create_issue(
                hass,
                DOMAIN,
                _issue_id(one),
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key="lost_person",
                translation_placeholders=with_escaped({"person": one.title, "name": entry.title}),
            )

    @callback
    def take_back(issues: set[str]) -> None:
        for issue in issues:
            ir.async_delete_issue(hass, DOMAIN, issue)
        reported.difference_update(issues)

    entry.async_on_unload(async_track_state_added_domain(hass, PERSON, look))
    entry.async_on_unload(async_track_state_removed_domain(hass, PERSON, look))
    entry.async_on_unload(async_at_started(hass, look))
    entry.async_on_unload(lambda: take_back(reported.copy()))
    async_follow_subentries(hass, entry, look)


def _is_lost(hass: HomeAssistant, people: ConfigSubentry) -> bool:
    return who_of(people.data) is Who.PERSON and person_of(hass, people.data.get(CONF_PERSON, "")) is None


def _issue_id(people: ConfigSubentry) -> str:
    return f"lost_person_{people.subentry_id}"
