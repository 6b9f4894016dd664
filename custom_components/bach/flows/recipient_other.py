"""Subentry flows for a recipient of another package's connector: whoever writes is picked, or an address is typed.

What such an address looks like, the connector says.
"""

from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigEntryState, SubentryFlowResult

from .recipient import RecipientFlow


class OtherRecipientFlow(RecipientFlow):
    """Subentry flow that adds or changes a recipient; without the package nobody knows what an address is."""

    @override
    async def async_step_manual(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for an address that the user knows."""
        return self._closed() or await super().async_step_manual(user_input)

    @override
    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change address, name and role."""
        return self._closed() or await super().async_step_reconfigure(user_input)

    def _closed(self) -> SubentryFlowResult | None:
        is_loaded = self._get_entry().state is ConfigEntryState.LOADED
        return None if is_loaded else self.async_abort(reason="entry_not_loaded")


class MuteOtherRecipientFlow(OtherRecipientFlow):
    """Subentry flow for a connector that only sends."""

    is_heard: ClassVar[bool] = False
    can_chat: ClassVar[bool] = False

    @override
    async def async_step_user(self, _: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Begin with the address."""
        return await self.async_step_manual()
