"""The config flow steps of chat platforms: each asks for what its platform needs, and tries it."""

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
    """A step for each type."""

    @abstractmethod
    async def _ask(self, type_: str, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show the form until what was given works, then keep it."""

    async def async_step_telegram(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a Telegram bot's token, and try it."""
        return await self._ask(TYPE_TELEGRAM, "telegram", user_input)

    async def async_step_discord(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a Discord bot's token, and try it."""
        return await self._ask(TYPE_DISCORD, "discord", user_input)

    async def async_step_discord_webhook(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a webhook's address, and try it."""
        return await self._ask(TYPE_DISCORD_WEBHOOK, "discord_webhook", user_input)

    async def async_step_homeassistant(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the address of another Home Assistant and a token of its making, and try them."""
        return await self._ask(TYPE_HOMEASSISTANT, "homeassistant", user_input)

    async def async_step_signal(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a Signal account and the server that holds it, and try them."""
        return await self._ask(TYPE_SIGNAL, "signal", user_input)

    async def async_step_ntfy(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a token of ntfy's and a server, if there are any, and try them."""
        return await self._ask(TYPE_NTFY, "ntfy", user_input)
