"""Subentry flow for an ntfy topic, whose name is typed, since ntfy does not list topics.

Whoever knows a topic can publish there, so messages from it never have more than the least role (ADR 0041): they are
announced without a user and any rights, or ignored.
"""

from typing import Any, ClassVar, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.helpers.selector import BooleanSelector

from custom_components.bach.const import CONF_HEARD, CONF_ROLE
from custom_components.bach.home.attribution import Role
from custom_components.bach.home.users import Users

from .recipient import RecipientFlow


class TopicFlow(RecipientFlow):
    """Subentry flow that adds or changes a topic; no agent can answer there, as senders are unknown."""

    can_chat: ClassVar[bool] = False

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Begin with the topic's name."""
        return await self.async_step_topic()

    async def async_step_topic(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the topic's name."""
        return await self._ask("topic", user_input)

    @override
    def _rights(self, users: Users) -> dict[vol.Marker, Any]:
        return {vol.Required(CONF_HEARD, default=True): BooleanSelector()}

    @override
    def _suggest(self, users: Users) -> dict[str, Any]:
        if self.source == SOURCE_USER:
            return {}
        role = self._get_reconfigure_subentry().data.get(CONF_ROLE)
        return {**super()._suggest(users), CONF_HEARD: role != Role.NOTIFY_ONLY}

    @override
    async def _keep_with_dead_letters(self, recipient: str, user_input: dict[str, Any]) -> SubentryFlowResult:
        muted = {} if user_input[CONF_HEARD] else {CONF_ROLE: Role.NOTIFY_ONLY.value}
        return await super()._keep_with_dead_letters(recipient, {**user_input, **muted})
