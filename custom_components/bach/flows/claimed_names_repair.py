"""Issue and fix flow for unauthenticated webhook senders that still have a role or a user.

Older versions gave them to every recipient of a webhook. Now only senders with a secret of their own have them, and
that must be said: commands would just stop working.
"""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from custom_components.bach.const import (
    CONF_OWN_SECRET,
    CONF_ROLE,
    CONF_USER_ID,
    DOMAIN,
    SUBENTRY_RECIPIENT,
    TYPE_WEBHOOK,
)
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.attribution import Role
from custom_components.bach.kinds.markdown_escape import with_escaped
from custom_components.bach.kinds.webhook import receives
from custom_components.bach.lifecycle.recipients import async_follow_subentries

from .confirmed_repair import ConfirmedRepairFlow
from .role_fields import without_rights

CLAIMED_NAMES: Final = "claimed_names_"


@callback
def async_watch_claims(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Keep the issue for an entry until it is unloaded."""
    if entry.data.get(CONF_TYPE) != TYPE_WEBHOOK:
        return
    issue = f"{CLAIMED_NAMES}{entry.entry_id}"

    @callback
    def look() -> None:
        names = [one.title for one in _too_much(entry)] if receives(entry.data) else []
        if not names:
            ir.async_delete_issue(hass, DOMAIN, issue)
            return
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue,
            data={"entry_id": entry.entry_id},
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="claimed_names",
            translation_placeholders=with_escaped({"name": entry.title, "recipient": ", ".join(names)}),
        )

    async_follow_subentries(hass, entry, look)
    entry.async_on_unload(lambda: ir.async_delete_issue(hass, DOMAIN, issue))


def _too_much(entry: BachConfigEntry) -> list[ConfigSubentry]:
    """The recipients with a role or user, but without a secret of their own."""
    return [
        one
        for one in entry.subentries.values()
        if one.subentry_type == SUBENTRY_RECIPIENT and not one.data.get(CONF_OWN_SECRET) and _has_rights(one.data)
    ]


def _has_rights(data: Mapping[str, Any]) -> bool:
    return data.get(CONF_ROLE, Role.NOTIFY_ONLY) != Role.NOTIFY_ONLY or bool(data.get(CONF_USER_ID))


class ClaimedNamesFlow(ConfirmedRepairFlow[list[ConfigSubentry]]):
    """Fix flow that removes role and user from these recipients."""

    @override
    def find(self, entry: BachConfigEntry) -> list[ConfigSubentry]:
        return _too_much(entry)

    @override
    def words(self, entry: BachConfigEntry, found: list[ConfigSubentry]) -> dict[str, str]:
        return with_escaped({"name": entry.title, "recipient": ", ".join(one.title for one in found)})

    @override
    async def work(self, entry: BachConfigEntry, found: list[ConfigSubentry]) -> None:
        for one in found:
            self.hass.config_entries.async_update_subentry(entry, one, data=without_rights(one.data))
