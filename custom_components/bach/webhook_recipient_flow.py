"""Adding a recipient of a webhook: whoever posts appears in a list, or its name is typed."""

from typing import Any, ClassVar, override

from homeassistant.config_entries import SubentryFlowResult

from .recipient_flow import RecipientFlow


class HookRecipientFlow(RecipientFlow):
    """Adds somebody who posts, or a name to send to."""

    waiting_for: ClassVar[str] = "wait_for_post"

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Choose how to find the recipient."""
        return self.async_show_menu(step_id="user", menu_options=["pair", "hook"])

    @override
    async def async_step_nobody(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Nobody posted: choose what to do."""
        return self.async_show_menu(step_id="nobody", menu_options=["pair", "hook"])

    async def async_step_hook(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name."""
        return await self._ask("hook", user_input)


class MuteHookRecipientFlow(HookRecipientFlow):
    """Adds a name to send to, where nobody can post."""

    is_heard = False

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name."""
        return await self.async_step_hook(user_input)
