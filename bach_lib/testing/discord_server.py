"""Discord on loopback: its HTTP API (version 10) and its gateway, as the public test double for Discord.

```python
async with DiscordServer() as server:
    bot = server.add_bot("a.bot.token", username="home_bot")
    channel = server.add_channel(server.add_guild("Home"), "alarms")
    server.fail(Fault.too_many_requests(3), calls=["create_message"])
    ...  # a client whose calls go to f"{server.url}/channels/{channel.id}/messages"
    [message] = await server.wait_for(1)
    server.says("Is the door open?", channel=channel, sender=server.add_user("ada"))
```

`CALLS` are the names of all calls. `server.gateway` can ask clients to reconnect, invalidate and forget sessions, cut
connections, stop to listen, and close its doors. `python -m bach_lib.testing.discord_server --help` runs it as a
process of its own.
"""

from bach_lib.testing.discord.faults import Fault
from bach_lib.testing.discord.models import (
    Attachment,
    Bot,
    Channel,
    ChannelType,
    Guild,
    Interaction,
    Message,
    User,
    Webhook,
)
from bach_lib.testing.discord.process import main
from bach_lib.testing.discord.routes import NAMES as CALLS
from bach_lib.testing.discord.server import DiscordServer
from bach_lib.testing.faults import ActiveFault

__all__ = [
    "CALLS",
    "ActiveFault",
    "Attachment",
    "Bot",
    "Channel",
    "ChannelType",
    "DiscordServer",
    "Fault",
    "Guild",
    "Interaction",
    "Message",
    "User",
    "Webhook",
]

if __name__ == "__main__":
    main()
