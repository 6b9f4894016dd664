"""Telegram bots. Importing this package imports python-telegram-bot (the extra `bach-lib[telegram]`).

Here is what speaks the Bot API: calls, updates, markup, and what each refusal means. Nothing here tries anything again,
keeps anything over a restart, or knows another platform.
"""

from bach_lib.connectors.telegram.connector import Settings, TelegramConnector
from bach_lib.connectors.telegram.http_request import Timeouts

__all__ = ["Settings", "TelegramConnector", "Timeouts"]
