"""Telegram bots. Importing this package imports python-telegram-bot (the extra `bach-lib[telegram]`)."""

from bach_lib.connectors.telegram.connector import Settings, TelegramConnector
from bach_lib.connectors.telegram.http_request import Timeouts

__all__ = ["Settings", "TelegramConnector", "Timeouts"]
