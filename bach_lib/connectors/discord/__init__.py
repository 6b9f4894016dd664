"""Discord bots. Importing this package imports discord.py (the extra `bach-lib[discord]`).

Here is what speaks to Discord: its gateway, its REST calls, channels, and what each refusal means. Nothing here tries
anything again, keeps anything over a restart, or knows another platform.
"""

from bach_lib.connectors.discord.connector import DiscordConnector, Settings
from bach_lib.connectors.discord.rest import Timeouts

__all__ = ["DiscordConnector", "Settings", "Timeouts"]
