"""Subentry flow for a recipient on Signal: a group of the account, somebody who writes, or a typed number.

The account's groups can be listed; people cannot, so they write first or their number is typed.
"""

from typing import Any, ClassVar, override

from homeassistant.config_entries import SubentryFlowResult

from .finding import FindingRecipientFlow


class SignalRecipientFlow(FindingRecipientFlow):
    """Subentry flow that adds or changes a group or a person."""

    waiting_for: ClassVar[str] = "wait_for_signal"

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the menu of ways to find the recipient."""
        return self.async_show_menu(step_id="user", menu_options=["pair", "group", "manual"])

    async def async_step_group(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among the groups that the account is a member of."""
        if user_input is not None:
            return await self._create_candidate(user_input)
        found = await self._find()
        return await self._offer("group", found) if found else await self.async_step_no_group()

    async def async_step_no_group(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say that the account is in no group yet."""
        return self.async_show_menu(
            step_id="no_group", menu_options=["group", "pair", "manual"], description_placeholders=self._invitation()
        )
