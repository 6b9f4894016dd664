"""Discord webhooks. Importing this package imports discord.py (the extra `bach-lib[discord]`)."""

from bach_lib.connectors.discord_webhook.connector import DiscordWebhookConnector

__all__ = ["DiscordWebhookConnector"]
