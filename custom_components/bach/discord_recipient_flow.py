"""Adding a recipient on Discord: the bot tells which channels and threads it sees, and finds people by their names."""

from typing import Any, Final, override

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState, SubentryFlowResult
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from bach_lib import Candidate, Fault

from .const import CONF_KIND, CONF_LINK, CONF_RECIPIENT
from .coordinator import BachCoordinator
from .recipient_flow import RecipientFlow
from .rights import rights_schema, rights_values
from .users import async_get_users

CONF_NAME: Final = "name"
_PERSON_SCHEMA: Final = vol.Schema({vol.Required(CONF_NAME): TextSelector()})


class DiscordRecipientFlow(RecipientFlow):
    """Adds a channel, a thread or a person, and changes one."""

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose what the recipient is."""
        return self.async_show_menu(step_id="user", menu_options=["place", "person", "manual"])

    async def async_step_place(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among the channels and threads that the bot sees."""
        if user_input is not None:
            return self._create_candidate(user_input)
        found = await self._find("")
        if isinstance(found, str):
            return self.async_abort(reason=found)
        if isinstance(found, Fault):
            return self.async_abort(reason="cannot_look", description_placeholders={"reason": found.text})
        if not found:
            return await self.async_step_nowhere()
        return await self._offer("place", found)

    async def async_step_nowhere(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:  # noqa: ARG002
        """The bot sees nothing: it has to be invited first."""
        return self.async_show_menu(
            step_id="nowhere", menu_options=["place", "manual"], description_placeholders=self._invitation()
        )

    async def async_step_person(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the beginning of a person's name."""
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await self._find(user_input[CONF_NAME].strip())
            if isinstance(found, str):
                return self.async_abort(reason=found)
            if isinstance(found, Fault):
                return self.async_abort(reason="cannot_look", description_placeholders={"reason": found.text})
            if found and user_input[CONF_NAME].strip():
                return await self._offer("pick_person", found)
            errors[CONF_NAME] = "nobody_found"
        return self.async_show_form(
            step_id="person",
            data_schema=self.add_suggested_values_to_schema(_PERSON_SCHEMA, user_input),
            errors=errors,
            description_placeholders=self._invitation(),
        )

    async def async_step_pick_person(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among the people of that name."""
        if user_input is None:
            return await self.async_step_person()
        return self._create_candidate(user_input)

    async def _find(self, query: str) -> list[Candidate] | Fault | str:
        """What the platform tells, or the reason why it cannot be asked."""
        entry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return "entry_not_loaded"
        coordinator: BachCoordinator = entry.runtime_data
        return await coordinator.bach.find(coordinator.connection, query)

    async def _offer(self, step_id: str, found: list[Candidate]) -> SubentryFlowResult:
        self._candidates = {candidate.recipient: candidate for candidate in found}
        options = [SelectOptionDict(value=candidate.recipient, label=candidate.title) for candidate in found]
        selector = SelectSelector(SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN))
        rights = rights_schema(await async_get_users(self.hass))
        return self.async_show_form(
            step_id=step_id,
            data_schema=vol.Schema({vol.Required(CONF_RECIPIENT): selector, **rights}),
            description_placeholders=self._invitation(),
        )

    def _create_candidate(self, user_input: dict[str, Any]) -> SubentryFlowResult:
        candidate = self._candidates[user_input[CONF_RECIPIENT]]
        found = {CONF_KIND: candidate.kind, **rights_values(user_input)}
        return self._create(candidate.recipient, candidate.title, found)

    def _invitation(self) -> dict[str, str]:
        entry = self._get_entry()
        return {"name": entry.title, "link": entry.data.get(CONF_LINK) or ""}


class WebhookRecipientFlow(RecipientFlow):
    """Adds a thread of a webhook's channel. The channel itself is there from the beginning."""

    is_heard = False

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the thread."""
        return await self.async_step_manual(user_input)
