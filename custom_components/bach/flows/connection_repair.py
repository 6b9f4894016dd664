"""Base class of the repair flows about the messages of one connection.

Each of them needs the connection behind the issue, and the same first page: a menu with the issue's own placeholders.
"""

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.helpers import issue_registry as ir

from bach_lib import Bach, BachError
from custom_components.bach.home.entry import connection_name
from custom_components.bach.home.hub import HUB
from custom_components.bach.home.language import in_home_language
from custom_components.bach.kinds.markdown_escape import escape_links


class ConnectionRepairFlow(RepairsFlow):
    """A repair flow about messages of the connection of one config entry."""

    def __init__(self, entry_id: str) -> None:
        self._entry_id = entry_id

    def _menu(self, *options: str) -> RepairsFlowResult:
        return self.async_show_menu(
            step_id="init", menu_options=list(options), description_placeholders=self._placeholders()
        )

    def _placeholders(self) -> dict[str, str]:
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        return dict(issue.translation_placeholders or {}) if issue else {}

    def _refused(self, error: BachError, reason: str = "refused") -> RepairsFlowResult:
        """End with the sentence of an error, as of a disk that is full; Home Assistant would say "unknown error"."""
        return self.async_abort(
            reason=reason,
            description_placeholders={"reason": escape_links(in_home_language(self.hass, error.sentence))},
        )

    def _find(self) -> tuple[Bach, str] | None:
        """The open BACH and the connection's name in it; None if BACH is closed or does not know the connection."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        hub = self.hass.data[HUB]
        if entry is None or not hub.has(connection_name(entry)):
            return None
        return hub.bach, connection_name(entry)
