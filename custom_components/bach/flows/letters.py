"""The steps about dead letters that follow a change of a recipient's address, and the base of all such dialogs."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.helpers import issue_registry as ir

from bach_lib import Bach
from custom_components.bach.const import CONF_RECIPIENT
from custom_components.bach.home.entry import connection_name, recipient_unique_id
from custom_components.bach.home.hub import HUB


class LettersFlow(RepairsFlow):
    """A dialog about messages of one connection."""

    def __init__(self, entry_id: str) -> None:
        self._entry_id = entry_id

    def _menu(self, *options: str) -> RepairsFlowResult:
        return self.async_show_menu(
            step_id="init", menu_options=list(options), description_placeholders=self._placeholders()
        )

    def _placeholders(self) -> dict[str, str]:
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        return dict(issue.translation_placeholders or {}) if issue else {}

    def _find(self) -> tuple[Bach, str] | None:
        """BACH and the connection's name, if it is there."""
        entry = self.hass.config_entries.async_get_entry(self._entry_id)
        hub = self.hass.data[HUB]
        if entry is None or not hub.has(connection_name(entry)):
            return None
        return hub.bach, connection_name(entry)


class LettersSteps(ConfigSubentryFlow):
    """The steps that follow when a recipient has a new address, to which dead letters have followed."""

    def __init__(self) -> None:
        self._moved_to: str | None = None
        self._dead = 0

    def _is_new(self, recipient: str) -> bool:
        """Whether nobody has added this address."""
        unique_id = recipient_unique_id(recipient)
        return all(subentry.unique_id != unique_id for subentry in self._get_entry().subentries.values())

    def _taken(self, recipient: str, field: str) -> dict[str, str]:
        """That somebody else has this address, at its field: an end of the dialog would take along what was typed."""
        is_own = self.source != SOURCE_USER and self._get_reconfigure_subentry().data[CONF_RECIPIENT] == recipient
        return {} if is_own or self._is_new(recipient) else {field: "recipient_taken"}

    async def async_step_letters(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask what to do with dead letters that have followed to a new address."""
        return self.async_show_menu(
            step_id="letters",
            menu_options=["letters_send", "letters_keep", "letters_discard"],
            description_placeholders={"count": str(self._dead), "recipient": self._moved_to or ""},
        )

    async def async_step_letters_send(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Send the dead letters to the new address."""
        async with self.hass.data[HUB].hold() as bach:
            await bach.retry_all(connection_name(self._get_entry()), recipient=self._moved_to)
        return self.async_abort(reason="reconfigure_successful")

    async def async_step_letters_keep(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Leave them for later."""
        return self.async_abort(reason="reconfigure_successful")

    async def async_step_letters_discard(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Give them up."""
        async with self.hass.data[HUB].hold() as bach:
            await bach.discard_all(connection_name(self._get_entry()), recipient=self._moved_to)
        return self.async_abort(reason="reconfigure_successful")
