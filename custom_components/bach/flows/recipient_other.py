"""Subentry flows for a recipient of another package's connector: picked from who writes or is found, or typed.

Whether its platform can be asked whom it knows, and what an address looks like, the connector says.
"""

from typing import Any, ClassVar, Final, override

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState, SubentryFlowResult
from homeassistant.const import CONF_TYPE
from homeassistant.helpers.selector import TextSelector

from bach_lib import BachError, Candidate
from bach_lib.connectors import Connectors
from bach_lib.errors import InvalidRecipientError

from .finding import FindingRecipientFlow

CONF_NAME: Final = "name"
_NAME_SCHEMA: Final = vol.Schema({vol.Optional(CONF_NAME): TextSelector()})
_MAX_OPTIONS: Final = 500


class OtherRecipientFlow(FindingRecipientFlow):
    """Subentry flow that adds or changes a recipient; without the package nobody knows what an address is."""

    @override
    async def async_step_user(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the menu of ways to find the recipient, unless there is only one."""
        pairs, looks = ["pair"] if self.is_heard else [], ["look_up"] if await self._can_look() else []
        if not pairs and not looks:
            return await self.async_step_manual()
        return self.async_show_menu(step_id="user", menu_options=[*pairs, *looks, "manual"])

    async def async_step_look_up(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the beginning of a name, and look it up; without one, everything that the platform tells of."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if found := await self._new_ones(user_input.get(CONF_NAME, "").strip()):
                return await self._offer("pick_found", found)
            errors[CONF_NAME] = "nothing_found"
        return self.async_show_form(
            step_id="look_up",
            data_schema=self.add_suggested_values_to_schema(_NAME_SCHEMA, user_input),
            errors=errors,
            description_placeholders=self._invitation(),
        )

    async def async_step_pick_found(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among what was found."""
        if user_input is None:
            return await self.async_step_look_up()
        return await self._create_candidate(user_input)

    @override
    async def async_step_manual(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for an address that the user knows."""
        return self._closed() or await super().async_step_manual(user_input)

    @override
    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change address, name and role."""
        return self._closed() or await super().async_step_reconfigure(user_input)

    async def _can_look(self) -> bool:
        """Whether the connector says that its platform can be asked; without the package it says nothing."""
        try:
            connector = await Connectors().load(self._get_entry().data[CONF_TYPE])
        except BachError:
            return False
        return connector.capabilities.finds_recipients

    async def _new_ones(self, query: str) -> list[Candidate]:
        """What the platform tells of, in the normal form of its address, and is no recipient yet."""
        found: list[Candidate] = []
        for one in (await self._find(query))[:_MAX_OPTIONS]:
            try:
                recipient = await self._normalize(one.recipient)
            except InvalidRecipientError:  # of the connector's own telling: nobody could write there
                continue
            if self._is_new(recipient):
                found.append(Candidate(recipient=recipient, title=one.title or recipient, kind=one.kind))
        return found

    def _closed(self) -> SubentryFlowResult | None:
        is_loaded = self._get_entry().state is ConfigEntryState.LOADED
        return None if is_loaded else self.async_abort(reason="entry_not_loaded")


class MuteOtherRecipientFlow(OtherRecipientFlow):
    """Subentry flow for a connector that only sends."""

    is_heard: ClassVar[bool] = False
    can_chat: ClassVar[bool] = False
