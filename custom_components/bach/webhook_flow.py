"""The steps of the dialog that only webhooks have: nothing must be given, and secrets are made for people."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER, ConfigEntry, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_ADDRESS
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig

from bach_lib import Identity

from .const import CONF_INCOMING_ADDRESSES, CONF_URL, CONF_WEBHOOK_ID, TYPE_WEBHOOK
from .hooks import post_address
from .webhook_forms import whole
from .webhook_kind import WEBHOOK, is_same_address, receives

_SHOWN: Final = TextSelector(TextSelectorConfig(multiline=True))
"""To copy from. Not `read_only`: in some browsers nothing can be selected in such a box."""


class WebhookSteps(ConfigFlow, ABC):
    """Asks, and shows what a person has to copy before anything is kept."""

    def __init__(self) -> None:
        self._to_keep: tuple[dict[str, Any], Identity] | None = None
        self._made: Mapping[str, str] = {}

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

    async def async_step_post_here(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show where others post, and the secrets that were made, which are never shown again."""
        if self._to_keep is None:  # the dialog was reloaded after Home Assistant had forgotten it
            return await self.async_step_user()
        data, identity = self._to_keep
        if user_input is not None:
            return self._put_down(data, identity)
        shown = dict(self._made)
        if receives(data):
            address = post_address(self.hass, data[CONF_WEBHOOK_ID], data.get(CONF_INCOMING_ADDRESSES, []))
            shown = {CONF_ADDRESS: address, **shown}
        schema = vol.Schema({vol.Optional(field, default=value): _SHOWN for field, value in shown.items()})
        return self.async_show_form(step_id="post_here", data_schema=schema)

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
        if secrets or (receives(data) and self.source != SOURCE_REAUTH):
            self._to_keep, self._made = (data, identity), secrets
            return await self.async_step_post_here()
        return self._put_down(data, identity)

    def _put_down(self, data: dict[str, Any], identity: Identity) -> ConfigFlowResult:
        if self.source == SOURCE_USER:
            return self._create(data, identity)
        return self.async_update_and_abort(self._entry(), data=data)
