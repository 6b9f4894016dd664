"""Keeps an issue for each sub-entry that leans on somebody whom Home Assistant does not know any more.

A user who was removed or deactivated: their messages have no rights any more, which is right, but must not look as if
they got lost. A person who was removed: a route that tells only them would be over with nobody told, and that would be
noticed in the night of the alarm.
"""

from collections.abc import Callable

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import (
    async_track_state_added_domain,
    async_track_state_removed_domain,
)
from homeassistant.helpers.start import async_at_started

from custom_components.bach.const import CONF_PERSON, CONF_USER_ID, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.persons import PERSON, person_of
from custom_components.bach.home.recipient_subentries import is_people
from custom_components.bach.home.users import USERS
from custom_components.bach.home.whom import Who, who_of
from custom_components.bach.kinds.markdown_escape import with_escaped

from .recipients import async_follow_subentries


@callback
def async_watch_lost(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Keep an issue for each recipient whose user or person is gone, until the entry is unloaded."""
    _watch_users(hass, entry)
    _watch_persons(hass, entry)


def _watch_users(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Users may be inactive, too."""
    users = hass.data[USERS]

    def is_lost(one: ConfigSubentry) -> bool:
        user_id = one.data.get(CONF_USER_ID)
        return bool(user_id) and not users.active(user_id)

    entry.async_on_unload(users.subscribe(_keep_issues(hass, entry, "lost_user", is_lost)))


def _watch_persons(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Before Home Assistant has started, nobody is missed."""

    def is_lost(one: ConfigSubentry) -> bool:
        is_a_person = is_people(one) and who_of(one.data) is Who.PERSON
        has_started = hass.state is CoreState.running  # `is_running` is true while it starts, too
        return has_started and is_a_person and person_of(hass, one.data.get(CONF_PERSON, "")) is None

    look = _keep_issues(hass, entry, "lost_person", is_lost)
    entry.async_on_unload(async_track_state_added_domain(hass, PERSON, look))
    entry.async_on_unload(async_track_state_removed_domain(hass, PERSON, look))
    entry.async_on_unload(async_at_started(hass, look))


def _keep_issues(
    hass: HomeAssistant, entry: BachConfigEntry, key: str, is_lost: Callable[[ConfigSubentry], bool]
) -> Callable[..., None]:
    """Keep an issue for each that is lost until the entry is unloaded. Returns what looks again."""
    reported = set[str]()

    @callback
    def look(*_: object) -> None:
        lost = {f"{key}_{one.subentry_id}": one for one in entry.subentries.values() if is_lost(one)}
        take_back(reported - lost.keys())
        for issue_id, one in lost.items():
            reported.add(issue_id)
            ir.async_create_issue(
                hass,
                DOMAIN,
                issue_id,
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key=key,
                translation_placeholders=with_escaped({"person": one.title, "name": entry.title}),
            )

    @callback
    def take_back(issues: set[str]) -> None:
        for issue in issues:
            ir.async_delete_issue(hass, DOMAIN, issue)
        reported.difference_update(issues)

    entry.async_on_unload(lambda: take_back(reported.copy()))
    async_follow_subentries(hass, entry, look)
    return look
