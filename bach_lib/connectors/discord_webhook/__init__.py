"""Discord webhooks. Importing this package imports discord.py (the extra `bach-lib[discord]`).

Here is what posts to such an address, and what each refusal means. It only sends, and knows nothing of the gateway
or of bots: those are another platform's folder.
"""

from bach_lib.connectors.discord_webhook.connector import DiscordWebhookConnector

__all__ = ["DiscordWebhookConnector"]
