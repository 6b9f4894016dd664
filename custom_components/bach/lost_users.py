"""Tells when somebody is not heard any more because the Home Assistant user behind them is gone.

That is as it should be, but it must not look as if messages got lost.
"""

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import CONF_USER_ID, DOMAIN
from .coordinator import BachConfigEntry
from .users import USERS


@callback
def async_watch_users(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Report everybody of the entry without rights for that reason, until the entry is unloaded."""
    users = hass.data[USERS]
    people = [subentry for subentry in entry.subentries.values() if subentry.data.get(CONF_USER_ID)]

    @callback
    def look() -> None:
        for subentry in people:
            if users.active(subentry.data[CONF_USER_ID]):
                ir.async_delete_issue(hass, DOMAIN, _issue_id(subentry))
            else:
                _report(hass, entry, subentry)

    @callback
    def forget() -> None:
        for subentry in people:
            ir.async_delete_issue(hass, DOMAIN, _issue_id(subentry))

    entry.async_on_unload(users.subscribe(look))
    entry.async_on_unload(forget)
    look()


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
        translation_placeholders={"person": subentry.title, "name": entry.title},
    )
