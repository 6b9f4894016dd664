"""Base of subentry flows whose recipients the platform can list (channels, groups).

Picking from a list is safer than typing an id.
"""

from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState, SubentryFlowResult
from homeassistant.data_entry_flow import AbortFlow

from bach_lib import Candidate, Fault
from custom_components.bach.const import CONF_KIND, CONF_LINK, CONF_RECIPIENT
from custom_components.bach.coordinator import BachCoordinator
from custom_components.bach.home.language import in_home_language
from custom_components.bach.home.users import async_get_users
from custom_components.bach.kinds.form_fields import drop_down, labelled
from custom_components.bach.kinds.markdown_escape import escape_links, with_escaped

from .recipient import RecipientFlow
from .role_fields import rights_values


class FindingRecipientFlow(RecipientFlow):
    """Subentry flow that looks up recipients on the platform and offers them in a list."""

    async def _find(self, query: str = "") -> list[Candidate]:
        """Look up recipients. Raises `AbortFlow` if the platform cannot be asked."""
        entry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            raise AbortFlow("entry_not_loaded")
        coordinator: BachCoordinator = entry.runtime_data
        found = await coordinator.bach.find(coordinator.connection, query)
        if isinstance(found, Fault):
            raise AbortFlow("cannot_look", {"reason": escape_links(in_home_language(self.hass, found.text))})
        return found

    async def _offer(self, step_id: str, found: list[Candidate]) -> SubentryFlowResult:
        self._candidates = {candidate.recipient: candidate for candidate in found}
        selector = drop_down(labelled({candidate.recipient: candidate.title for candidate in found}))
        fields = self._rights(await async_get_users(self.hass)) | self._hello_box()
        return self.async_show_form(
            step_id=step_id,
            data_schema=vol.Schema({vol.Required(CONF_RECIPIENT): selector, **fields}),
            description_placeholders=self._invitation(),
        )

    async def _create_candidate(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        candidate = self._candidates[user_input[CONF_RECIPIENT]]
        found = {CONF_KIND: candidate.kind, **rights_values(user_input)}
        return await self._create(candidate.recipient, candidate.title, found, user_input)

    def _invitation(self) -> dict[str, str]:
        entry = self._get_entry()
        return with_escaped({"name": entry.title, "link": entry.data.get(CONF_LINK) or ""})
