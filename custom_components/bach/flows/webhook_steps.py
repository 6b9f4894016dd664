"""Config flow steps of webhooks, which need no account; missing secrets are generated.

After saving they show what to copy to the other side.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigFlow, ConfigFlowResult

from bach_lib import Identity
from custom_components.bach.const import CONF_URL, TYPE_WEBHOOK
from custom_components.bach.coordinator import BachConfigEntry
from custom_components.bach.kinds.markdown_escape import with_escaped
from custom_components.bach.kinds.settings import stored
from custom_components.bach.kinds.webhook import WEBHOOK, is_same_address, receives

from .webhook_forms import whole
from .webhook_page import copy_schema, to_copy


class WebhookSteps(ConfigFlow, ABC):
    """Mixin with the steps that add, change and show a webhook."""

    def __init__(self) -> None:
        super().__init__()
        self._is_changed = False

    async def async_step_webhook(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu: receive, send, or both."""
        return self.async_show_menu(step_id="webhook", menu_options=["hook_take", "hook_send", "hook_both"])

    async def async_step_hook_take(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how posts are authenticated."""
        return await self._ask(TYPE_WEBHOOK, "hook_take", whole(user_input))

    async def async_step_hook_send(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address to send to."""
        return await self._ask(TYPE_WEBHOOK, "hook_send", whole(user_input))

    async def async_step_hook_both(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address to send to, and how posts are authenticated."""
        return await self._ask(TYPE_WEBHOOK, "hook_both", whole(user_input))

    async def async_step_change_webhook(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for all settings; empty secrets stay as they are."""
        return await self._ask(TYPE_WEBHOOK, "change_webhook", user_input)

    async def async_step_webhook_refused(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for another address or other credentials, as the address refused ours."""
        return await self._ask(TYPE_WEBHOOK, "webhook_refused", user_input)

    async def async_step_manage_webhook(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer to show what to copy, or to change the settings."""
        return self.async_show_menu(
            step_id="manage_webhook",
            menu_options=["post_here", "change_webhook"],
            description_placeholders=with_escaped({"name": self._entry().title}),
        )

    async def async_step_post_here(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what to copy, of an entry that is saved already."""
        entry = self._entry()
        if user_input is not None:
            return self.async_update_and_abort(entry) if self._is_changed else self.async_abort(reason="shown")
        return self.async_show_form(
            step_id="post_here",
            data_schema=copy_schema(to_copy(self.hass, entry)),
            description_placeholders=with_escaped({"name": entry.title}),
        )

    @abstractmethod
    async def _ask(self, type_: str, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show the form until its input works, then save it."""

    @abstractmethod
    def _create(self, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        """Create the entry."""

    @abstractmethod
    def _entry(self) -> BachConfigEntry:
        """The entry that the flow changes."""

    async def _keep_webhook(
        self, data: dict[str, Any], identity: Identity, secrets: Mapping[str, str]
    ) -> ConfigFlowResult:
        """Save a webhook, unless another entry sends to the same address; then show what to copy."""
        own = None if self.source == SOURCE_USER else self._entry()
        if any(entry is not own and is_same_address(entry, data) for entry in self._async_current_entries()):
            return self.async_abort(reason="already_configured")
        identity = identity if CONF_URL in data else replace(identity, name=WEBHOOK.model)
        if self.source == SOURCE_USER:
            return self._create(data, identity)
        if not secrets and (not receives(data) or self.source == SOURCE_REAUTH):
            return self.async_update_and_abort(self._entry(), **stored(data, self._entry().options))
        self.hass.config_entries.async_update_entry(
            self._entry(), **stored(data, self._entry().options)
        )  # whoever closes the page has it changed
        self._is_changed = True
        return await self.async_step_post_here()
