"""The subentry flow for a topic of ntfy: its name is typed, for ntfy tells nobody which there are.

Whoever knows a topic can publish there, so nothing that comes from it has more than the least role (ADR 0041): it is
heard as an event, or not at all.
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
    """Adds a topic, and changes one. No agent answers there: it could not tell whom."""

    can_chat: ClassVar[bool] = False

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name of the topic."""
        return await self.async_step_topic()

    async def async_step_topic(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the name of the topic."""
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
    async def _keep_with_letters(self, recipient: str, user_input: dict[str, Any]) -> SubentryFlowResult:
        muted = {} if user_input[CONF_HEARD] else {CONF_ROLE: Role.NOTIFY_ONLY.value}
        return await super()._keep_with_letters(recipient, {**user_input, **muted})
