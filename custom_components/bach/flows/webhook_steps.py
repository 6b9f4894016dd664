"""The config flow steps of webhooks: nothing must be given, and secrets are generated."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigEntry, ConfigFlow, ConfigFlowResult

from bach_lib import Identity
from custom_components.bach.const import CONF_URL, TYPE_WEBHOOK
from custom_components.bach.kinds.webhook import WEBHOOK, is_same_address, receives

from .webhook_forms import whole
from .webhook_page import copy_schema, to_copy


class WebhookSteps(ConfigFlow, ABC):
    """Asks, and shows what a person takes to the other side, which is kept by then."""

    def __init__(self) -> None:
        self._is_changed = False

    async def async_step_webhook(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose what it is for."""
        return self.async_show_menu(step_id="webhook", menu_options=["hook_take", "hook_send", "hook_both"])

    async def async_step_hook_take(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask who may post."""
        return await self._ask(TYPE_WEBHOOK, "hook_take", whole(user_input))

    async def async_step_hook_send(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where to send to."""
        return await self._ask(TYPE_WEBHOOK, "hook_send", whole(user_input))

    async def async_step_hook_both(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where to send to, and who may post."""
        return await self._ask(TYPE_WEBHOOK, "hook_both", whole(user_input))

    async def async_step_change_webhook(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for everything that a webhook may have; secrets may stay."""
        return await self._ask(TYPE_WEBHOOK, "change_webhook", user_input)

    async def async_step_webhook_refused(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """The address refuses us: ask for another one, or for other credentials."""
        return await self._ask(TYPE_WEBHOOK, "webhook_refused", user_input)

    async def async_step_manage_webhook(self, _: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Choose whether to look or to change."""
        return self.async_show_menu(
            step_id="manage_webhook",
            menu_options=["post_here", "change_webhook"],
            description_placeholders={"name": self._entry().title},
        )

    async def async_step_post_here(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what the other side needs, of an entry that is kept already."""
        entry = self._entry()
        if user_input is not None:
            return self.async_update_and_abort(entry) if self._is_changed else self.async_abort(reason="shown")
        return self.async_show_form(
            step_id="post_here",
            data_schema=copy_schema(to_copy(self.hass, entry)),
            description_placeholders={"name": entry.title},
        )

    @abstractmethod
    async def _ask(self, type_: str, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show the form until what was given works, then keep it."""

    @abstractmethod
    def _create(self, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        """Create the entry."""

    @abstractmethod
    def _entry(self) -> ConfigEntry:
        """The entry that is to be changed."""

    async def _keep_webhook(
        self, data: dict[str, Any], identity: Identity, secrets: Mapping[str, str]
    ) -> ConfigFlowResult:
        """Keep an address, of which nobody says whose it is; two entries never send to the same one."""
        own = None if self.source == SOURCE_USER else self._entry()
        if any(entry is not own and is_same_address(entry, data) for entry in self._async_current_entries()):
            return self.async_abort(reason="already_configured")
        identity = identity if CONF_URL in data else replace(identity, name=WEBHOOK.model)
        if self.source == SOURCE_USER:
            return self._create(data, identity)
        if not secrets and (not receives(data) or self.source == SOURCE_REAUTH):
            return self.async_update_and_abort(self._entry(), data=data)
        self.hass.config_entries.async_update_entry(self._entry(), data=data)  # whoever closes the page has it changed
        self._is_changed = True
        return await self.async_step_post_here()
