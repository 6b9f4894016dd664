"""Config flow steps of the chat platforms: each shows its platform's form, and tries the input.

Home Assistant finds a step by its method's name, so each platform needs one.
"""

from abc import abstractmethod
from typing import Any

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

from custom_components.bach.const import (
    TYPE_DISCORD,
    TYPE_DISCORD_WEBHOOK,
    TYPE_HOMEASSISTANT,
    TYPE_NTFY,
    TYPE_SIGNAL,
    TYPE_TELEGRAM,
)


class PlatformSteps(ConfigFlow):
    """Mixin with one step per platform."""

    @abstractmethod
    async def _ask(self, type_: str, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show the form until its input works, then save it."""

    async def async_step_telegram(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a Telegram bot token, and try it."""
        return await self._ask(TYPE_TELEGRAM, "telegram", user_input)

    async def async_step_discord(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a Discord bot token, and try it."""
        return await self._ask(TYPE_DISCORD, "discord", user_input)

    async def async_step_discord_webhook(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a Discord webhook's address, and try it."""
        return await self._ask(TYPE_DISCORD_WEBHOOK, "discord_webhook", user_input)

    async def async_step_homeassistant(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address of another Home Assistant and an access token, and try them."""
        return await self._ask(TYPE_HOMEASSISTANT, "homeassistant", user_input)

    async def async_step_signal(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a Signal number and the address of its signal-cli-rest-api, and try them."""
        return await self._ask(TYPE_SIGNAL, "signal", user_input)

    async def async_step_ntfy(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a token of ntfy's and a server, if there are any, and try them."""
        return await self._ask(TYPE_NTFY, "ntfy", user_input)
