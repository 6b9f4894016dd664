"""Looks after connections of other packages: is the connector there, and does it still receive?

A package may be removed, break with an update, or come later than BACH, as when another integration brings it. Then
the connection waits, is tried again, and an issue says for what; nothing of it is lost.
"""

from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady
from homeassistant.helpers import issue_registry as ir

from bach_lib import BachError
from bach_lib.errors import UnknownTypeError
from custom_components.bach.const import CONF_PACKAGE, CONF_RECEIVES, DOMAIN
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.markdown_escape import escape_links, with_escaped
from custom_components.bach.kinds.others import async_other_kind, is_other

MISSING: Final = "missing_connector"
BROKEN: Final = "broken_connector"
_WAITING: Final = (ConfigEntryState.SETUP_IN_PROGRESS, ConfigEntryState.SETUP_RETRY)


async def async_require_connector(hass: HomeAssistant, entry: BachConfigEntry) -> None:
    """Import the connector of another package's type. Raises `ConfigEntryNotReady` if that cannot be."""
    if not is_other(entry.data):
        return
    try:
        kind = await async_other_kind(entry.data[CONF_TYPE])
    except BachError as error:
        key = MISSING if isinstance(error, UnknownTypeError) else BROKEN
        words = {"package": entry.data[CONF_PACKAGE], "reason": in_home_language(hass, error.sentence)}
        _report(hass, entry, key, words)
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN, translation_key=key, translation_placeholders=words
        ) from error
    if kind.receives != entry.data[CONF_RECEIVES]:  # another version of the package
        hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_RECEIVES: kind.receives})


@callback
def _report(hass: HomeAssistant, entry: BachConfigEntry, key: str, words: dict[str, str]) -> None:
    """Keep an issue until the entry leaves its failed set-up."""
    issue_id = f"{MISSING}_{entry.entry_id}"
    known = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=key,
        translation_placeholders=with_escaped(
            {"name": entry.title, **{word: escape_links(text) for word, text in words.items()}}
        ),
    )
    if known and known.active:  # somebody watches already
        return

    @callback
    def changed() -> None:
        if entry.state not in _WAITING:
            stop()
            ir.async_delete_issue(hass, DOMAIN, issue_id)

    stop = entry.async_on_state_change(changed)
