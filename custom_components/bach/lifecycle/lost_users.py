"""Keeps an issue for each recipient or person whose Home Assistant user was removed or deactivated.

They have no rights any more, which is right, but it must not look as if their messages got lost.
"""

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from custom_components.bach.const import CONF_USER_ID, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.users import USERS
from custom_components.bach.kinds.markdown_escape import with_escaped

from .recipients import async_follow_subentries


@callback
def async_watch_users(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Keep these issues for an entry until it is unloaded."""
    users = hass.data[USERS]
    reported = set[str]()

    @callback
    def look() -> None:
        people = [subentry for subentry in entry.subentries.values() if subentry.data.get(CONF_USER_ID)]
        lost = [subentry for subentry in people if not users.active(subentry.data[CONF_USER_ID])]
        take_back(reported - {_issue_id(subentry) for subentry in lost})
        for subentry in lost:
            reported.add(_issue_id(subentry))
            _report(hass, entry, subentry)

    @callback
    def take_back(issues: set[str]) -> None:
        for issue in issues:
            ir.async_delete_issue(hass, DOMAIN, issue)
        reported.difference_update(issues)

    entry.async_on_unload(users.subscribe(look))
    entry.async_on_unload(lambda: take_back(reported.copy()))
    async_follow_subentries(hass, entry, look)


def _issue_id(subentry: ConfigSubentry) -> str:
    return f"lost_user_{subentry.subentry_id}"


def _report(hass: HomeAssistant, entry: BachConfigEntry, subentry: ConfigSubentry) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(subentry),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="lost_user",
        translation_placeholders=with_escaped({"person": subentry.title, "name": entry.title}),
    )
