"""Subentry flow for a recipient on Discord: a channel or thread the bot sees, or a person by name.

Also the one for a thread of a Discord webhook's channel.
"""

from typing import Any, Final, override

import voluptuous as vol
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.selector import TextSelector

from .finding import FindingRecipientFlow
from .recipient import RecipientFlow

CONF_NAME: Final = "name"
_PERSON_SCHEMA: Final = vol.Schema({vol.Required(CONF_NAME): TextSelector()})


class DiscordRecipientFlow(FindingRecipientFlow):
    """Subentry flow that adds or changes a channel, a thread or a person."""

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the menu: channel, person, or id."""
        return self.async_show_menu(step_id="user", menu_options=["place", "person", "manual"])

    async def async_step_place(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among the channels and threads that the bot sees."""
        if user_input is not None:
            return await self._create_candidate(user_input)
        found = await self._find()
        return await self._offer("place", found) if found else await self.async_step_nowhere()

    async def async_step_nowhere(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say that the bot sees no channel and has to be invited."""
        return self.async_show_menu(
            step_id="nowhere", menu_options=["place", "manual"], description_placeholders=self._invitation()
        )

    async def async_step_person(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the beginning of a name, and look it up."""
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await self._find(user_input[CONF_NAME].strip())
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
        """Choose among the people found."""
        if user_input is None:
            return await self.async_step_person()
        return await self._create_candidate(user_input)


class WebhookRecipientFlow(RecipientFlow):
    """Subentry flow that adds a thread of a webhook's channel; the channel itself is there from the beginning."""

    is_heard = False

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the thread's id."""
        return await self.async_step_manual(user_input)
