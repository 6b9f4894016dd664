"""Discord bots. Importing this package imports discord.py (the extra `bach-lib[discord]`)."""

from bach_lib.connectors.discord.connector import DiscordConnector, Settings
from bach_lib.connectors.discord.rest import Timeouts

__all__ = ["DiscordConnector", "Settings", "Timeouts"]
