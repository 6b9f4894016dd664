"""The subentry flow for a recipient on Signal: a group is picked, a person writes, or a number is typed."""

from typing import Any, ClassVar, override

from homeassistant.config_entries import SubentryFlowResult

from .finding import FindingRecipientFlow


class SignalRecipientFlow(FindingRecipientFlow):
    """Adds a group or a person, and changes one."""

    waiting_for: ClassVar[str] = "wait_for_signal"

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose how to find the recipient."""
        return self.async_show_menu(step_id="user", menu_options=["pair", "group", "manual"])

    async def async_step_group(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose among the groups that the account is in."""
        if user_input is not None:
            return await self._create_candidate(user_input)
        found = await self._find()
        return await self._offer("group", found) if found else await self.async_step_no_group()

    async def async_step_no_group(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Somebody has to let the account into a group first."""
        return self.async_show_menu(
            step_id="no_group", menu_options=["group", "pair", "manual"], description_placeholders=self._invitation()
        )
